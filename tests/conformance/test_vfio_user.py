"""The same programs in an ordinary process, on a device that another process serves over vfio-user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import served
from test_transport import DEADLINE, MODULES, PROGRAMS

import doorbell

_NO_LOG = "a plain host has no log of refused accesses"
_SLOW_HOST = (
    "needs a host that acts within a few thousand device cycles, whatever else the machine does"
)
_NOT_STRICT = "memory is shared: nothing hides what was not published"
BEYOND = dict.fromkeys(
    (
        "failed_reads_give_their_tags_back",
        "halted_means_that_all_is_over",
        "lowest_failure_is_reported",
        "nothing_starts_behind_a_failure",
        "ranges_may_end_with_their_space",
        "the_lowest_failure_is_reported",
        "unmapped_reads_fail",
        "unmapped_ring",
        "unmapped_writes_are_logged",
        "what_stands_before_a_failure_is_finished",
    ),
    _NO_LOG,
) | {
    "a_drain_ends_in_time": _SLOW_HOST,
    "a_waiting_queue_sends_nothing": "counts TLPs, and the server looks at the device meanwhile",
    "the_timer_counts_from_the_first_event": _SLOW_HOST,
    "messages_are_the_tables_own": "where messages go is the server's matter",
    "nothing_unpublished_is_seen": _NOT_STRICT,
}
"""Programs that need what this host cannot offer, and why."""
RTL = (
    "memory_operations",
    "uploads_and_downloads",
    "access_by_bar2",
    "gemm_and_requantise",
    "events_across_streams",
    "concurrent_programs",
    "a_failed_stream_harms_nobody",
    "failure_travels",
    "waits_time_out",
    "the_function_mask_holds_messages",
    "smallest_payloads_and_requests",
    "queue_reset_during_reads",
    "device_reset_during_transfers",
)
"""A sample that touches every part of the protocol."""


@pytest.fixture(scope="module")
def model(seed: int) -> Iterator[str]:
    with served("model", "--seed", str(seed)) as device:
        yield device


@pytest.mark.parametrize(("module", "name"), PROGRAMS, ids=[name for _, name in PROGRAMS])
def test_program(model: str, module: str, name: str, seed: int, tmp_path: Path) -> None:
    if name in BEYOND:
        pytest.skip(BEYOND[name])
    program = getattr(MODULES[module], name)
    doorbell.run(program, model, seed=seed, deadline=DEADLINE, out=tmp_path)


@pytest.fixture(scope="module")
def rtl(seed: int) -> Iterator[str]:
    with served("rtl", "--seed", str(seed)) as device:
        yield device


@pytest.mark.parametrize("name", RTL)
def test_program_on_rtl(rtl: str, name: str, seed: int, tmp_path: Path) -> None:
    """The simulator is elsewhere; its checkers judge each client when that has left."""
    (program,) = (getattr(MODULES[module], name) for module, each in PROGRAMS if each == name)
    doorbell.run(program, rtl, seed=seed, deadline=DEADLINE, out=tmp_path)


def test_what_is_left_out_exists() -> None:
    names = {name for _, name in PROGRAMS}
    assert set(BEYOND) <= names
    assert len(BEYOND) < len(names) / 8
