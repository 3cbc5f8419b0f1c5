"""The test plan: testpoints, what traces to what, functional coverage, and the sign-off that follows from evidence."""
