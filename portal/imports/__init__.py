"""Master data from CSV, tried dry before it counts."""
