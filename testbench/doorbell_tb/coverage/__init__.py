"""What of the RTL a suite exercises: data files of simulators, merged, per module and as LCOV."""
