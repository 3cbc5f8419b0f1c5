"""What every device must check in a packet: each code at its exact limit, the smallest of several, and no effect.

The checks of a packet come in the order of their codes, so a value that is just legal is shown by a
later fault in the same packet: that is reported instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from programs import refuses
from raw import RawQueue, spare
from ring_programs import ONES, TOP, nop

from doorbell import Device, encode
from doorbell.contract import (
    RESERVED,
    Error,
    Flag,
    Kernel,
    Opcode,
    SignalMode,
    Space,
    limits,
    registers,
)
from doorbell.errors import FaultError

Packet = np.ndarray[Any, Any]
HOST, DEVICE = int(Space.HOST), int(Space.DEVICE)
WRITE8 = int(SignalMode.WRITE8)
FRAME = {"opcode", "flags", "vector", "record_address", "record_value"}


def made(kind: Opcode, /, **fields: int) -> Packet:
    """A packet with any operands, and any frame."""
    packet = encode.encode(kind, **{n: v for n, v in fields.items() if n not in FRAME})
    for name in FRAME & fields.keys():
        packet[name] = fields[name]
    return packet


def launch(**fields: int) -> Packet:
    """A LAUNCH that is right but for ``fields``; its arguments are zeros, which fail later."""
    good = {"kernel": Kernel.GEMM_S8, "unit_mask": 1, "arguments_space": DEVICE,
            "arguments_length": 64, "grid_x": 1, "grid_y": 1, "grid_z": 1}  # fmt: skip
    return made(Opcode.LAUNCH, **{**good, **fields})


def write(length: int, *positions: int, **fields: int) -> Packet:
    """A WRITE of ``length`` bytes to device memory with ones at some positions of its inline data."""
    packet = made(Opcode.WRITE, length=length, destination_space=DEVICE, **fields)
    packet.view(np.uint8)[24:48][list(positions)] = 1
    return packet


def signal8(destination: int, space: int, **fields: int) -> Packet:
    """A SIGNAL that writes 8 bytes."""
    return made(Opcode.SIGNAL, mode=WRITE8, destination=destination, destination_space=space,
                **fields)  # fmt: skip


Case = tuple[str, Error | None, Packet]
"""Rule, what the device must say (None: success), and the packet."""


def frames() -> Iterator[Case]:
    """Flags, vector and record."""
    for bit in range(8):
        if not 1 << bit & (Flag.BARRIER | Flag.RECORD | Flag.INTERRUPT):
            yield "CP-PKT-004", Error.BAD_FLAGS, made(Opcode.NOP, flags=1 << bit)
    for field in ("vector", "record_address", "record_value"):
        for flags in (0, Flag.BARRIER, Flag.RECORD if field == "vector" else Flag.INTERRUPT):
            for value in (1, 16, 1 << 15):
                packet = made(Opcode.NOP, flags=flags, **{field: value})
                yield "CP-PKT-006", Error.RESERVED_FIELD, packet
    for low in (1, 4, 8, 15):
        packet = made(Opcode.NOP, flags=Flag.RECORD, record_address=0x1000 + low)
        yield "CP-PKT-010", Error.RECORD_ALIGNMENT, packet


def operands(device: Device) -> Iterator[Case]:
    """What COPY, FILL, WRITE, WAIT and SIGNAL may hold."""
    for length in (0, 1, 5, 23):
        yield "CP-PKT-007", Error.RESERVED_FIELD, write(length, length)
        yield "CP-PKT-007", Error.RESERVED_FIELD, write(length, 23)
        yield "CP-PKT-007", None, write(length, *range(length))
    both = {"semaphore": 1, "destination": 8, "destination_space": DEVICE}
    for name, value in both.items():
        mode = WRITE8 if name == "semaphore" else int(SignalMode.SEMAPHORE_SET)
        packet = made(Opcode.SIGNAL, mode=mode, **{name: value})
        yield "CP-PKT-008", Error.RESERVED_FIELD, packet
        if name != "semaphore":
            packet = made(Opcode.SIGNAL, mode=SignalMode.SEMAPHORE_ADD, **{name: value})
            yield "CP-PKT-008", Error.RESERVED_FIELD, packet
    for space in (2, 3, 128, 255):
        for field in ("source_space", "destination_space"):
            yield "CP-PKT-011", Error.BAD_SPACE, made(Opcode.COPY, **{field: space})
        yield "CP-PKT-011", Error.BAD_SPACE, made(Opcode.FILL, destination_space=space)
        yield "CP-PKT-011", Error.BAD_SPACE, made(Opcode.WRITE, destination_space=space)
        yield "CP-PKT-011", Error.BAD_SPACE, signal8(0, space)
        yield "CP-PKT-011", Error.BAD_SPACE, launch(arguments_space=space)
    for unknown in (3, 4, 255):
        yield "CP-PKT-012", Error.BAD_MODE, made(Opcode.SIGNAL, mode=unknown)
    for unknown in (2, 3, 255):
        yield "CP-PKT-012", Error.BAD_MODE, made(Opcode.WAIT, condition=unknown)
    for length in (25, 26, 1 << 24, (1 << 32) - 1):
        yield "CP-PKT-013", Error.BAD_LENGTH, write(length)
    yield "CP-PKT-013", None, write(limits.WRITE_MAX_BYTES)
    for low in (1, 2, 4):
        yield "CP-PKT-014", Error.BAD_ALIGNMENT, signal8(0x1000 + low, DEVICE)
        yield "CP-PKT-014", Error.BAD_ALIGNMENT, signal8(0x1000 + low, HOST)
    yield from ranges(device.capabilities.memory)


def ranges(end: int) -> Iterator[Case]:
    """The end of each space."""
    for to in (HOST, DEVICE):
        top, rule = (TOP, "CP-PKT-016") if to == HOST else (end, "CP-PKT-015")
        beyond = {"destination": top - 1, "destination_space": to}
        yield rule, Error.OUT_OF_RANGE, made(Opcode.FILL, length=2, **beyond)
        yield rule, Error.OUT_OF_RANGE, made(Opcode.WRITE, length=2, **beyond)
        yield rule, Error.OUT_OF_RANGE, made(Opcode.COPY, length=2, source_space=DEVICE, **beyond)
        packet = made(Opcode.COPY, length=2, source=top - 1, source_space=to,
                      destination_space=DEVICE)  # fmt: skip
        yield rule, Error.OUT_OF_RANGE, packet
        longest = {"destination": top - (1 << 32) + 2, "destination_space": to}
        if top > 1 << 32:
            yield rule, Error.OUT_OF_RANGE, made(Opcode.FILL, length=(1 << 32) - 1, **longest)
        yield "CP-PKT-017", None, made(Opcode.FILL, length=0, **beyond)
        yield "CP-PKT-017", None, made(Opcode.WRITE, length=0, **beyond)
    yield "CP-PKT-015", Error.OUT_OF_RANGE, signal8(end, DEVICE)
    yield "CP-PKT-015", Error.OUT_OF_RANGE, launch(arguments=end)
    for far in (1 << 32, 1 << 63, ONES - 3):  # not cut to fewer bits, nor wrapped
        packet = made(Opcode.FILL, length=4, destination=far, destination_space=DEVICE)
        yield "CP-PKT-015", Error.OUT_OF_RANGE, packet


def launches(device: Device, kernels: int) -> Iterator[Case]:
    """What a LAUNCH may hold; ``kernels`` is CAP_KERNELS."""
    for length in (0, 63, 65, 128, 64 << 8, 64 << 24):
        yield "CP-PKT-013", Error.BAD_LENGTH, launch(arguments_length=length)
    for low in (1, 16, 32):
        yield "CP-PKT-014", Error.BAD_ALIGNMENT, launch(arguments=0x1000 + low)
    for kernel in {0, *range(64), 64 + 1, 256 + 1, 0xFFFF}:
        if kernel == 0 or kernel >= 64 or not kernels >> kernel & 1:
            yield "CP-PKT-019", Error.BAD_KERNEL, launch(kernel=kernel)
        else:
            yield "CP-PKT-019", Error.BAD_UNITS, launch(kernel=kernel, unit_mask=0)
    for name in ("grid_x", "grid_y", "grid_z"):
        for size in (0, limits.GRID_MAX + 1, 1 << 17, (1 << 32) - 1):
            yield "CP-PKT-020", Error.BAD_GRID, launch(**{name: size})
        yield "CP-PKT-020", Error.BAD_UNITS, launch(unit_mask=0, **{name: limits.GRID_MAX})
    units = device.capabilities.units
    for mask in (0, 1 << units, 1 | 1 << units, 1 << 31):
        yield "CP-PKT-021", Error.BAD_UNITS, launch(unit_mask=mask)
    yield "CP-PKT-021", Error.ARGUMENT_SHAPE, launch(unit_mask=(1 << units) - 1)


async def judged(device: Device, cases: Iterator[Case]) -> None:
    """Each packet alone between two others: the first is done, the last only when it is right."""
    blank = device.zeros(64)
    await device.transfers.synchronize()
    assert blank.address == 0, "the arguments of every LAUNCH here are zeros"
    queue = RawQueue(device)
    for number, (rule, code, packet) in enumerate(cases):
        found = await queue.verdict(nop(queue, 1), packet, nop(queue, 3))
        what = f"case {number}, {rule}: {packet.view(np.uint8).tobytes().hex()}"
        assert found is code, f"{what}: {found!r}, not {code!r}"
        assert queue.recorded == (3 if code is None else 1), what
        if code is not None:
            error = queue.error
            assert (error["index"], error["opcode"]) == (1, packet["opcode"][0]), what
    await queue.finish()


async def bad_frames(device: Device) -> None:
    """CP-PKT-004, CP-PKT-006, CP-PKT-010."""
    await judged(device, frames())


async def bad_operands(device: Device) -> None:
    """CP-PKT-007, CP-PKT-008, CP-PKT-011 to CP-PKT-017."""
    await judged(device, operands(device))


async def bad_launches(device: Device) -> None:
    """CP-PKT-013, CP-PKT-014, CP-PKT-019 to CP-PKT-021."""
    kernels = await device.read(registers.DEVICE.CAP_KERNELS)
    await judged(device, launches(device, kernels))


async def bad_opcodes(device: Device) -> None:
    """CP-PKT-003: INVALID, planned ones, and those whose number is cut to an implemented one."""
    opcodes = await device.read(registers.DEVICE.CAP_OPCODES)
    assert not opcodes & 1
    absent = [n for n in (*range(32), 64 + Opcode.NOP, 128 + Opcode.NOP, 255)
              if n >= 64 or not opcodes >> n & 1]  # fmt: skip
    cases = [("CP-PKT-003", Error.BAD_OPCODE, made(Opcode.NOP, opcode=n)) for n in absent]
    await judged(device, iter(cases))


async def every_reserved_byte(device: Device) -> None:
    """CP-PKT-005: one bit in each byte that the opcode does not use."""
    cases: list[Case] = []
    for name, gaps in RESERVED.items():
        for at in (at for start, stop in gaps for at in range(start, stop)):
            packet = made(Opcode[name])
            packet.view(np.uint8)[at] = 1 << at % 8
            cases.append(("CP-PKT-005", Error.RESERVED_FIELD, packet))
    await judged(device, iter(cases))


async def the_smallest_code_is_reported(device: Device) -> None:
    """CP-PKT-002: packets with every fault at once, which are then mended from the smallest code on."""
    end, counts = device.capabilities.memory, device.capabilities
    with_record = Flag.RECORD | Flag.INTERRUPT
    frame: list[tuple[Error, dict[str, int]]] = [
        (Error.BAD_FLAGS, {"flags": with_record}),
        (Error.BAD_VECTOR, {"vector": 0}),
        (Error.RECORD_ALIGNMENT, {"flags": 0, "record_address": 0}),
    ]
    wrong = {"flags": with_record | 0x80, "vector": counts.vectors, "record_address": 8}
    queue = RawQueue(device)

    async def mend(opcode: Opcode, faults: dict[str, int], cures: list[Any]) -> None:
        fields = {**wrong, **faults}
        for code, cure in [*frame, *cures]:
            packet = made(opcode, **fields)
            found = await queue.verdict(packet)
            assert found is code, f"{opcode.name} {fields}: {found!r}, not {code.name}"
            fields |= cure
            reserved = packet.copy()
            if code > Error.RESERVED_FIELD:  # a reserved byte comes before all of these
                reserved.view(np.uint8)[RESERVED[opcode.name][0][0]] = 1
                assert await queue.verdict(reserved) is Error.RESERVED_FIELD
        packet = made(opcode, **{**fields, "opcode": 0, "flags": 0x80})
        assert await queue.verdict(packet) is Error.BAD_OPCODE

    await mend(
        Opcode.LAUNCH,
        {"arguments_space": 2, "arguments": end + 32, "unit_mask": 0},
        [
            (Error.BAD_SPACE, {"arguments_space": DEVICE}),
            (Error.BAD_LENGTH, {"arguments_length": 64}),
            (Error.BAD_ALIGNMENT, {"arguments": end}),
            (Error.OUT_OF_RANGE, {"arguments": 0}),
            (Error.BAD_KERNEL, {"kernel": Kernel.GEMM_S8}),
            (Error.BAD_GRID, {"grid_x": 1, "grid_y": 1, "grid_z": 1}),
            (Error.BAD_UNITS, {}),
        ],
    )
    await mend(
        Opcode.SIGNAL,
        {"mode": WRITE8, "destination": end + 4, "destination_space": 9},
        [
            (Error.BAD_SPACE, {"destination_space": DEVICE}),
            (Error.BAD_ALIGNMENT, {"destination": end}),
            (Error.OUT_OF_RANGE, {}),
        ],
    )
    await mend(
        Opcode.WRITE,
        {"length": 25, "destination": end, "destination_space": 2},
        [
            (Error.BAD_SPACE, {"destination_space": DEVICE}),
            (Error.BAD_LENGTH, {"length": 24}),
            (Error.OUT_OF_RANGE, {}),
        ],
    )
    await mend(
        Opcode.WAIT,
        {"condition": 2, "semaphore": counts.semaphores},
        [(Error.BAD_MODE, {"condition": 0}), (Error.BAD_SEMAPHORE, {})],
    )
    await queue.finish()


async def a_refused_packet_does_nothing(device: Device) -> None:
    """CP-PKT-001: right in all but one late detail, with a target to write, a record and an interrupt."""
    transport, vector, semaphore = device.transport, spare(device, 12), 40
    host, local = device.pinned(4096), device.zeros(4096)
    await device.transfers.synchronize()
    word = device.bar0 + registers.SEMAPHORE_SET.word(semaphore)
    frame = {"flags": Flag.RECORD | Flag.INTERRUPT, "vector": vector, "record_value": 9}
    end, queue = device.capabilities.memory, RawQueue(device)
    frame["record_address"] = queue.record_address
    to = {"destination": host.address, "destination_space": HOST}
    late: list[Packet] = [
        # Destination in order and looked at first, source past the end of memory.
        made(Opcode.COPY, source=end - 2048, source_space=DEVICE, length=4096, **to, **frame),
        made(Opcode.COPY, source=TOP - 64, length=4096, destination=local.address,
             destination_space=DEVICE, **frame),
        made(Opcode.FILL, pattern=ONES, length=64, **to, **frame),
        made(Opcode.FILL, pattern=ONES, length=64, destination=local.address,
             destination_space=DEVICE, **frame),
        made(Opcode.WRITE, length=16, **to, **frame),
        signal8(host.address, HOST, value=ONES, **frame),
        made(Opcode.SIGNAL, mode=SignalMode.SEMAPHORE_SET, semaphore=semaphore, value=7, **frame),
        made(Opcode.SIGNAL, mode=SignalMode.SEMAPHORE_ADD, semaphore=semaphore, value=7, **frame),
        made(Opcode.NOP, **frame),
    ]  # fmt: skip
    last = {Opcode.FILL: 47, Opcode.SIGNAL: 47, Opcode.WRITE: 15, Opcode.NOP: 47}
    for packet in late:
        opcode = Opcode(int(packet["opcode"][0]))
        if opcode in last:
            packet.view(np.uint8)[last[opcode]] = 0x80
        messages = transport.interrupts(vector)
        queue.submit(packet)
        code = await queue.rest()
        expected = Error.RESERVED_FIELD if opcode in last else Error.OUT_OF_RANGE
        assert code is expected, f"{opcode.name}: {code!r}"
        assert await transport.read(word) == 0, opcode.name
        assert not host.array.any(), opcode.name
        assert queue.recorded == 0, opcode.name
        assert transport.interrupts(vector) == messages, opcode.name
        assert await device.read(queue.block.RETIRED) == 0, opcode.name
        await queue.restart()
    assert not any(await transport.read_block(device.function.bars[2].address + local.address, 64))
    await queue.finish()


async def ranges_may_end_with_their_space(device: Device) -> None:
    """CP-PKT-015, CP-PKT-016: the last bytes of either space are legal, and CP-PKT-018 at its limit."""
    end, count, queue = device.capabilities.memory, device.capabilities.semaphores, RawQueue(device)
    for packet in (
        made(Opcode.FILL, length=2, destination=end - 2, destination_space=DEVICE),
        made(Opcode.COPY, length=2, source=end - 2, source_space=DEVICE, destination_space=DEVICE),
        signal8(end - 8, DEVICE),
        made(Opcode.SIGNAL, mode=SignalMode.SEMAPHORE_ADD, semaphore=count - 1),
        made(Opcode.WAIT, semaphore=count - 1),
        made(Opcode.FILL, length=8, destination=TOP - 8, destination_space=HOST),
        signal8(TOP - 8, HOST),
    ):
        assert await queue.verdict(packet, nop(queue, 1)) is None, packet
        assert queue.recorded == 1
    for opcode in (Opcode.WAIT, Opcode.SIGNAL):
        for semaphore in (count, 1 << 16 | 1, 1 << 31):
            code = await queue.verdict(made(opcode, semaphore=semaphore))
            assert code is Error.BAD_SEMAPHORE, (opcode, semaphore)
    refuses(FaultError, device.check_faults)  # nobody maps the top of the host's space
    await queue.finish()
