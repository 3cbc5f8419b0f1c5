"""`doorbell run`: the main job, from the command line to the table."""
