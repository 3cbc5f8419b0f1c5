"""Corners that every device must get right; each was added because a planted bug got past everything else."""

from __future__ import annotations

from typing import Any

import numpy as np
from programs import UNMAPPED, Mirror, generator, halts, refuses
from raw import RawQueue, pause, spare, until
from ring_programs import event, nop

from doorbell import Device, Stream, encode, kernels, reference
from doorbell.contract import ARGUMENTS, Error, Flag, Kernel, QueueState, Space, registers
from doorbell.errors import FaultError


async def comes_to_rest(queue: RawQueue) -> QueueState:
    """Wait until the queue is idle; return its state."""
    await queue.device.poll(queue.block.STATUS, {"idle": 1}, 50_000, "going idle")
    return QueueState((await queue.status())["state"])


async def capability(device: Device, wanted: int) -> int:
    """Offset of a capability in configuration space."""
    read = device.transport.config_read
    at = await read(0x34, 1)
    while await read(at, 1) != wanted:
        at = await read(at + 1, 1)
        assert at, f"no capability {wanted:#x}"
    return at


# Endpoint -------------------------------------------------------------------------------------------
async def the_function_mask_holds_messages(device: Device) -> None:
    """INT-MASK-001, INT-MASK-002 for the mask of all vectors."""
    transport, vector, at = device.transport, spare(device, 9), device.function.msix + 2
    control = await transport.config_read(at, 2)
    await transport.config_write(at, control | 0x4000, 2)
    queue = RawQueue(device)
    queue.submit(event(vector), event(vector))
    await queue.until_idle()
    assert transport.interrupts(vector) == 0
    assert await device.read_bar0(registers.MSIX_PBA.offset) == 1 << vector
    await transport.config_write(at, control, 2)
    await pause(device, 1000)
    assert transport.interrupts(vector) == 1
    assert await device.read_bar0(registers.MSIX_PBA.offset) == 0
    await queue.finish()


async def reads_see_every_write_before(device: Device) -> None:
    """ORD-READ-002: the last of several writes in a row, in either BAR."""
    transport, buffer = device.transport, device.empty(4096)
    words = [device.bar0 + registers.SEMAPHORE_SET.word(100 + number) for number in range(6)]
    window = device.function.bars[2].address + buffer.address
    for lap in range(1, 41):
        for word in words:
            transport.write(word, lap)
        assert await transport.read(words[-1]) == lap
        transport.write_block(window, bytes([lap]) * 500)
        assert await transport.read(window + 488) == lap * 0x0101010101010101


async def smallest_payloads_and_requests(device: Device) -> None:
    """EP-TLP-001, EP-TLP-002: 128 bytes each; the checkers see to it that nothing is larger."""
    transport = device.transport
    at = await capability(device, 0x10) + 8
    control = await transport.config_read(at, 2)
    await transport.config_write(at, control & ~0x70E0, 2)
    stream = device.stream()
    mirror = Mirror(device, 16384)
    await mirror.start(stream)
    host, local = mirror.expected[Space.HOST], mirror.expected[Space.DEVICE]
    stream.copy(mirror.local, mirror.host, 3001, destination_offset=5, source_offset=4090)
    local[5:3006] = host[4090:7091]
    stream.copy(mirror.host, mirror.local, 2999, destination_offset=8190, source_offset=3)
    host[8190:11189] = local[3:3002]
    stream.copy(mirror.host, mirror.host, 2500, destination_offset=12345, source_offset=1)
    host[12345:14845] = host[1:2501]
    await mirror.check(stream)
    address = device.function.bars[2].address + mirror.local.address + 3
    assert await transport.read_block(address, 3000) == local[3:3003].tobytes()


async def a_copy_reads_what_the_last_one_wrote(device: Device) -> None:
    """ORD-RETIRE-001: the end of a long copy to the host, read again at once."""
    stream = device.stream()
    host, local, back = device.pinned(4096), device.empty(4096), device.empty((20, 64))
    for number in range(20):
        stream.fill(local, (number + 1) * 0x0101010101010101)
        stream.copy(host, local)
        stream.copy(back, host, 64, destination_offset=64 * number, source_offset=4032)
    assert (await stream.download(back) == np.arange(1, 21, dtype=np.uint8)[:, None]).all()


