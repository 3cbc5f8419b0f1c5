"""Opening a device from the program's side."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from doorbell.checks import U64_MAX, integer
from doorbell.device import DEADLINE_CYCLES, Device
from doorbell.errors import ArgumentError, ProgramFailed
from doorbell.exit_codes import ExitCode
from doorbell.launch import Local, RunOptions, check_profile, launcher, with_replay
from doorbell.transport import Transport

__all__ = ["open", "run"]


@asynccontextmanager
async def open(  # noqa: A001 - reads as doorbell.open
    device: str | Transport, *, deadline: int = DEADLINE_CYCLES
) -> AsyncIterator[Device]:
    """Open ``device`` ("model", "rtl", ..., or a transport) and close it at the end.

    Leaving normally waits for all streams and checks for leaks, unless the block closed the device
    itself; leaving by an exception awaits nothing.

    Raises:
        LookupError: no such device is installed.
        DeviceLost, IncompatibleDevice: see `Device.open`.
        DeviceNotFound: nobody offers a device at the place that ``device`` names.
        LeakError: something was left behind.
    """
    transport = launcher(device).attach() if isinstance(device, str) else device
    opened = await Device.open(transport, deadline=deadline)
    try:
        yield opened
    except BaseException:
        opened.abandon()
        raise
    if not opened.closed:
        await opened.close()


def run(
    program: Callable[..., Coroutine[Any, Any, Any]],
    device: str = "model",
    *,
    seed: int = 1,
    profile: str = "harsh",
    strict: bool = True,
    waves: bool = False,
    deadline: int = DEADLINE_CYCLES,
    out: Path | str | None = None,
    **arguments: Any,
) -> Any:
    """Run ``program(device, **arguments)`` on a new device, close that, and return the result.

    ``device`` is a name such as "model" or "rtl". On the model the program runs here, without an
    event loop, and may return anything; elsewhere it must be a function of an importable module,
    and its arguments and result JSON-able. What it returns comes back as it is, not wrapped, on
    every device (elsewhere as JSON has it: a tuple comes back as a list). The other options are
    those of `RunOptions`; ``out`` is by default ``out/runs/NAME-SEED``.

    Raises:
        LookupError: no such device is installed.
        ArgumentError: ``program`` is no coroutine function; ``seed`` is outside 0 to 2^64 - 1,
            ``deadline`` below 1; or the device has no such ``profile``.
        ProgramFailed: the program failed where its device lives; the message says how, and the
        command that replays it.
        Exception: on the model, whatever the program raised.
    """
    name = getattr(program, "__name__", None)
    if name is None or not callable(program):
        raise ArgumentError(f"{program!r} is not a coroutine function (`async def`)")
    seed = integer("seed", seed, 0, U64_MAX)
    options = RunOptions(
        out=Path(out or f"out/runs/{name}-{seed}"),
        seed=seed,
        profile=profile,
        waves=waves,
        strict=strict,
        deadline=integer("deadline (cycles)", deadline, 1, U64_MAX),
    )
    found = launcher(device)
    check_profile(found, profile)
    if isinstance(found, Local):
        return found.run(program, arguments, options)
    target = f"{_module(program, device)}:{name}"
    outcome = found.launch(target, arguments, options)
    outcome = with_replay(outcome, device, target, arguments, options)
    if outcome.code is not ExitCode.RIGHT:
        raise ProgramFailed(f"{name} on {device}: exit code {outcome.code:d}: {outcome.message}")
    return outcome.result


def _module(program: Callable[..., Any], device: str) -> str:
    """Return the name under which ``program`` can be imported in another process; a script's own is its file's."""
    module = program.__module__
    if module == "__main__":
        module = Path(getattr(sys.modules["__main__"], "__file__", None) or "").stem
    name = program.__name__
    if (
        program.__qualname__ != name
        or not name.isidentifier()
        or not module.replace(".", "_").isidentifier()
    ):
        raise ArgumentError(
            f"{program.__module__}:{program.__qualname__} cannot be imported where {device!r} lives; "
            f"put the program at the top level of a module"
        )
    return module
