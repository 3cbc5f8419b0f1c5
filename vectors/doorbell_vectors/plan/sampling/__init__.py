"""Functional coverage: what a run leaves, taken apart in bulk and counted into the bins of the plan."""
