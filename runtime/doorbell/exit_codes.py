"""How a `doorbell` command ends: one small number that scripts and CI can act on."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """The exit status of every `doorbell` command.

    `make` replaces a recipe's own status by 2, so each recipe also prints it.
    """

    RIGHT = 0
    """Everything asked for was done, and every check held."""
    WRONG = 1
    """A result differs from what the contract, the model or numpy says."""
    USAGE = 2
    """The command line or the configuration is wrong; nothing was run."""
    HANG = 3
    """A deadline in device cycles passed without the awaited event."""
    PROTOCOL = 4
    """An illegal TLP, or something left behind at the end: tag, credit, buffer, interrupt."""
    SETUP = 5
    """This machine or installation lacks something (`doorbell doctor` says what), or no fitting device is there."""
