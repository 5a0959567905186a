"""Tags for templates of the second floor."""
