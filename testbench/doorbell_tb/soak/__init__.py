"""`doorbell soak`: a device kept busy for very many commands, checked all along (pitfall 36)."""
