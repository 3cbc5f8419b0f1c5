"""Launchers whose programs run in this process, driven without an event loop."""

from __future__ import annotations

import importlib
import inspect
import json
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from doorbell.blame import describe
from doorbell.driver import run
from doorbell.errors import ArgumentError
from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, RunOptions, exit_code, with_replay
from doorbell.session import open as open_device
from doorbell.transport import Transport

__all__ = ["LocalLauncher", "Program"]

Program = Callable[..., Coroutine[Any, Any, Any]]


class LocalLauncher:
    """Runs programs here, each on a transport of its own; see `doorbell.launch.Launcher` and `Local`."""

    def __init__(self, name: str, connect: Callable[[RunOptions], Transport]) -> None:
        """``name`` stands in reports; ``connect`` gives a transport to a device in its first state."""
        self._name = name
        self._connect = connect

    def attach(self) -> Transport:
        """Return a new transport, with the default options."""
        return self._connect(RunOptions(out=Path("out")))

    def run(self, program: Program, arguments: Mapping[str, Any], options: RunOptions) -> Any:
        """Run ``program(device, **arguments)`` on a new transport and return its result.

        Raises whatever connecting, the program or the closing of the device raises.
        """
        return run(_session(self._connect(options), program, arguments, options))

    def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
        """Run ``module:function`` on a new transport and return its outcome.

        Leaves ``results.json`` in ``options.out``, and ``log.txt`` with the traceback of a failure.
        """
        options.out.mkdir(parents=True, exist_ok=True)
        outcome, cycles = self._outcome(target, arguments, options)
        outcome = with_replay(outcome, self._name, target, arguments, options)
        report = {
            "device": self._name,
            "target": target,
            "arguments": dict(arguments),
            "seed": options.seed,
            "profile": options.profile,
            "code": int(outcome.code),
            "message": outcome.message,
            "result": outcome.result,
            "cycles": cycles,
        }
        _write(options.out / "results.json", json.dumps(report, indent=2, default=str) + "\n")
        return outcome

    def _outcome(
        self, target: str, arguments: Mapping[str, Any], options: RunOptions
    ) -> tuple[Outcome, int]:
        """Return the outcome and the device time at its end."""
        try:
            program = _load(target, arguments)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            return Outcome(ExitCode.USAGE, {}, f"{target}: {error}"), 0
        transport: Transport | None = None
        try:
            transport = self._connect(options)
            result = run(_session(transport, program, arguments, options))
        except Exception as error:  # noqa: BLE001 - a program may raise anything; it becomes an exit code
            _write(options.out / "log.txt", traceback.format_exc())
            cycle = 0 if transport is None else transport.now()
            message = f"{target}, seed {options.seed}: {describe(error, cycle)}"
            return Outcome(exit_code(error), {}, message), cycle
        try:
            json.dumps(result)
        except (TypeError, ValueError) as error:
            text = f"result of {target}: {error}; return plain data"
            return Outcome(ExitCode.USAGE, {}, text), transport.now()
        return Outcome(ExitCode.RIGHT, result), transport.now()


async def _session(
    transport: Transport, program: Program, arguments: Mapping[str, Any], options: RunOptions
) -> Any:
    async with open_device(transport, deadline=options.deadline) as device:
        started = program(device, **arguments)
        if not inspect.isawaitable(started):
            raise ArgumentError(f"{program.__name__} is not a coroutine function (`async def`)")
        return await started


def _write(path: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _load(target: str, arguments: Mapping[str, Any]) -> Program:
    """Return the coroutine function that ``module:function`` names, which must take these arguments."""
    module, separator, name = target.partition(":")
    if not separator:
        raise ValueError("give module:function")
    program = getattr(importlib.import_module(module), name)
    if not inspect.iscoroutinefunction(program):
        raise TypeError(f"{name} is not a coroutine function (`async def`)")
    inspect.signature(program).bind(None, **arguments)
    found: Program = program
    return found
