"""The Python player: replays vectors (vectors/FORMAT.md) over any `doorbell.transport.Transport`."""
