"""How a program gets to where its device lives: launchers, found through the entry-point group ``doorbell.devices``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from doorbell.errors import (
    ArgumentError,
    DeadlineExceeded,
    DeviceLost,
    FaultError,
    IncompatibleDevice,
    LeakError,
    OutOfMemory,
    UseAfterFree,
)
from doorbell.exit_codes import ExitCode
from doorbell.transport import Transport

GROUP = "doorbell.devices"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Settings of one run.

    ``profile`` names a host profile ("harsh", "ideal", ...); ``deadline`` is the hang limit in
    device cycles; ``strict`` hides unpublished host writes from the device; ``out`` is the run's
    folder.
    """

    out: Path
    seed: int = 1
    profile: str = "harsh"
    waves: bool = False
    strict: bool = True
    deadline: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a launched program ended: exit code, its JSON-able result, and one line for people when it failed."""

    code: ExitCode
    result: Mapping[str, Any]
    message: str = ""


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit code that stands for a program's exception."""
    for kinds, code in (
        ((DeadlineExceeded,), ExitCode.HANG),
        ((FaultError, LeakError, DeviceLost), ExitCode.PROTOCOL),
        ((ArgumentError, UseAfterFree, OutOfMemory), ExitCode.USAGE),
        ((IncompatibleDevice,), ExitCode.SETUP),
    ):
        if isinstance(error, kinds):
            return code
    return ExitCode.WRONG


class Launcher(Protocol):
    """Runs programs on one kind of device."""

    def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
        """Run ``module:function`` (a coroutine function taking `Device` and ``**arguments``).

        Returns its outcome; never raises for what the program did.
        """
        ...

    def attach(self) -> Transport:
        """Return a transport to the device of the current process (the model, or the simulator we run in)."""
        ...


@runtime_checkable
class Local(Protocol):
    """A launcher whose device lives in this process, so that programs and results are plain objects."""

    def run(
        self,
        program: Callable[..., Coroutine[Any, Any, Any]],
        arguments: Mapping[str, Any],
        options: RunOptions,
    ) -> Any:
        """Run ``program(device, **arguments)`` on a new device and return its result, or raise what it raises."""
        ...


@runtime_checkable
class Placed(Protocol):
    """What an entry point names whose devices are somewhere: "vfio-user:PATH" is ``at("PATH")`` of "vfio-user"."""

    def at(self, place: str) -> Launcher:
        """Return the launcher of the device at ``place``."""
        ...


def launcher(device: str) -> Launcher:
    """Return the launcher registered for ``device``: "NAME", or "NAME:PLACE".

    Raises:
        LookupError: no installed distribution offers that device, the message lists those that are;
            or a place is missing, or there is one too many.
    """
    name, colon, place = device.partition(":")
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise LookupError(f"no device {name!r}; installed: {', '.join(sorted(found)) or 'none'}")
    loaded: Launcher | Placed = found[name].load()
    if isinstance(loaded, Placed):
        if not place:
            raise LookupError(f"device {device!r} needs a place: give {name}:PLACE")
        return loaded.at(place)
    if colon:
        raise LookupError(f"device {name!r} has no places: give it without {colon + place!r}")
    return loaded