async def host_to_host_copies(device: Device) -> None:
    """DMA-COPY-001 past what a device may hold of one: longer than any buffer of it, at odd addresses."""
    stream = device.stream()
    mirror = Mirror(device, 65536)
    await mirror.start(stream)
    host = mirror.expected[Space.HOST]
    for number, length in enumerate((2047, 2048, 2049, 4095, 4097, 9001)):
        frm, to = 100 * number + 3, 32768 + 100 * number + 62
        stream.copy(mirror.host, mirror.host, length, destination_offset=to, source_offset=frm)
        host[to : to + length] = host[frm : frm + length]
    await mirror.check(stream)


async def length_zero_moves_nothing(device: Device) -> None:
    """DMA-COPY-004: between all spaces, and what comes behind it goes on."""
    stream = device.stream()
    mirror = Mirror(device, 4096)
    await mirror.start(stream)
    for target in Space:
        for source in Space:
            stream.copy(
                mirror.operand(target),
                mirror.operand(source),
                0,
                destination_offset=1000,
                source_offset=4096,
            )
        stream.fill(mirror.operand(target), 0xEE, 4096, 0)
        stream.write(mirror.operand(target), b"", 77)
    await mirror.check(stream)


async def failed_reads_give_their_tags_back(device: Device) -> None:
    """EP-TAG-003: three times as many failures as there are tags."""
    tags = registers.DEVICE.CAP_TAGS.decode(await device.read(registers.DEVICE.CAP_TAGS))["tags"]
    stream, local = device.stream(), device.empty(1 << 16)
    copy = encode.copies(UNMAPPED, local.address, local.nbytes, source_space=Space.HOST)
    while len(device.transport.faults()) < 3 * tags:
        stream.submit(np.concatenate([copy] * 8))
        assert (await halts(stream)).report.code is Error.DMA_UR
        refuses(FaultError, device.check_faults)
        await stream.reset()
    state = registers.DEVICE.TAGS.decode(await device.read(registers.DEVICE.TAGS))
    assert state == {"free": tags, "quarantined": 0}


# Command processor ----------------------------------------------------------------------------------
async def doorbells_at_every_offset(device: Device) -> None:
    """CP-DB-010: a doorbell so long after the last one, or after its record, and nothing else to wake the queue."""
    queue = RawQueue(device, log2=8)

    def done() -> bool:
        return queue.recorded == queue.put

    for offset in (*range(192), *range(-64, 0)):
        queue.submit(nop(queue, queue.put + 1))
        if offset < 0:
            await until(device, done)
        await pause(device, offset % 64 if offset < 0 else offset)
        queue.submit(nop(queue, queue.put + 1))
        await until(device, done)
    await queue.finish()


async def crowded(device: Device, copies: int = 3) -> Stream:
    """Start a stream whose copies fill the way to the host for some thousand cycles."""
    stream, host, local = device.stream(), device.pinned(1 << 16), device.empty(1 << 16)
    for _ in range(copies):
        stream.copy(host, local)
    stream.flush()
    await pause(device, 1000)
    return stream


async def interrupts_follow_records_under_load(device: Device) -> None:
    """ORD-UP-001: records, write-backs, messages and data of a copy crowd the way to the host."""
    transport, vector = device.transport, spare(device, 11)
    stream, queue = await crowded(device), RawQueue(device, log2=8)

    def recorded(value: int) -> bool:
        assert transport.interrupts(vector) <= queue.recorded // 3
        return queue.recorded >= value

    for batch in range(16):
        packets = []
        for number in range(16 * batch + 1, 16 * batch + 17):
            packet = nop(queue, number)
            if number % 3 == 0:
                packet["flags"] = Flag.RECORD | Flag.INTERRUPT
                packet["vector"] = vector
            packets.append(packet)
        queue.submit(*packets)
        await until(device, lambda batch=batch: recorded(16 * batch + 16))
    await queue.finish()
    await stream.synchronize()


