"""Figures per customer and month."""
