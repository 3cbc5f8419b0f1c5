"""What every device must do through the runtime: coroutine functions that run unchanged on every transport.

Whatever they draw at random starts from the transport's seed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from raw import pause

from doorbell import Device, HostArray, Stream, encode, kernels, reference
from doorbell.buffer import Buffer
from doorbell.contract import ARGUMENTS, Error, Kernel, Space, registers
from doorbell.errors import ArgumentError, DeadlineExceeded, FaultError, QueueError, UseAfterFree

U64 = (1 << 64) - 1
UNMAPPED = 0x30_0000_0000  # below the BARs and far above what the runtime maps


def generator(device: Device) -> np.random.Generator:
    return np.random.default_rng(device.transport.seed)


async def halts(stream: Stream) -> QueueError:
    """Wait for the stream to fail and return the error."""
    try:
        await stream.synchronize()
    except QueueError as error:
        return error
    raise AssertionError(f"{stream!r} did not fail")


def refuses(kind: type[Exception], call: object, *arguments: object, **named: object) -> None:
    """Check that a call raises ``kind``."""
    assert callable(call)
    try:
        call(*arguments, **named)
    except kind:
        return
    raise AssertionError(f"{call!r} was not refused with {kind.__name__}")


# Data -----------------------------------------------------------------------------------------------
class Mirror:
    """A block of host and a block of device memory, and in numpy what they should hold."""

    def __init__(self, device: Device, size: int) -> None:
        self.rng = generator(device)
        self.size = size
        self.host = device.pinned(size)
        self.local = device.empty(size)
        self.expected = {
            Space.HOST: self.rng.integers(0, 256, size, np.uint8),
            Space.DEVICE: self.rng.integers(0, 256, size, np.uint8),
        }

    async def start(self, stream: Stream) -> None:
        """Write the first contents."""
        self.host.array[:] = self.expected[Space.DEVICE]
        stream.copy(self.local, self.host)
        await stream.synchronize()
        self.host.array[:] = self.expected[Space.HOST]

    def operand(self, space: Space) -> HostArray | Buffer:
        return self.host if space is Space.HOST else self.local

    def part(self, length: int) -> tuple[Space, int]:
        """A random space and an offset at which ``length`` bytes fit."""
        space = Space(int(self.rng.integers(2)))
        return space, int(self.rng.integers(self.size - length + 1))

    async def check(self, stream: Stream) -> None:
        """Every byte, so the ones around every destination too (DMA-COPY-002)."""
        await stream.synchronize()
        found = {
            Space.HOST: self.host.array.copy(),
            Space.DEVICE: await stream.download(self.local),
        }
        for space, expected in self.expected.items():
            wrong = np.flatnonzero(found[space] != expected)
            assert not wrong.size, f"{space.name}: {wrong.size} bytes differ, first at {wrong[0]}"


def some_length(rng: np.random.Generator) -> int:
    """Mostly short, sometimes across many TLPs."""
    return int(rng.integers(0, (17, 80, 700, 9000)[rng.integers(4)]))


async def memory_operations(device: Device) -> None:
    """DMA-COPY-001, DMA-COPY-002, DMA-FILL-001, DMA-WRITE-001: random ones, and nothing beside them changes."""
    stream = device.stream()
    mirror = Mirror(device, 32768)
    await mirror.start(stream)
    rng = mirror.rng
    for _ in range(60):
        kind = ("copy", "fill", "write")[rng.integers(3)]
        length = some_length(rng) if kind != "write" else int(rng.integers(25))
        space, at = mirror.part(length)
        target, expected = mirror.operand(space), mirror.expected[space][at : at + length]
        if kind == "copy":
            source, start = mirror.part(length)
            if source is space and abs(start - at) < length:
                continue  # what an overlapping copy leaves is unspecified
            stream.copy(
                target, mirror.operand(source), length, destination_offset=at, source_offset=start
            )
            expected[:] = mirror.expected[source][start : start + length]
        elif kind == "fill":
            octet = rng.integers(0, 256, 8, np.uint8)
            stream.fill(target, int(octet.view("<u8")[0]), at, length)
            expected[:] = np.resize(octet, length)
        else:
            data = rng.integers(0, 256, length, np.uint8)
            stream.write(target, data.tobytes(), at)
            expected[:] = data
    await mirror.check(stream)


async def every_alignment(device: Device) -> None:
    """Copies each way between all offsets of a 64-byte word near 4 KiB boundaries (EP-TLP-003)."""
    stream = device.stream()
    mirror = Mirror(device, 24576)
    await mirror.start(stream)
    for number in range(64):
        frm, to, length = 4096 - number, 12288 - (number * 37 + 11) % 64, 1 + (number * 29) % 200
        for source, target in ((Space.HOST, Space.DEVICE), (Space.DEVICE, Space.HOST)):
            stream.copy(
                mirror.operand(target),
                mirror.operand(source),
                length,
                destination_offset=to,
                source_offset=frm,
            )
            piece = mirror.expected[source][frm : frm + length]
            mirror.expected[target][to : to + length] = piece
    await mirror.check(stream)


async def overlapping_commands(device: Device) -> None:
    """Many copies in flight in both directions at once leave what each would leave alone (DMA-CHAN-001)."""
    stream = device.stream()
    mirror = Mirror(device, 65536)
    await mirror.start(stream)
    with stream.overlap():
        for number in range(24):
            at = 1024 * number
            stream.copy(
                mirror.local, mirror.host, 1000, destination_offset=at, source_offset=at + 3
            )
            mirror.expected[Space.DEVICE][at : at + 1000] = mirror.expected[Space.HOST][
                at + 3 : at + 1003
            ]
            back = 32768 + at
            stream.copy(
                mirror.host, mirror.local, 1000, destination_offset=back + 5, source_offset=back
            )
            mirror.expected[Space.HOST][back + 5 : back + 1005] = mirror.expected[Space.DEVICE][
                back : back + 1000
            ]
    await mirror.check(stream)


async def one_large_copy(device: Device) -> None:
    """1 MiB, or half of a smaller memory, down and up again at odd addresses."""
    rng, size = generator(device), min(1 << 20, device.capabilities.memory // 2)
    stream = device.stream()
    host, local = device.pinned(2 * size), device.empty(size + 64)
    host.array[:size] = rng.integers(0, 256, size, np.uint8)
    stream.copy(local, host, size - 7, destination_offset=13, source_offset=7)
    stream.copy(host, local, size - 7, destination_offset=size + 3, source_offset=13)
    await stream.synchronize()
    assert (host.array[size + 3 : 2 * size - 4] == host.array[7:size]).all()
    assert not host.array[2 * size - 4 :].any()


async def uploads_and_downloads(device: Device) -> None:
    """Tensors of every dtype and shape come back; a stream waits for the uploads that it uses."""
    rng = generator(device)
    stream = device.stream()
    arrays: list[npt.NDArray[np.generic]] = [
        rng.integers(-128, 128, (3, 5, 7)).astype(np.int8),
        rng.standard_normal((11, 13)),
        np.zeros((0, 4), np.int32),
        np.arange(9000, dtype=np.uint16),
    ]
    buffers = [device.upload(array) for array in arrays]
    for array, buffer in zip(arrays, buffers, strict=True):
        found = await stream.download(buffer)
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


async def access_by_bar2(device: Device) -> None:
    """Device memory by MMIO: reads see every earlier write (ORD-READ-002, ORD-DEVICE-001, ORD-IN-001)."""
    rng, transport = generator(device), device.transport
    window = device.function.bars[2].address
    buffer, stream = device.empty(8192), device.stream()
    data = rng.integers(0, 256, 5000, np.uint8)
    transport.write_block(window + buffer.address + 3, data)
    assert await transport.read_block(window + buffer.address + 3, 5000) == data.tobytes()
    transport.write(window + buffer.address + 16, 0x1122334455667788)
    data[13:21] = list((0x1122334455667788).to_bytes(8, "little"))
    found = await stream.download(buffer)
    assert (found[3:5003] == data).all()
    assert await transport.read(window + buffer.address + 20, 4) == 0x11223344


# Kernels --------------------------------------------------------------------------------------------
SHAPES = ((1, 1, 1), (16, 64, 64), (17, 65, 3), (5, 130, 70), (64, 10, 256), (33, 64, 129))


async def gemm_and_requantise(device: Device) -> None:
    """Bit for bit as numpy, for shapes on and off the tiles (EU-ARITH-001)."""
    rng, stream = generator(device), device.stream()
    for m, n, k in SHAPES:
        a = rng.integers(-128, 128, (m, k)).astype(np.int8)
        b = rng.integers(-128, 128, (k, n)).astype(np.int8)
        bias = rng.integers(-(1 << 31), 1 << 31, n).astype(np.int32)
        scale = {
            "multiplier": int(rng.integers(1 << 31)),
            "shift": int(rng.integers(20, 50)),
            "lo": int(rng.integers(-128, 0)),
            "hi": int(rng.integers(0, 128)),
        }
        c, y = device.empty((m, n), np.int32), device.empty((m, n), np.int8)
        stream.launch(kernels.gemm(device.upload(a), device.upload(b), c))
        stream.launch(kernels.requantise(c, device.upload(bias), y, **scale))
        product = reference.gemm(a, b)
        assert np.array_equal(await stream.download(c), product), (m, n, k)
        expected = reference.requantise(product, bias, **scale)
        assert np.array_equal(await stream.download(y), expected), (m, n, k, scale)


async def requantise_extremes(device: Device) -> None:
    """Wrapping sums, ties, and every clamp, over the range of shifts."""
    stream = device.stream()
    edge = np.array([0, 1, -1, 2, -2, 5, -5, (1 << 31) - 1, -(1 << 31)], np.int64)
    x = np.stack([np.roll(edge, row) for row in range(9)]).astype(np.int32)
    bias = edge.astype(np.int32)
    inputs, biases = device.upload(x), device.upload(bias)
    for shift, multiplier in ((1, 1), (1, 3), (2, 2), (31, (1 << 31) - 1), (62, (1 << 31) - 1)):
        y = device.empty((9, 9), np.int8)
        scale = {"multiplier": multiplier, "shift": shift, "lo": -128, "hi": 127}
        stream.launch(kernels.requantise(inputs, biases, y, **scale))
        expected = reference.requantise(x, bias, **scale)
        assert np.array_equal(await stream.download(y), expected), scale


async def kernel_touches_its_grid_only(device: Device) -> None:
    """Pitches, a grid smaller than the matrix, one unit: everything else stays (EU-ARITH-002, EU-LAUNCH-002)."""
    rng, stream = generator(device), device.stream()
    m, n, k, lda, ldb, ldc = 40, 100, 20, 33, 111, 4 * 103
    a = rng.integers(-128, 128, (m, lda)).astype(np.int8)
    b = rng.integers(-128, 128, (k, ldb)).astype(np.int8)
    c = rng.integers(-(1 << 31), 1 << 31, (m, ldc // 4)).astype(np.int32)
    left, right, out = device.upload(a), device.upload(b), device.upload(c)
    block = np.zeros(1, ARGUMENTS[Kernel.GEMM_S8])
    for name, value in {
        "a": left.address, "b": right.address, "c": out.address, "m": m, "n": n, "k": k,
        "lda": lda, "ldb": ldb, "ldc": ldc,
    }.items():  # fmt: skip
        block[name] = value
    groups = [registers.UNIT[unit].GROUPS for unit in range(device.capabilities.units)]
    before = [await device.read(register) for register in groups]
    work = kernels.Launch(Kernel.GEMM_S8, block.view(np.uint8), (1, 2, 2), (left, right, out))
    stream.launch(work, units=1)
    c[:32, :64] = reference.gemm(a[:32, :k].copy(), b[:, :64].copy())
    assert np.array_equal(await stream.download(out), c)
    after = [await device.read(register) for register in groups]
    moved = [new - old for new, old in zip(after, before, strict=True)]
    assert moved[0] in (2, 3, 4)  # a device may leave out groups that do nothing
    assert moved[1:] == [0] * (len(groups) - 1)


# Order ----------------------------------------------------------------------------------------------
async def nops_and_records(device: Device) -> None:
    """Thousands of commands in one ring of 256; one record each batch; RETIRED counts them (CP-RING-007)."""
    stream = device.stream()
    block = registers.QUEUE[stream.queue.number]
    for count in (1, 2, 255, 256, 257, 2000):
        stream.submit(encode.nops(count))
        await stream.synchronize()
    assert await device.read(block.RETIRED) == stream.queue.queued == 2771
    assert await device.read(block.PUT) == await device.read(block.GET) == 2771


async def events_across_streams(device: Device) -> None:
    """A pipeline over three streams, where there are queues for them: each stage starts when the one before is done.

    ORD-QUEUE-001.
    """
    count = min(3, device.capabilities.queues)
    own = [device.stream(weight=1 + number) for number in range(count)]
    streams = [own[stage % count] for stage in range(3)]
    host, result = device.pinned(4096), device.pinned((16, 4096))
    first, second = device.empty(4096), device.empty(4096)
    taken = None
    for lap in range(16):
        with device.pinned(4096) as source:
            source.array[:] = lap + 1
            if taken is not None:
                streams[0].wait(taken)
            streams[0].copy(first, source)
        streams[1].wait(streams[0].record())
        streams[1].copy(second, first)
        streams[2].wait(streams[1].record())
        streams[2].copy(result, second, 4096, destination_offset=4096 * lap)
        taken = streams[2].record()
    assert taken is not None
    await taken
    assert (result.array == np.arange(1, 17, dtype=np.uint8)[:, None]).all()
    assert not host.array.any()


async def semaphores(device: Device) -> None:
    """SEM-VALUE-001, SEM-VALUE-002, SEM-WAIT-001, SEM-WAIT-002: host and streams signal, across 2^64."""
    one, two, other = device.semaphore(), device.semaphore(), device.semaphore()
    waiter, signaller = device.stream(), device.stream()
    one.set(U64 - 1)
    waiter.wait(one, 3)
    waiter.signal(two, 7)
    waiter.flush()
    await pause(device, 1000)
    assert await two.value() == 0
    for _ in range(5):
        signaller.signal(one, 1, add=True)
    await waiter.synchronize()
    assert (await one.value(), await two.value()) == (3, 7)
    two.set(2)
    assert await two.value() == 2
    waiter.wait(other, 5, equal=True)
    event = waiter.record()
    waiter.flush()
    other.set(9)
    assert await other.value() == 9
    assert not event.done
    other.add(U64 - 3)
    await event
    assert await other.value() == 5


async def concurrent_programs(device: Device) -> None:
    """Programs side by side, each with a stream of its own; results in order."""

    async def worker(number: int) -> int:
        stream = device.stream()
        buffer = device.empty(3000)
        for lap in range(5):
            stream.fill(buffer, (number * 16 + lap) * 0x0101010101010101)
            found = await stream.download(buffer)
            assert (found == number * 16 + lap).all()
        return number

    count = min(4, device.capabilities.queues)
    assert await device.transport.together(*(worker(n) for n in range(count))) == list(range(count))


async def a_waiting_stream_holds_nobody_up(device: Device) -> None:
    """ERR-HALT-006, SEM-WAIT-004: all other queues go on while one waits."""
    gate = device.semaphore()
    waiting = device.stream()
    waiting.wait(gate, 1)
    event = waiting.record()
    waiting.flush()
    for _ in range(device.capabilities.queues - 1):
        stream = device.stream()
        stream.submit(encode.nops(50))
        await stream.synchronize()
    assert not event.done
    gate.set(1)
    await event


# Errors ---------------------------------------------------------------------------------------------
async def a_failed_stream_harms_nobody(device: Device) -> None:
    """ERR-HALT-002, ERR-HALT-005: what stands before the error is done, others work, reset mends."""
    bad, good = device.stream(), device.stream()
    buffer = device.empty(64)
    bad.fill(buffer, 0x1111111111111111)
    packets = encode.nops(3)
    packets["opcode"][1] = 0xEE
    bad.submit(packets)
    bad.fill(buffer, 0x2222222222222222)
    error = await halts(bad)
    assert (error.report.code, error.report.index, error.report.opcode) == (
        Error.BAD_OPCODE,
        2,
        0xEE,
    )
    assert error.report.tag == 2
    assert (await good.download(buffer) == 0x11).all()
    refuses(QueueError, bad.fill, buffer)
    await bad.reset()
    bad.fill(buffer, 0x3333333333333333)
    assert (await bad.download(buffer) == 0x33).all()


async def failure_travels(device: Device) -> None:
    """Who waits for a failed stream fails too, with WAIT_POISONED (RT-FAIL-002); others do not."""
    first, second = device.stream(), device.stream()
    bad = encode.nops(1)
    bad["opcode"] = 0
    first.submit(bad)
    second.wait(first.record())
    second.flush()
    assert (await halts(first)).report.code is Error.BAD_OPCODE
    assert (await halts(second)).report.code is Error.WAIT_POISONED
    await first.reset()
    await second.reset()
    second.wait(first.record())
    await second.synchronize()


async def waits_time_out(device: Device) -> None:
    """SEM-WAIT-005: no sooner than the deadline; the stream is usable after a reset."""
    stream, gate = device.stream(), device.semaphore()
    started = device.transport.now()
    stream.wait(gate, 1, deadline=3000)
    error = await halts(stream)
    assert error.report.code is Error.WAIT_TIMEOUT
    assert device.transport.now() - started >= 3000
    await stream.reset()
    await stream.synchronize()


async def unmapped_reads_fail(device: Device) -> None:
    """DMA-ERR-001 with the address of the failing request, and the host's log; earlier commands are done."""
    stream, buffer = device.stream(), device.empty(4096)
    stream.fill(buffer, 0x4444444444444444)
    copy = encode.copies(UNMAPPED, buffer.address, 64, source_space=Space.HOST)
    stream.submit(copy)
    error = await halts(stream)
    assert (error.report.code, error.report.address) == (Error.DMA_UR, UNMAPPED)
    refuses(FaultError, device.check_faults)
    await stream.reset()
    assert (await stream.download(buffer))[64:].tolist() == [0x44] * 4032


