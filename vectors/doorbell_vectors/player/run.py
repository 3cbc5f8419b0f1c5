"""What a vector's ops work with while it is played, and the log of its transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell_vectors.format import expect
from doorbell_vectors.format import octets as segmented
from doorbell_vectors.format.document import Step
from doorbell_vectors.format.octets import Octets, Segment
from doorbell_vectors.format.values import Values
from doorbell_vectors.player.clock import Clock
from doorbell_vectors.player.errors import Broken, Mismatch
from doorbell_vectors.player.hardware import Hardware
from doorbell_vectors.player.placement import Placed

__all__ = ["Op", "Run"]

Log = Callable[[Mapping[str, Any]], None]
_SHOWN = 64
"""Bytes of data in one line of the log."""


@dataclass(slots=True)
class Run:
    """One play of one vector, or of a recipe."""

    hardware: Hardware
    clock: Clock
    values: Values
    log: Log
    """Takes one transaction: step, device time, op, address, data, expectation, whether it held."""
    buffers: dict[str, Placed] = field(default_factory=dict)
    unmapped: set[str] = field(default_factory=set)
    """Buffers that the vector has withdrawn."""
    interrupts: dict[int, int] = field(default_factory=dict)
    """Count of each vector's interrupts when the vector began."""
    tlps: int = 0
    """TLPs that had crossed the link when the vector began."""
    faults: int = 0
    """Count of refused accesses when the vector began."""
    step: int | None = None
    op: str = ""
    unobserved: bool = False
    """An expectation needs an analyser that this host lacks."""

    def buffer(self, name: str) -> Placed:
        """Return a buffer by name. Raises `Broken` for one that is not there."""
        if name not in self.buffers:
            raise Broken(f"buffer {name!r}; there are: {', '.join(self.buffers) or 'none'}")
        return self.buffers[name]

    def part(self, name: str, at: int, size: int) -> npt.NDArray[np.uint8]:
        """Return ``size`` bytes of a buffer, in place. Raises `Broken` past its end."""
        memory = self.buffer(name).memory
        if at + size > memory.size:
            raise Broken(f"{size} bytes at {at} of buffer {name!r}, which has {memory.size}")
        return memory[at : at + size]

    def octets(self, segments: Sequence[Segment]) -> Octets:
        """Return what segments stand for."""
        return segmented.octets(segments, self.values)

    def within(self, step: Step) -> int:
        """Return the limit of a step in device cycles; 0: it looks once."""
        return self.values(step["within"]) if "within" in step else 0

    def tell(self, where: str, data: Any = None, expected: str = "", *, ok: bool = True) -> None:
        """Log one transaction of the step at work."""
        shown = data
        if isinstance(data, bytes | np.ndarray):
            raw = bytes(data[:_SHOWN])
            shown = raw.hex() + (f"... {len(data)} bytes" if len(data) > _SHOWN else "")
        elif isinstance(data, int):
            shown = hex(data)
        self.log(
            {
                "step": self.step,
                "time": self.hardware.transport.now(),
                "op": self.op,
                "address": where,
                "data": shown,
                "expect": expected,
                "ok": ok,
            }
        )

    async def expect_number(
        self,
        step: Step,
        where: str,
        look: Callable[[], Awaitable[int]],
        *,
        kind: str = "value",
    ) -> int:
        """Look until ``expect`` of the step holds, or its limit has passed; save and log what was found.

        Raises:
            Mismatch: it does not hold.
        """
        found = 0

        async def holds() -> bool:
            nonlocal found
            found = await look()
            return "expect" not in step or expect.met(step["expect"], found, self.values)

        limit = self.within(step)
        ok = await (self.clock.until(holds, limit) if limit else holds())
        wanted = expect.describe(step["expect"], self.values) if "expect" in step else ""
        self.tell(where, found, wanted, ok=ok)
        if not ok:
            after = f" after {limit} device cycles" if limit else ""
            raise Mismatch("timeout" if limit else kind, where, wanted, f"{hex(found)}{after}")
        if "save" in step:
            self.values.saved[step["save"]] = found
        return found

    async def expect_bytes(
        self,
        step: Step,
        where: str,
        segments: Sequence[Segment],
        look: Callable[[], Awaitable[bytes | npt.NDArray[np.uint8]]],
    ) -> None:
        """Look until bytes are as expected, or the limit of the step has passed. Raises `Mismatch`."""
        wanted = self.octets(segments)
        found: bytes | npt.NDArray[np.uint8] = b""

        async def holds() -> bool:
            nonlocal found
            found = await look()
            return wanted.difference(found) is None

        limit = self.within(step)
        ok = await (self.clock.until(holds, limit) if limit else holds())
        self.tell(where, found, f"{wanted.value.size} bytes", ok=ok)
        difference = wanted.difference(found)
        if not ok and difference is not None:
            pairs = zip(difference.expected, difference.mask, strict=True)
            expected = "".join("??" if mask == 0 else f"{byte:02x}" for byte, mask in pairs)
            after = f"; still so after {limit} device cycles" if limit else ""
            raise Mismatch(
                "bytes",
                f"{where} byte {difference.offset}",
                expected,
                f"{difference.found.hex()} ({difference.count} bytes differ{after})",
            )


Op = Callable[[Run, Step], Awaitable[None]]
