"""Mutation score of a suite: small wrong edits of the RTL, all in one simulator, each run against the vectors."""
