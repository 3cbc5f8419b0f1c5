"""Work of every kind on one device, to be stopped in the middle and to be done again in full."""

from __future__ import annotations

from typing import Any

import numpy as np
from steps import noise

import doorbell
from doorbell import encode, kernels, reference
from doorbell.contract import Opcode, SignalMode, Space

SIZE = 64 * 1024
"""Bytes of each copy."""


class Work:
    """Five streams that together use every path of the device: both DMA directions, fills, launches, signals.

    ``incoming`` and ``outgoing`` are host memory that the device reads and writes; ``landing`` is the device
    memory at which reads land.
    """

    def __init__(self, device: doorbell.Device) -> None:
        self.device = device
        self.turn = 0
        self.gate = device.semaphore()  # the first of the device, when nobody took one before
        self.streams = [device.stream() for _ in range(5)]
        self.incoming, self.outgoing = device.pinned(SIZE), device.pinned(SIZE)
        self.landing, self.local = device.empty(SIZE), device.empty(SIZE)
        self.left = device.empty((64, 256), np.int8)
        self.right = device.empty((256, 256), np.int8)
        self.product = device.empty((64, 256), np.int32)
        self.incoming.array[:] = noise(1, SIZE)

    def start(self) -> None:
        """Ring every stream, each with some ten thousand cycles of work."""
        self.turn += 1
        up, down, across, compute, signals = self.streams
        for stream in (up, down, across):
            with stream.overlap():
                for _ in range(3):
                    if stream is up:
                        stream.copy(self.landing, self.incoming)
                    elif stream is down:
                        stream.copy(self.outgoing, self.local)
                        stream.record()
                    else:
                        stream.copy(self.outgoing, self.incoming, SIZE // 2)
                        stream.fill(self.local, 0x0123456789ABCDEF)
        for _ in range(3):
            compute.launch(kernels.gemm(self.left, self.right, self.product))
        signals.submit(self._signals())
        for stream in self.streams:
            stream.flush()

    def _signals(self) -> np.ndarray[Any, Any]:
        """SIGNALs to a semaphore, to device memory and to host memory, in turn."""
        kind = np.arange(200) % 3
        modes = np.array([SignalMode.SEMAPHORE_ADD, SignalMode.WRITE8, SignalMode.WRITE8])
        places = np.array([0, self.local.address, self.outgoing.address], np.uint64)
        return encode.encode(
            Opcode.SIGNAL,
            len(kind),
            value=self.turn,  # what never happened is not to be mistaken for what did
            mode=modes[kind],
            semaphore=np.where(kind == 0, self.gate.index, 0),
            destination=places[kind],
            destination_space=np.array([0, Space.DEVICE, Space.HOST])[kind],
        )

    async def check(self, seed: int) -> None:
        """Copy both ways, fill, multiply: every byte is right."""
        rng = np.random.default_rng(seed)
        up, _, across, compute, signals = self.streams
        self.incoming.array[:] = noise(seed, SIZE)
        up.copy(self.landing, self.incoming)
        assert np.array_equal(await up.download(self.landing), self.incoming.array)
        across.fill(self.local, 0xEE, 8, SIZE - 16)
        across.copy(self.outgoing, self.incoming, SIZE // 2)
        left = rng.integers(-128, 128, self.left.shape).astype(np.int8)
        right = rng.integers(-128, 128, self.right.shape).astype(np.int8)
        pinned = [self.device.pinned(a.shape, a.dtype) for a in (left, right)]
        for source, values, target in zip(
            pinned, (left, right), (self.left, self.right), strict=True
        ):
            source.array[:] = values
            compute.copy(target, source)
        compute.launch(kernels.gemm(self.left, self.right, self.product))
        signals.submit(encode.nops(300))
        assert np.array_equal(await compute.download(self.product), reference.gemm(left, right))
        await signals.synchronize()
        await across.synchronize()
        half = SIZE // 2
        assert np.array_equal(self.outgoing.array[:half], self.incoming.array[:half])
        for source in pinned:
            source.free()
