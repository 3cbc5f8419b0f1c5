"""The vectors' machine form (vectors/FORMAT.md): reading, checking and writing suites; bytes and values."""
