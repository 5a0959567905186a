"""Intake keys and duty numbers."""
