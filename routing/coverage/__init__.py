"""Coverage: every gap of the coming weeks, for every project."""
