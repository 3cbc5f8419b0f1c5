"""The one error of the emitter."""


class ContractError(Exception):
    """Contract sources that contradict themselves; the message names file, line and key."""
