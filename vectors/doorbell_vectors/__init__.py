"""Conformance vectors for the boundary between the device and its host software."""
