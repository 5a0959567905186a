"""The way to everything an administrator changes."""
