"""The cocotb test in which a launched program runs: opens the device, runs `module:function`, reports."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TextIO

import cocotb

import doorbell
from doorbell.errors import ProgramFailed
from doorbell_tb.errors import SimulationError
from doorbell_tb.inside import bench
from doorbell_tb.job import STDOUT_VARIABLE, Job

__all__ = ["program"]


@cocotb.test()
async def program(_dut: Any) -> None:
    """Run the program that the job names."""
    here = bench()
    with _standard_output() as output, contextlib.redirect_stdout(output):
        await here.supervise(_run(here.job))


async def _run(job: Job) -> Any:
    function = _load(job)
    async with doorbell.open("rtl", deadline=job.deadline) as device:
        result = await function(device, **job.arguments)
    try:
        json.dumps(result)
    except (TypeError, ValueError) as error:
        raise SimulationError(f"result of {job.target}: {error}; return plain data") from None
    return result


def _load(job: Job) -> Callable[..., Coroutine[Any, Any, Any]]:
    sys.path[:0] = job.path
    module, separator, name = job.target.partition(":")
    try:
        if not separator:
            raise ValueError("give module:function")
        function = getattr(importlib.import_module(module), name)
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"{name} is not a coroutine function (`async def`)")
        inspect.signature(function).bind(None, **job.arguments)
    except (ImportError, AttributeError, TypeError, ValueError, ProgramFailed) as error:
        raise SimulationError(f"{job.target}: {error}") from error
    found: Callable[..., Coroutine[Any, Any, Any]] = function
    return found


class _Both:
    """Text output that goes to the log and to the person who waits."""

    def __init__(self, *outputs: TextIO) -> None:
        self._outputs = outputs

    def write(self, text: str) -> int:
        for output in self._outputs:
            output.write(text)
            output.flush()  # who starts us takes a line in the log for a sign of life
        return len(text)

    def flush(self) -> None:
        for output in self._outputs:
            output.flush()


@contextlib.contextmanager
def _standard_output() -> Any:
    number = os.environ.get(STDOUT_VARIABLE)
    if number is None:
        yield sys.stdout
        return
    with os.fdopen(int(number), "w", buffering=1, closefd=False) as outer:
        yield _Both(sys.stdout, outer)
