"""The same programs in an ordinary process, on a device that another process serves over vfio-user."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import served
from test_transport import DEADLINE, MODULES, PROGRAMS

import doorbell

_NO_LOG = "a plain host has no log of refused accesses"
_OWN_MEMORY = "maps memory of its own, which no other process can"
_NO_LABORATORY = "a plain host sends whole requests and spoils nothing"
_SLOW_HOST = (
    "needs a host that acts within a few thousand device cycles, whatever else the machine does"
)
_WORDS = {
    "faults": _NO_LOG,
    "FaultError": _NO_LOG,
    "transport.map(": _OWN_MEMORY,
    "laboratory(": _NO_LABORATORY,
    "await send(": _NO_LABORATORY,
}
"""What the source of a program says when it needs more than this host can offer."""
_NAMED = {
    "a_drain_ends_in_time": _SLOW_HOST,
    "the_timer_counts_from_the_first_event": _SLOW_HOST,
    "a_waiting_queue_sends_nothing": "counts TLPs, and the server looks at the device meanwhile",
    "messages_are_the_tables_own": "where messages go is the server's matter",
    "nothing_unpublished_is_seen": "memory is shared: nothing hides what was not published",
    "what_stands_before_a_failure_is_finished": _NO_LOG,
}
"""Programs that need more without saying so."""


def beyond(module: str, name: str) -> str | None:
    """Why this host cannot run a program; None when it can."""
    source = inspect.getsource(getattr(MODULES[module], name))
    return _NAMED.get(name) or next((why for word, why in _WORDS.items() if word in source), None)


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
    why = beyond(module, name)
    if why is not None:
        pytest.skip(why)
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


def test_what_is_left_out_is_little() -> None:
    assert {name for _, name in PROGRAMS} >= _NAMED.keys()
    left_out = [name for module, name in PROGRAMS if beyond(module, name) is not None]
    assert len(left_out) < len(PROGRAMS) / 6, left_out
