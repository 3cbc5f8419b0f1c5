"""The cocotb module that runs one test of a user's file: set-up before it, checks after it.

`TEST` is what cocotb finds here: the test itself, with its function under supervision.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

from cocotb.regression import Test

from doorbell_tb.errors import SimulationError
from doorbell_tb.inside import bench
from doorbell_tb.job import Job
from doorbell_tb.sim.tests import load, tests_of

__all__ = ["TEST"]


def _select(job: Job) -> Test:
    sys.path[:0] = job.path
    found = {test.name: test for test in tests_of(load(Path(job.file)))}
    if job.test not in found:
        names = ", ".join(found) or "no test at all"
        raise SimulationError(f"{job.file}: no test {job.test!r}; it has {names}")
    test = found[job.test]
    test.func = _supervised(test.func)
    return test


def _supervised(function: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Any]:
    @wraps(function)
    async def run(*args: Any, **kwargs: Any) -> None:
        await bench().supervise(function(*args, **kwargs))

    return run


TEST = _select(Job.current())