async def registers_follow_writes(device: Device) -> None:
    """ORD-READ-001: what RETIRED says has come to host memory before it."""
    stream, queue = await crowded(device), RawQueue(device)
    host, local = device.pinned(1024), device.empty(1024)
    for value in range(1, 21):
        fill = encode.fill(local.address, value * 0x0101010101010101, 1024)
        copy = encode.copies(local.address, host.address, 1024, destination_space=Space.HOST)
        copy["flags"] = Flag.BARRIER
        queue.submit(fill, copy, nop(queue, value))
        while await device.read(queue.block.RETIRED) < 3 * value:
            assert queue.recorded <= value
        assert queue.recorded == value
        assert (host.array == value).all()
    await queue.finish()
    await stream.synchronize()


async def idle_means_that_all_is_told(device: Device) -> None:
    """CP-STATE-005, CP-WB-004: at the first idle, record and write-back have come."""
    stream, queue = await crowded(device, 8), RawQueue(device)
    for value in range(1, 61):
        queue.submit(nop(queue, value))
        while not (await queue.status())["idle"]:
            assert queue.recorded <= value
        assert queue.recorded == queue.written_back == value
    await queue.finish()
    await stream.synchronize()


async def records_of_many_queues(device: Device) -> None:
    """CP-RETIRE-003: each has its own, however many want to write at once."""
    crowd = await crowded(device)
    streams = [device.stream() for _ in range(min(5, device.capabilities.queues - 1))]
    for _ in range(12):
        for stream in streams:
            stream.submit(encode.nops(1))
            stream.flush()
        for stream in streams:
            await stream.synchronize()
    await crowd.synchronize()


async def nothing_starts_behind_a_wait(device: Device) -> None:
    """CP-START-005: without BARRIER either."""
    queue, gate, host = RawQueue(device), device.semaphore(), device.pinned(64)
    fill = encode.fill(host.address, 0x1111111111111111, 64, space=Space.HOST)
    queue.submit(encode.wait(gate.index, 1), fill, nop(queue, 1))
    await pause(device, 3000)
    assert not host.array.any()
    gate.set(1)
    await queue.until_idle()
    assert (host.array == 0x11).all()
    await queue.finish()


async def the_lowest_failure_is_reported(device: Device) -> None:
    """ERR-HALT-003: a copy that fails late, in front of a packet that fails at once."""
    queue, local = RawQueue(device), device.empty(64)
    bad = encode.nop()
    bad["opcode"] = 0
    copy = encode.copies(UNMAPPED, local.address, 64, source_space=Space.HOST)
    queue.submit(nop(queue, 1), copy, bad)
    assert await comes_to_rest(queue) is QueueState.HALTED
    assert (queue.code, queue.error["index"]) == (Error.DMA_UR, 1)
    assert queue.recorded == 1
    refuses(FaultError, device.check_faults)
    await queue.finish()


async def limits_are_exact(device: Device) -> None:
    """CP-PKT-009, CP-PKT-015, CP-PKT-017, CP-PKT-018: the last legal value, and the first that is not."""
    counts = device.capabilities
    end = counts.memory
    cases: tuple[tuple[Any, Error | None], ...] = (
        (event(counts.vectors - 1), None),
        (event(counts.vectors), Error.BAD_VECTOR),
        (encode.signal(counts.semaphores - 1, 5), None),
        (encode.signal(counts.semaphores, 5), Error.BAD_SEMAPHORE),
        (encode.fill(end, 0, 0), None),
        (encode.fill(end - 1, 0, 1), None),
        (encode.fill(end, 0, 1), Error.OUT_OF_RANGE),
        (encode.fill(end + 1, 0, 0), Error.OUT_OF_RANGE),
        (encode.write(end - 24, bytes(24)), None),
        (encode.write(end - 23, bytes(24)), Error.OUT_OF_RANGE),
    )
    for number, (packet, error) in enumerate(cases):
        queue = RawQueue(device)
        queue.submit(packet, nop(queue, 1))
        state = await comes_to_rest(queue)
        found = queue.code if state is QueueState.HALTED else None
        assert (found, queue.recorded) == (error, int(error is None)), number
        await queue.finish()


