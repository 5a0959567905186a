"""The desk: what the provider's people have open all day."""