async def unmapped_writes_are_logged(device: Device) -> None:
    """ORD-POSTED-001: the command retires, the fault log tells."""
    stream, buffer = device.stream(), device.empty(64)
    copy = encode.copies(buffer.address, UNMAPPED + 60, 8, destination_space=Space.HOST)
    stream.submit(copy)
    try:
        await stream.synchronize()
    except FaultError as error:
        assert [fault.address for fault in error.faults] == [UNMAPPED + 60]
    else:
        raise AssertionError("a refused write was not reported")
    await stream.synchronize()


async def bad_arguments_never_reach_the_device(device: Device) -> None:
    """RT-SUBMIT-005, RT-SUBMIT-006: typed errors, no doorbell."""
    stream = device.stream()
    buffer, host = device.empty((4, 4), np.int8), device.pinned(16)
    await stream.synchronize()
    before = (await device.counters())["doorbells"]
    refuses(ArgumentError, stream.copy, host, buffer, 17)
    refuses(ArgumentError, stream.copy, host, buffer, 8, source_offset=9)
    refuses(ArgumentError, stream.copy, host, buffer, -1)
    refuses(ArgumentError, stream.fill, buffer, 1 << 64)
    refuses(ArgumentError, stream.write, buffer, bytes(25))
    refuses(ArgumentError, kernels.gemm, buffer, buffer, buffer)
    refuses(ArgumentError, stream.wait, device.semaphore())
    refuses(ArgumentError, device.empty, (-1, 2))
    refuses(ArgumentError, device.stream, weight=0)
    own = device.function.bars[2].address
    refuses(ArgumentError, stream.submit, encode.copies(own, 0, 8, source_space=Space.HOST))
    buffer.free()
    refuses(UseAfterFree, stream.copy, host, buffer)
    refuses(UseAfterFree, buffer.free)
    await stream.synchronize()
    assert (await device.counters())["doorbells"] == before


