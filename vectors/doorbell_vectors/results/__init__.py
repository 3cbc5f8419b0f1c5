"""What comes back from devices: reading reports, merging them by id, and what a new contract makes stale."""
