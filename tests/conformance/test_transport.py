"""Every transport passes the same programs: the model in this process, the RTL in its simulator."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from types import ModuleType

import corner_programs
import discovery_programs
import error_bit_programs
import failure_programs
import interrupt_programs
import order_programs
import packet_programs
import programs
import pytest
import queue_programs
import ring_programs
import settled_programs
import soak_programs

import doorbell
from doorbell.exit_codes import ExitCode
from doorbell.launch import RunOptions, launcher

HERE = Path(__file__).resolve().parent
DEADLINE = 3_000_000
"""Device cycles after which a program hangs; the longest takes less than a tenth on the model."""


def names(module: ModuleType) -> list[tuple[str, str]]:
    """Programs of a module: coroutine functions of its own that take only the device."""
    return [
        (module.__name__, name)
        for name, item in vars(module).items()
        if inspect.iscoroutinefunction(item)
        and item.__module__ == module.__name__
        and list(inspect.signature(item).parameters) == ["device"]
    ]


MODULES = {
    module.__name__: module
    for module in (
        programs,
        ring_programs,
        corner_programs,
        packet_programs,
        queue_programs,
        failure_programs,
        discovery_programs,
        error_bit_programs,
        order_programs,
        interrupt_programs,
        settled_programs,
        soak_programs,
    )
}
PROGRAMS = [program for module in MODULES.values() for program in names(module)]


@pytest.mark.parametrize(("module", "name"), PROGRAMS, ids=[name for _, name in PROGRAMS])
@pytest.mark.parametrize("device", ["model", "rtl"])
def test_program(
    device: str,
    module: str,
    name: str,
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if device == "model":
        program = getattr(MODULES[module], name)
        doorbell.run(program, device, seed=seed, deadline=DEADLINE, out=tmp_path)
        return
    # The simulator is another process, which must find the programs too.
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    options = RunOptions(out=tmp_path, seed=seed, deadline=DEADLINE)
    outcome = launcher(device).launch(f"{module}:{name}", {}, options)
    assert outcome.code is ExitCode.RIGHT, outcome.message


@pytest.mark.parametrize("device", ["model", "rtl"])
def test_there_are_programs(device: str) -> None:
    assert len(PROGRAMS) > 40, device
