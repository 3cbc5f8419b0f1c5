"""How a program gets to where its device lives: launchers, found through the entry-point group ``doorbell.devices``."""

from __future__ import annotations

import importlib.util
import json
import shlex
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from doorbell.errors import (
    ArgumentError,
    DeadlineExceeded,
    DeviceLost,
    DeviceNotFound,
    FaultError,
    IncompatibleDevice,
    LeakError,
    OutOfMemory,
    UseAfterFree,
)
from doorbell.exit_codes import ExitCode
from doorbell.invocation import doorbell_command
from doorbell.transport import Transport

GROUP = "doorbell.devices"
_REPLAY = "\nto replay: "
_INSTALLED = frozenset({"doorbell", "doorbell_tb", "doorbell_vectors"})


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Settings of one run.

    ``profile`` names a host profile ("harsh", "ideal", ...); ``deadline`` is the hang limit in
    device cycles; ``strict`` hides unpublished host writes from the device; ``out`` is the run's
    folder; ``replay`` is the command that runs it again, made by `replay_command` when empty.
    """

    out: Path
    seed: int = 1
    profile: str = "harsh"
    waves: bool = False
    strict: bool = True
    deadline: int = 20_000_000
    replay: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a launched program ended: exit code, what it returned, and what went wrong where, for people.

    ``result`` is JSON-able, as the program returned it, ``{}`` when it failed. The last line of ``message`` is then the
    command that replays it.
    """

    code: ExitCode
    result: Any
    message: str = ""


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit code that stands for a program's exception."""
    for kinds, code in (
        ((DeadlineExceeded,), ExitCode.HANG),
        ((FaultError, LeakError, DeviceLost), ExitCode.PROTOCOL),
        ((ArgumentError, UseAfterFree, OutOfMemory), ExitCode.USAGE),
        ((IncompatibleDevice, DeviceNotFound), ExitCode.SETUP),
    ):
        if isinstance(error, kinds):
            return code
    return ExitCode.WRONG


def replay_command(
    device: str, target: str, arguments: Mapping[str, Any], options: RunOptions
) -> str:
    """Return the shell command that launches ``target`` again in the same way."""
    if options.replay:
        return options.replay
    words = [doorbell_command(), "run", "--device", device, "--seed", str(options.seed)]
    words += ["--profile", options.profile, "--deadline", str(options.deadline)]
    words += ["--waves"] * options.waves + ["--lenient"] * (not options.strict)
    words += ["--program", target]
    if arguments:
        words += ["--arguments", json.dumps(dict(arguments), default=str)]
    folder = _folder(target.partition(":")[0])
    return f"{f'PYTHONPATH={shlex.quote(folder)} ' if folder else ''}{shlex.join(words)}"


def _folder(module: str) -> str:
    """Return the folder that Python must look in for ``module``; empty for a part of this distribution, or none."""
    top = module.partition(".")[0]
    try:
        found = importlib.util.find_spec(top) if top else None
    except (ImportError, ValueError):
        return ""
    if found is None or not found.origin or top in _INSTALLED:
        return ""
    place = Path(found.origin).resolve().parent
    return str(place.parent if found.submodule_search_locations else place)


def with_replay(
    outcome: Outcome, device: str, target: str, arguments: Mapping[str, Any], options: RunOptions
) -> Outcome:
    """Return a failed outcome with the command that replays it; one that has it, or a good one, as it is."""
    if outcome.code is ExitCode.RIGHT or _REPLAY in outcome.message:
        return outcome
    command = replay_command(device, target, arguments, options)
    return replace(outcome, message=f"{outcome.message}{_REPLAY}{command}")


@runtime_checkable
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
    """What an entry point names whose devices are somewhere: "vfio-user:PATH" is ``at("PATH")`` of "vfio-user".

    One that is a `Launcher` too, such as "model", is also a device without a place.
    """

    def at(self, place: str) -> Launcher:
        """Return the launcher of the device at ``place``."""
        ...


@runtime_checkable
class Profiled(Protocol):
    """A launcher that knows its host profiles, so that a wrong name is refused before anything is touched."""

    @property
    def profiles(self) -> Sequence[str]:
        """The names that ``RunOptions.profile`` may have."""
        ...


def check_profile(device: Launcher, profile: str) -> None:
    """Let any profile pass whose device does not say which ones it has.

    Raises:
        ArgumentError: the device has no profile of that name.
    """
    if isinstance(device, Profiled) and profile not in device.profiles:
        raise ArgumentError(f"profile {profile!r}: must be one of {', '.join(device.profiles)}")


def launcher(device: str) -> Launcher:
    """Return the launcher registered for ``device``: "NAME", or "NAME:PLACE".

    Raises:
        LookupError: no installed distribution offers that device, the message lists those that are;
            or a place is missing, or there is one too many.
    """
    name, colon, place = str(device).partition(":")
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise LookupError(f"no device {name!r}; installed: {', '.join(sorted(found)) or 'none'}")
    loaded: Launcher | Placed = found[name].load()
    if isinstance(loaded, Placed):
        if place:
            return loaded.at(place)
        if colon or not isinstance(loaded, Launcher):
            raise LookupError(f"device {device!r} needs a place: give {name}:PLACE")
    elif colon:
        raise LookupError(f"device {name!r} has no places: give it without {colon + place!r}")
    return loaded
