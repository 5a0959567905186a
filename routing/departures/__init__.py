"""A person who leaves: where they stand, and who takes over."""
