"""The same programs in an ordinary process, on a device that another process serves over vfio-user."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from corner_programs import capability
from error_bit_programs import MASTER_ABORT, SIGNALED_ABORT, bits
from programs import UNMAPPED
from raw import RawQueue
from ring_programs import ONES
from served import served
from test_transport import DEADLINE, MODULES, PROGRAMS

import doorbell
from doorbell import Device, encode
from doorbell.contract import Error, Space

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
CACHE_LINE, INTERRUPT_LINE = 0x0C, 0x3C


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


async def configuration(device: Device) -> list[int]:
    return [await device.transport.config_read(offset) for offset in range(0, 256, 4)]


async def leaves_traces(device: Device) -> list[int]:
    """Set every bit that a plain client can: errors of its own accesses and the device's, scratch registers."""
    found, link_control = await configuration(device), await capability(device, 0x10) + 16
    for offset, value in (CACHE_LINE, 0x5A), (INTERRUPT_LINE, 0x5A), (link_control, 0x40):
        await device.transport.config_write(offset, value, 1)
    assert await device.transport.read(device.bar0 + 0x7F8) == ONES
    queue, local = RawQueue(device), device.empty(64)
    copy = encode.copies(UNMAPPED, local.address, 64, source_space=Space.HOST)
    assert await queue.verdict(copy) is Error.DMA_UR
    await queue.finish()
    assert (await bits(device))[0] == SIGNALED_ABORT | MASTER_ABORT
    assert await configuration(device) != found
    return found


@pytest.mark.parametrize("where", ["model", "rtl"])
def test_configuration_space_is_not_handed_on(
    where: str, seed: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """EP-ERR-001 keeps error bits over device resets; each client gets them as after power-on all the same."""
    device = request.getfixturevalue(where)
    before, after = (
        doorbell.run(program, device, seed=seed, deadline=DEADLINE, out=tmp_path)
        for program in (leaves_traces, configuration)
    )
    assert after == before


def test_what_is_left_out_is_little() -> None:
    assert {name for _, name in PROGRAMS} >= _NAMED.keys()
    left_out = [name for module, name in PROGRAMS if beyond(module, name) is not None]
    assert len(left_out) < len(PROGRAMS) / 6, left_out
