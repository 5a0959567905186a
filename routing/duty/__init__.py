"""A person's own duty: shifts, swaps, calls received."""
