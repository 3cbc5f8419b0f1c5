"""The `doorbell` subcommands of the vectors."""
