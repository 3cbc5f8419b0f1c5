"""`doorbell bench`: speed of the simulator and of the device, as figures with their spread."""
