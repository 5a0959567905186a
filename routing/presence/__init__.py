"""Where a Service Delivery Manager stands: presence, own projects, the night in one digest."""
