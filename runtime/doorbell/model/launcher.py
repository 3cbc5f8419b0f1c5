"""The launcher of the device "model": programs run in this process, in virtual time."""

from __future__ import annotations

import importlib
import inspect
import json
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, RunOptions, exit_code
from doorbell.model.driver import run
from doorbell.model.transport import ModelTransport
from doorbell.session import open as open_device

__all__ = ["ModelLauncher", "launcher"]

Program = Callable[..., Coroutine[Any, Any, Any]]


class ModelLauncher:
    """Runs programs on a reference model of their own; see `doorbell.launch.Launcher`."""

    def attach(self) -> ModelTransport:
        """Return a transport to a new model, seed 1."""
        return ModelTransport()

    def run(self, program: Program, arguments: Mapping[str, Any], options: RunOptions) -> Any:
        """Run ``program(device, **arguments)`` on a new model and return its result.

        Raises whatever the program or the closing of the device raises.
        """
        return run(self._session(self._transport(options), program, arguments, options))

    def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
        """Run ``module:function`` on a new model and return its outcome.

        Leaves ``results.json`` in ``options.out``, and ``log.txt`` with the traceback of a failure.
        """
        transport = self._transport(options)
        options.out.mkdir(parents=True, exist_ok=True)
        outcome = self._outcome(target, arguments, options, transport)
        report = {
            "device": "model",
            "target": target,
            "arguments": dict(arguments),
            "seed": options.seed,
            "profile": options.profile,
            "code": int(outcome.code),
            "message": outcome.message,
            "result": outcome.result,
            "cycles": transport.now(),
        }
        _write(options.out / "results.json", json.dumps(report, indent=2, default=str) + "\n")
        return outcome

    @staticmethod
    def _transport(options: RunOptions) -> ModelTransport:
        return ModelTransport(seed=options.seed, profile=options.profile, strict=options.strict)

    @staticmethod
    async def _session(
        transport: ModelTransport,
        program: Program,
        arguments: Mapping[str, Any],
        options: RunOptions,
    ) -> Any:
        async with open_device(transport, deadline=options.deadline) as device:
            return await program(device, **arguments)

    def _outcome(
        self,
        target: str,
        arguments: Mapping[str, Any],
        options: RunOptions,
        transport: ModelTransport,
    ) -> Outcome:
        try:
            program = _load(target, arguments)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            return Outcome(ExitCode.USAGE, {}, f"{target}: {error}")
        try:
            result = run(self._session(transport, program, arguments, options))
            json.dumps(result)
        except Exception as error:  # noqa: BLE001 - a program may raise anything; it becomes an exit code
            _write(options.out / "log.txt", traceback.format_exc())
            message = f"{target}, seed {options.seed}, cycle {transport.now()}: {type(error).__name__}: {error}"
            return Outcome(exit_code(error), {}, message)
        return Outcome(ExitCode.RIGHT, result if isinstance(result, dict) else {"result": result})


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


launcher = ModelLauncher()