async def memory_is_reused_only_when_done(device: Device) -> None:
    """RT-DONE-004: a buffer that is freed at once keeps its bytes until its copy has retired."""
    stream = device.stream()
    landing = device.empty(65536)
    for value in range(1, 6):
        source = device.pinned(65536)
        source.array[:] = value
        stream.copy(landing, source)
        source.free()
        other = device.pinned(65536)
        other.array[:] = 0xEE
        assert (await stream.download(landing) == value).all()
        other.free()


async def deadlines_are_hangs(device: Device) -> None:
    """A wait that nobody ends raises DeadlineExceeded and names the waiting queue (RT-FAIL-005)."""
    stream, gate = device.stream(), device.semaphore()
    stream.wait(gate, 1)
    try:
        await stream.synchronize(20_000)
    except DeadlineExceeded as error:
        assert f"semaphore {gate.index}" in str(error)
    else:
        raise AssertionError("the wait ended by itself")
    gate.set(1)
    await stream.synchronize()


async def device_reset_starts_afresh(device: Device) -> None:
    """ERR-RESET-004 through the runtime: streams and buffers stay usable, CYCLES goes on."""
    stream, gate = device.stream(), device.semaphore()
    stream.wait(gate, 1)
    event = stream.record()
    stream.flush()
    cycles = await device.read(registers.DEVICE.CYCLES)
    await device.reset()
    try:
        await event
    except QueueError as error:
        assert error.report.code is Error.ABORTED
    else:
        raise AssertionError("the event of a stopped command has happened")
    assert await device.read(registers.DEVICE.CYCLES) > cycles
    buffer = device.empty(100)
    stream.fill(buffer, 0x5555555555555555)
    assert (await stream.download(buffer) == 0x55).all()


