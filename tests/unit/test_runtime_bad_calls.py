"""Odd arguments and calls out of turn: a typed error each, and nothing reaches the device."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fake_transport import opened, run, streamed

import doorbell
from doorbell import encode, kernels
from doorbell.contract import Opcode, Space, registers
from doorbell.errors import ArgumentError, UseAfterFree


class Unwilling:
    """What raises when numpy asks it for an array."""

    def __array__(self, *_: Any) -> Any:
        raise TypeError("no array today")


def test_what_is_no_array_is_refused() -> None:
    _, device = opened()
    with pytest.raises(ArgumentError, match="no array today"):
        device.upload(Unwilling())  # type: ignore[arg-type]
    assert device.memory.used == 0


@pytest.mark.parametrize("where", ["empty", "pinned", "zeros"])
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1,) * 65, "65 dimensions; give at most 64"),
        ((0, 1 << 62, 4), "dimensions multiply to more"),
        ((0, (1 << 63) - 1), "dimensions multiply to more"),
    ],
)
def test_shapes_that_numpy_cannot_hold_are_refused(where: str, shape: Any, message: str) -> None:
    transport, device = opened()
    before, done = device.host.used, list(transport.did)
    with pytest.raises(ArgumentError, match=message):
        getattr(device, where)(shape, np.int16)
    assert (device.memory.used, device.host.used) == (0, before)
    assert transport.did == done


@pytest.mark.parametrize("work", [kernels.gemm, None, 1, "gemm"])
def test_a_launch_takes_what_kernels_return(work: Any) -> None:
    transport, _, stream = streamed()
    with pytest.raises(ArgumentError, match=r"give what a function of doorbell\.kernels returned"):
        stream.launch(work)
    stream.flush()
    assert transport.did == []


@pytest.mark.parametrize("thing", [0, 3.5, "IDENTITY", None, [1]])
def test_only_registers_are_read_and_posted(thing: Any) -> None:
    transport, device = opened()
    done = list(transport.did)
    with pytest.raises(ArgumentError, match=r"give one of doorbell\.contract\.registers"):
        run(transport, device.read(thing))
    with pytest.raises(ArgumentError, match=r"give one of doorbell\.contract\.registers"):
        device.post(thing, 1)
    assert transport.did == done


@pytest.mark.parametrize("opcode", [[1], np.array([1]), True, 2.0, None, Opcode.INVALID])
def test_only_opcodes_with_a_layout_are_encoded(opcode: Any) -> None:
    with pytest.raises(ArgumentError, match="no layout of opcode"):
        encode.encode(opcode)


@pytest.mark.parametrize("grid", [(1, 1), (1, 1, 1, 1), 3, None, "111"])
def test_a_grid_has_three_sizes(grid: Any) -> None:
    with pytest.raises(ArgumentError, match=r"grid = .*; give x, y, z"):
        encode.launch(1, grid, 0, unit_mask=1, space=Space.HOST)


def test_messages_name_what_a_caller_can_give() -> None:
    _, device, stream = streamed()
    thing: Any = 5
    with pytest.raises(ArgumentError, match="5 is a int; give an Event or a Semaphore"):
        stream.wait(thing, 1)
    with pytest.raises(ArgumentError, match="5 is a int; give a Buffer or a HostArray"):
        stream.submit(encode.nop(), thing)
    with pytest.raises(ArgumentError, match="5 is a int; give a Semaphore"):
        stream.signal(thing, 1)
    assert device.memory.used == 0


# After the end of a device --------------------------------------------------------------------------

Use = Callable[[doorbell.Device, doorbell.Stream, doorbell.Semaphore], Any]

USES: dict[str, Use] = {
    "empty": lambda device, stream, semaphore: device.empty(4),
    "zeros": lambda device, stream, semaphore: device.zeros(4),
    "pinned": lambda device, stream, semaphore: device.pinned(4),
    "upload": lambda device, stream, semaphore: device.upload([1]),
    "stream": lambda device, stream, semaphore: device.stream(),
    "semaphore": lambda device, stream, semaphore: device.semaphore(),
    "read": lambda device, stream, semaphore: device.read(registers.DEVICE.STATUS),
    "read_bar0": lambda device, stream, semaphore: device.read_bar0(0),
    "post": lambda device, stream, semaphore: device.post(registers.DEVICE.SCRATCH, 1),
    "counters": lambda device, stream, semaphore: device.counters(),
    "reset": lambda device, stream, semaphore: device.reset(),
    "close": lambda device, stream, semaphore: device.close(),
    "submit": lambda device, stream, semaphore: stream.submit(encode.nop()),
    "record": lambda device, stream, semaphore: stream.record(),
    "stream reset": lambda device, stream, semaphore: stream.reset(),
    "set": lambda device, stream, semaphore: semaphore.set(1),
    "add": lambda device, stream, semaphore: semaphore.add(1),
    "poison": lambda device, stream, semaphore: semaphore.poison(),
    "value": lambda device, stream, semaphore: semaphore.value(),
    "reach": lambda device, stream, semaphore: semaphore.reach(0),
}


@pytest.mark.parametrize("end", ["close", "abandon"])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_device_is_not_used_after_its_end(use: Use, end: str) -> None:
    transport, device, stream = streamed()
    semaphore = device.semaphore()
    if end == "close":
        run(transport, device.close())
    else:
        device.abandon()
    done = list(transport.did)

    async def program() -> None:
        found = use(device, stream, semaphore)
        if inspect.isawaitable(found):
            await found

    with pytest.raises(UseAfterFree, match="closed"):
        run(transport, program())
    assert transport.did == done


def test_a_device_that_its_program_closed_is_not_closed_again() -> None:
    async def program(device: doorbell.Device) -> str:
        await device.close()
        return "closed early"

    assert doorbell.run(program) == "closed early"


def test_what_was_pinned_can_be_read_and_freed_after_the_end() -> None:
    transport, device = opened()
    landing, buffer = device.pinned(4), device.empty(4)
    landing.array[:] = 7
    run(transport, device.close())
    assert landing.array.tolist() == [7] * 4
    landing.free()
    buffer.free()


# Running a program ----------------------------------------------------------------------------------


async def program(device: doorbell.Device) -> int:
    return device.transport.seed


@pytest.mark.parametrize("device", ["model", "rtl"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "seed = -1; give 0 to 18446744073709551615"),
        ({"seed": 1 << 64}, "seed = 18446744073709551616; give 0 to 18446744073709551615"),
        ({"seed": "x"}, "seed = 'x'; give an integer"),
        ({"seed": 1.5}, "seed = 1.5; give an integer"),
        ({"deadline": 0}, "deadline .cycles. = 0; give 1 to"),
        ({"deadline": "x"}, "deadline .cycles. = 'x'; give an integer"),
        ({"profile": "nope"}, "profile 'nope': must be one of"),
    ],
)
def test_bad_options_of_a_run_are_refused_before_a_device_is_touched(
    device: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        doorbell.run(program, device, **options)


def test_a_seed_of_numpy_is_a_seed() -> None:
    assert doorbell.run(program, seed=np.int64(3)) == 3


@pytest.mark.parametrize("wrong", [3, None, ("model",)])
def test_a_device_is_named_by_a_string(wrong: Any) -> None:
    with pytest.raises(LookupError, match=r"no device .*; installed: .*model"):
        doorbell.run(program, wrong)


def test_what_is_no_program_is_refused() -> None:
    def plain(device: doorbell.Device) -> int:
        return 3

    wrong: Any = plain
    with pytest.raises(ArgumentError, match="plain is not a coroutine function"):
        doorbell.run(wrong)
    wrong = "program"
    with pytest.raises(ArgumentError, match="'program' is not a coroutine function"):
        doorbell.run(wrong)
