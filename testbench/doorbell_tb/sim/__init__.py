"""Running a user's own cocotb tests: one simulator process per test."""