async def queue_reset_during_reads(device: Device) -> None:
    """ERR-RESET-002: what the host had been asked for lands nowhere when the reset is over."""
    transport, host, local = device.transport, device.pinned(1 << 14), device.empty(1 << 14)
    window = device.function.bars[2].address + local.address
    for number in range(12):
        queue = RawQueue(device)
        copy = encode.copies(host.address, local.address, 1 << 14, source_space=Space.HOST)
        queue.submit(copy, copy, copy)
        await pause(device, 150 + 120 * number)
        queue.control(reset=1)
        await queue.until_idle(QueueState.DISABLED)
        transport.write_block(window, bytes([0xA5]) * local.nbytes)
        await pause(device, 2000)
        found = np.frombuffer(await transport.read_block(window, local.nbytes), np.uint8)
        assert (found == 0xA5).all(), number
        await queue.finish()


async def device_reset_during_transfers(device: Device) -> None:
    """ERR-RESET-002: what a reset stopped never lands, whenever it comes."""
    stream = device.stream()
    host, local = device.pinned(1 << 15), device.empty(1 << 15)
    for number in range(12):
        with stream.overlap():
            stream.copy(host, local)
            stream.copy(local, host)
            stream.copy(host, local)
        stream.flush()
        await pause(device, 30 + 130 * number)
        await device.reset()
        host.array[:] = 0xA5
        device.transport.publish()
        await pause(device, 3000)
        assert (host.array == 0xA5).all(), number
        stream.fill(local, 0x7777777777777777)
        assert (await stream.download(local) == 0x77).all(), number


async def a_new_stream_starts_from_nothing(device: Device) -> None:
    """RT-DONE-002: its memory was another stream's before, with that one's records in it."""
    first = device.stream()
    first.submit(encode.nops(40))
    await first.close()
    second, gate = device.stream(), device.semaphore()
    second.wait(gate, 1)
    happened = second.record()
    second.flush()
    await pause(device, 2000)
    assert not happened.done
    gate.set(1)
    await happened


# Semaphores and units -------------------------------------------------------------------------------
async def many_waiters_on_many_values(device: Device) -> None:
    """SEM-WAIT-001: each write ends the WAITs that it satisfies, and no other."""
    rng = generator(device)
    streams = [device.stream() for _ in range(min(5, device.capabilities.queues))]
    gates = [device.semaphore() for _ in streams]
    events = []
    for stream, gate in zip(streams, gates, strict=True):
        events.append([])
        for value in range(1, 5):
            stream.wait(gate, value)
            events[-1].append(stream.record())
            stream.flush()
    reached = [0] * len(streams)
    while min(reached) < 4:
        at = int(rng.choice([n for n, value in enumerate(reached) if value < 4]))
        reached[at] += 1
        gates[at].set(reached[at])
        await events[at][reached[at] - 1]
        await pause(device, 500)
        done = [[item.done for item in row].count(True) for row in events]
        assert done == reached


async def launches_keep_their_arguments(device: Device) -> None:
    """RT-SUBMIT-003: many launches in one batch, each with other arguments."""
    rng, stream = generator(device), device.stream()
    x = rng.integers(-(1 << 20), 1 << 20, (3, 20)).astype(np.int32)
    bias = np.zeros(20, np.int32)
    inputs, biases = device.upload(x), device.upload(bias)
    scales = [
        {"multiplier": int(rng.integers(1 << 30)), "shift": 40, "lo": -number, "hi": number}
        for number in range(24)
    ]
    outputs = [device.empty((3, 20), np.int8) for _ in scales]
    for scale, y in zip(scales, outputs, strict=True):
        stream.launch(kernels.requantise(inputs, biases, y, **scale))
    for scale, y in zip(scales, outputs, strict=True):
        expected = reference.requantise(x, bias, **scale)
        assert np.array_equal(await stream.download(y), expected), scale


