"""What is left of a replay for people and machines."""