async def bus_master_off_stalls_everything(device: Device) -> None:
    """EP-BM-001, EP-BM-002: nothing is sent meanwhile, and nothing is lost."""
    stream = device.stream()
    host, local = device.pinned(65536), device.empty(65536)
    stream.fill(local, 0x6666666666666666)
    await stream.synchronize()
    for _ in range(4):
        stream.copy(host, local)
    stream.flush()
    await pause(device, 700)
    await device.function.bus_master(False)
    before = await device.counters()
    await pause(device, 2000)
    after = await device.counters()
    assert after["tx_bytes"] == before["tx_bytes"]
    await device.function.bus_master(True)
    await stream.synchronize()
    assert (host.array == 0x66).all()


async def counters_are_exact(device: Device) -> None:
    """OBS-COUNT-001 for aligned copies: payload bytes, commands, doorbells, interrupts."""
    stream = device.stream()
    host, local = device.pinned(8192), device.empty(8192)
    assert host.address % 64 == local.address % 64 == 0
    await stream.synchronize()
    before = await device.counters()
    stream.copy(local, host)
    stream.copy(host, local)
    stream.flush()
    await stream.synchronize()
    await device.poll(
        registers.QUEUE[stream.queue.number].STATUS, {"idle": 1}, 100_000, "going idle"
    )
    after = await device.counters()
    moved = {name: after[name] - before[name] for name in after}
    assert (moved["commands"], moved["doorbells"], moved["interrupts"]) == (2, 1, 1)
    assert moved["rx_bytes"] == 8192 + 2 * 64
    # Data, one record, one message, and one to three write-backs of get.
    assert moved["tx_bytes"] - (8192 + 16 + 4) in (8, 16, 24)