async def a_launch_is_over_with_its_last_element(device: Device) -> None:
    """EU-LAUNCH-001: long products, downloaded at once."""
    rng, stream = generator(device), device.stream()
    a = rng.integers(-128, 128, (20, 600)).astype(np.int8)
    b = rng.integers(-128, 128, (600, 70)).astype(np.int8)
    left, right = device.upload(a), device.upload(b)
    product = device.zeros((20, 70), np.int32)
    for _ in range(2):
        stream.launch(kernels.gemm(left, right, product))
        assert np.array_equal(await stream.download(product), reference.gemm(a, b))
        stream.fill(product)


async def each_unit_alone(device: Device) -> None:
    """EU-LAUNCH-002: a launch of four work-groups on one unit leaves the others alone."""
    rng, stream = generator(device), device.stream()
    a, b = rng.integers(-128, 128, (64, 8)).astype(np.int8), np.ones((8, 8), np.int8)
    left, right, product = device.upload(a), device.upload(b), device.empty((64, 8), np.int32)
    groups = [registers.UNIT[unit].GROUPS for unit in range(device.capabilities.units)]
    for unit in range(len(groups)):
        before = [await device.read(register) for register in groups]
        stream.launch(kernels.gemm(left, right, product), units=1 << unit)
        assert np.array_equal(await stream.download(product), reference.gemm(a, b))
        after = [await device.read(register) for register in groups]
        moved = [new - old for new, old in zip(after, before, strict=True)]
        assert moved == [4 * (number == unit) for number in range(len(groups))]


async def kernels_keep_to_their_columns(device: Device) -> None:
    """EU-ARITH-002: pitches wider than the matrix; nothing between the rows changes."""
    rng, stream = generator(device), device.stream()
    m, n, k, wide = 20, 37, 9, 80
    a = rng.integers(-128, 128, (m, k)).astype(np.int8)
    b = rng.integers(-128, 128, (k, n)).astype(np.int8)
    c = rng.integers(-(1 << 31), 1 << 31, (m, wide)).astype(np.int32)
    y = rng.integers(-128, 128, (m, wide)).astype(np.int8)
    bias = rng.integers(-1000, 1000, n).astype(np.int32)
    left, right, biases = device.upload(a), device.upload(b), device.upload(bias)
    product, out = device.upload(c), device.upload(y)
    gemm, scale = np.zeros(1, ARGUMENTS[Kernel.GEMM_S8]), np.zeros(1, ARGUMENTS[Kernel.REQUANTISE])
    numbers = {"multiplier": 1 << 20, "shift": 26, "lo": -100, "hi": 100}
    shape = {"m": m, "n": n}
    places = {"a": left.address, "b": right.address, "c": product.address}
    for name, value in (shape | places | {"k": k, "lda": k, "ldb": n, "ldc": 4 * wide}).items():
        gemm[name] = value
    places = {"x": product.address, "bias": biases.address, "y": out.address}
    for name, value in (shape | places | numbers | {"ldx": 4 * wide, "ldy": wide}).items():
        scale[name] = value
    used = (left, right, product, biases, out)
    stream.launch(kernels.Launch(Kernel.GEMM_S8, gemm.view(np.uint8), (1, 2, 1), used))
    stream.launch(kernels.Launch(Kernel.REQUANTISE, scale.view(np.uint8), (1, 2, 1), used))
    c[:, :n] = reference.gemm(a, b)
    y[:, :n] = reference.requantise(np.ascontiguousarray(c[:, :n]), bias, **numbers)
    assert np.array_equal(await stream.download(product), c)
    assert np.array_equal(await stream.download(out), y)


async def an_event_is_told_before_a_wait_behind_it(device: Device) -> None:
    """RT-SUBMIT-004: the host opens the gate only after the event, and both are of one batch."""
    stream, gate = device.stream(), device.semaphore()
    stream.submit(encode.nops(1))
    event = stream.record()
    stream.wait(gate, 1)
    last = stream.record()
    await event
    assert not last.done
    gate.set(1)
    await last
