"""What can go wrong in the testbench, as types.

Every message names the value, the limit and what to do.
"""

from __future__ import annotations

__all__ = [
    "BuildError",
    "CoverageError",
    "HostError",
    "MutationError",
    "PlantedError",
    "ProfileError",
    "ProtocolError",
    "SimulationError",
    "TestbenchError",
]


class TestbenchError(Exception):
    """Base of everything that `doorbell_tb` raises by itself."""


class BuildError(TestbenchError):
    """A simulator could not be built; the message ends with the first error of the tool."""


class ProfileError(TestbenchError):
    """A host profile is unknown, or one of its values is out of range."""


class PlantedError(TestbenchError):
    """The catalogue of planted bugs is wrong, or an edit does not fit the sources any more."""


class MutationError(TestbenchError):
    """A mutation campaign cannot run: the suite fails without a mutant, or a review does not fit."""


class CoverageError(TestbenchError):
    """What a simulator counted cannot be read, or there is nothing."""


class HostError(TestbenchError):
    """The host side of the link refused a call: bad address, size, mapping or identifier."""


class ProtocolError(TestbenchError):
    """The checkers found something in the run; the message lists their findings."""


class SimulationError(TestbenchError):
    """A simulation could not be started as asked: no such file, test or job."""
