"""A pytest plugin that runs cocotb tests: one item and one simulator process per `@cocotb.test()`.

Works with plain `pytest FILE` and with pytest-xdist. The seed comes from the environment variable
DOORBELL_SEED (a number, 1 by default), so that workers, simulators and a person say it the same way.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cocotb.regression import Test

    from doorbell_tb.build import Build
    from doorbell_tb.sim.run import TestSettings

__all__ = ["CocotbFile", "CocotbItem", "SimulationFailed"]

_SEED_VARIABLE = "DOORBELL_SEED"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("doorbell", "cocotb tests on the RTL")
    group.addoption("--sim-profile", default="harsh", help="host behaviour (default: harsh)")
    group.addoption("--sim-waves", action="store_true", help="leave waves in each test's folder")
    group.addoption(
        "--sim-public",
        action="append",
        default=[],
        metavar="FILE.vlt",
        help="show more signals to Python (a build of its own)",
    )
    group.addoption("--sim-out", default="out/sim", help="where tests leave files, below rootdir")


def pytest_configure() -> None:
    """Let the simulations of this session start from simulators that wait."""
    from doorbell_tb.forks import keep

    keep()


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Take over the files that have cocotb tests; their ordinary tests still run as usual."""
    from doorbell_tb.sim.tests import looks_like_cocotb

    if not looks_like_cocotb(module_path):
        return None
    found: CocotbFile = CocotbFile.from_parent(parent, path=module_path)
    return found


@cache
def _program(waves: bool, public: tuple[Path, ...]) -> Build | str:
    """Return the simulator for these options, or why there is none.

    Once per process, whoever edits sources meanwhile.
    """
    from doorbell_tb.build import build
    from doorbell_tb.errors import BuildError

    name = "waves" if waves else "public" if public else "default"
    try:
        return build(name, waves=waves, public=public)
    except BuildError as error:
        return str(error)


def _settings(config: pytest.Config) -> TestSettings:
    """Return what the options and the environment ask for.

    Raises `CollectError`, which pytest shows without a traceback, when that does not exist.
    """
    from doorbell_tb.errors import ProfileError
    from doorbell_tb.profiles import profile
    from doorbell_tb.sim.run import TestSettings

    options = config.option
    seed = os.environ.get(_SEED_VARIABLE) or "1"
    if not (seed.isdecimal() and int(seed) < 1 << 64):
        raise pytest.Collector.CollectError(f"{_SEED_VARIABLE}={seed!r}: give 0 to 2**64 - 1")
    try:
        profile(options.sim_profile)
    except ProfileError as error:
        raise pytest.Collector.CollectError(f"--sim-profile: {error}") from None
    return TestSettings(
        out=config.rootpath / options.sim_out,
        seed=int(seed),
        profile=options.sim_profile,
        waves=options.sim_waves,
        public=tuple(Path(path) for path in options.sim_public),
    )


class SimulationFailed(Exception):
    """A cocotb test failed; the message says it all, so no traceback of pytest is shown."""


class CocotbFile(pytest.Module):
    """A Python file with cocotb tests."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Yield ordinary tests, then one item per cocotb test.

        Raises `CollectError` for a seed or a profile that does not exist.
        """
        from doorbell_tb.sim.tests import tests_of

        yield from super().collect()
        _settings(self.config)
        for test in tests_of(self.obj):
            yield CocotbItem.from_parent(self, name=test.name, test=test)


class CocotbItem(pytest.Item):
    """One cocotb test."""

    def __init__(self, *, test: Test, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._test = test

    def runtest(self) -> None:
        """Run the test in a simulator of its own; build that first if it is not there."""
        from doorbell.exit_codes import ExitCode
        from doorbell_tb.sim.run import describe, replay, run_test

        if self._test.skip:
            pytest.skip("skip=True in the file")
        settings = _settings(self.config)
        program = _program(settings.waves, settings.public)
        if isinstance(program, str):
            raise SimulationFailed(program)
        ending, folder = run_test(program, self.path, self._test.name, settings)
        self.add_report_section("call", "cycles", str(ending.cycles))
        if ending.code is not ExitCode.RIGHT:
            again = replay(self.path, self._test.name, settings)
            raise SimulationFailed(describe(ending, folder, again))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what the simulation said, without pytest's own frames."""
        if isinstance(excinfo.value, SimulationFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line and name for reports."""
        return self.path, self._test.func.__code__.co_firstlineno - 1, self.name
