"""Logging a caller: who calls, about what, and who takes it."""
