"""What if: the course of a chain under assumptions, minute by minute. It pages nobody."""
