"""The RTL under Verilator: host side of the link, simulator launcher, checkers, benchmarks."""
