"""What every test run shares: one seed, shown wherever it matters, and one plain closing line.

The seed comes from the environment variable DOORBELL_SEED (a number, or `random`), so that pytest's
workers, the simulators and a person who replays a failure all say it the same way.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Generator, Iterable

import pytest

SEED_VARIABLE = "DOORBELL_SEED"
DEFAULT_SEED = "1"


def pytest_configure(config: pytest.Config) -> None:
    """Settle the seed before xdist starts its workers, which inherit the environment."""
    text = os.environ.get(SEED_VARIABLE) or DEFAULT_SEED
    if text == "random":
        text = str(random.SystemRandom().randrange(1 << 32))
    if not (text.isdecimal() and int(text) < 1 << 64):
        raise pytest.UsageError(
            f"{SEED_VARIABLE}={text!r}: must be `random` or a number from 0 to 2**64 - 1"
        )
    os.environ[SEED_VARIABLE] = text
    # Fixtures end their simulators when the run is terminated, not only on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(ClosingLine(config), "doorbell-closing-line")


def pytest_report_header() -> str:
    return f"seed: {os.environ[SEED_VARIABLE]} (set {SEED_VARIABLE}, a number or `random`)"


@pytest.fixture(scope="session")
def seed() -> int:
    """The run's seed, 0 to 2**64 - 1; whatever a test draws at random starts from it."""
    return int(os.environ[SEED_VARIABLE])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the command that replays a failure beside the failure."""
    report = yield
    if report.failed:
        command = f"{SEED_VARIABLE}={os.environ[SEED_VARIABLE]} .venv/bin/pytest '{item.nodeid}'"
        report.sections.append(("replay", command))
    return report


def closing_line(stats: dict[str, list[pytest.TestReport]], status: int) -> str:
    """Count each test once and return `N passed, N failed, N skipped`.

    A test whose set-up or tear-down failed has failed; a known failure (xfail) counts as skipped. A
    run that ended badly by something other than a test counts as one failure.
    """

    def names(*outcomes: str) -> set[str]:
        reports: Iterable[pytest.TestReport] = (r for o in outcomes for r in stats.get(o, []))
        return {report.nodeid for report in reports}

    failed = names("failed", "error")
    skipped = names("skipped", "xfailed") - failed
    passed = names("passed", "xpassed") - failed - skipped
    bad_end = status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    failures = len(failed) or int(bad_end)
    return f"{len(passed)} passed, {failures} failed, {len(skipped)} skipped"


class ClosingLine:
    """Print the counts after everything else that pytest prints, once for the whole run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.status: int = pytest.ExitCode.INTERNAL_ERROR

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.status = exitstatus

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and not self.config.option.collectonly:
            terminal.write_line(closing_line(terminal.stats, self.status))
