"""A new project: from nothing to full coverage, and what is still missing."""
