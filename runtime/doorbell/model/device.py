"""The whole device: configuration space, BARs, queues and what they share, wired together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from doorbell.contract import CompletionStatus, FatalCause, TlpKind, registers
from doorbell.contract.limits import BAR0_BYTES
from doorbell.model import capabilities, wiring
from doorbell.model.arbiter import Arbiter
from doorbell.model.bar0 import Bar0
from doorbell.model.clock import Clock, Timer
from doorbell.model.config import ConfigSpace
from doorbell.model.core import Core
from doorbell.model.counters import Counters
from doorbell.model.errorbits import ErrorBits
from doorbell.model.host import Host
from doorbell.model.interrupts import Interrupts
from doorbell.model.queue import Queue
from doorbell.model.requester import Requester, pieces
from doorbell.model.semaphores import Semaphores
from doorbell.model.settings import QueueSettings
from doorbell.model.shape import Shape
from doorbell.model.tags import Tags
from doorbell.model.timing import Delays
from doorbell.model.units import Units
from doorbell.model.variant import Choices

__all__ = ["DeviceModel"]

_MASK: Final = (1 << 64) - 1
_SPOILT: Final = (
    1 << 20
)  # bytes of device memory that a reset may leave as rubbish: enough to be noticed


class DeviceModel:
    """The device as its link and its clock see it; every call acts in the current cycle."""

    def __init__(
        self, shape: Shape, choices: Choices, clock: Clock, delays: Delays, host: Host
    ) -> None:
        """Power on: nothing is enabled."""
        self.config = ConfigSpace(shape, choices)
        self.errors = ErrorBits(self.config, choices)
        self.windows: tuple[range, ...] = ()
        """Bus addresses of BAR0 and BAR2; none while memory space is off."""
        self.clock = clock
        self.host = host
        self.counters = Counters()
        self.fatal_cause = FatalCause.NONE
        self.resetting = False
        self._ends: Timer | None = None
        self.reset_at = 0
        """Cycle of the latest device reset, from which COUNTER_CYCLES counts."""
        requester = Requester(self.config, host, self.counters, self.errors, shape.memory)
        self.core = Core(
            shape=shape,
            choices=choices,
            clock=clock,
            delays=delays,
            counters=self.counters,
            errors=self.errors,
            requester=requester,
            semaphores=Semaphores(shape.semaphores),
            interrupts=Interrupts(clock, self.config, requester, shape.vectors),
            units=Units(clock, shape.units),
            tags=Tags(
                clock,
                shape.tags,
                usable=lambda: self.config.tags,
                exhausted=lambda: self.fail(FatalCause.TAGS_EXHAUSTED),
                unexpected=self.unexpected,
            ),
            arbiter=Arbiter(clock, lambda: delays.draw(delays.timing.start)),
            completion_timeout=0,
            quarantine=0,
        )
        self.config.pending = lambda: self.core.tags.pending
        self.bar = Bar0(wiring.implemented(shape), wiring.tables(self.core))
        capabilities.fill(self.bar, shape)
        self.queues = [
            Queue(number, self.core, QueueSettings(wiring.queue_cells(self.bar, number)))
            for number in range(shape.queues)
        ]
        self.core.arbiter.attach(self.queues[::-1] if choices.downwards else self.queues)
        wiring.connect(self)

    # The link ---------------------------------------------------------------------------------------
    def config_read(self, offset: int, size: int) -> int:
        """Answer a configuration read."""
        self._requested(answers=1)
        return self.config.read(offset, size)

    def config_write(self, offset: int, value: int, size: int) -> None:
        """Take a configuration write; what waited for bus master goes on (EP-BM-002)."""
        self._requested(answers=1)
        self.config.write(offset, value, size)
        self.configured()

    def configured(self) -> None:
        """Let a configuration write take effect: windows, bus master, MSI-X masks."""
        self.windows = self.host.own = self._windows()
        self.core.requester.resume()
        self.core.interrupts.refresh()

    def _windows(self) -> tuple[range, ...]:
        bases = self.config.bar(0), self.config.bar(2)
        sizes = BAR0_BYTES, self.core.shape.memory
        return tuple(
            range(base, base + size)
            for base, size in zip(bases, sizes, strict=True)
            if base is not None
        )

    def _requested(self, answers: int) -> None:
        self.counters.rx_tlps += 1
        self.counters.tx_tlps += answers

    def read(self, address: int, length: int) -> bytes | None:
        """Answer one memory read; None: Unsupported Request or Completer Abort (EP-BAR-003, DEV-REG-004)."""
        self._requested(answers=pieces(address, length, self.config.payload))
        status, data = self.load(address, length)
        self.errors.answered(status)
        return data if status is CompletionStatus.SC else None

    def load(
        self, address: int, length: int, *, whole: bool = True
    ) -> tuple[CompletionStatus, bytes]:
        """Return how a read of bytes ends, and the bytes; not ``whole``: only some of them are enabled."""
        for number, window in enumerate(self.windows):
            if address in window and address + length <= window.stop:
                at = address - window.start
                if number:
                    return CompletionStatus.SC, self.core.requester.memory[
                        at : at + length
                    ].tobytes()
                value = self.bar.read(at, length) if whole else None
                if value is None:
                    return CompletionStatus.CA, b""
                return CompletionStatus.SC, value.to_bytes(length, "little")
        return CompletionStatus.UR, b""

    def write(self, address: int, data: bytes) -> None:
        """Take one memory write: in order, in either BAR (ORD-IN-001)."""
        self._requested(answers=0)
        self.store(address, data)

    def store(self, address: int, data: bytes, gaps: Sequence[int] = ()) -> None:
        """Store the bytes of one memory write but those at ``gaps``, which are not enabled."""
        for number, window in enumerate(self.windows):
            if address in window and address + len(data) <= window.stop:
                at = address - window.start
                if number:
                    place = self.core.requester.memory[at : at + len(data)]
                    kept = place[list(gaps)]
                    place[:] = np.frombuffer(data, np.uint8)
                    place[list(gaps)] = kept
                elif gaps or not self.bar.write(at, int.from_bytes(data, "little"), len(data)):
                    self.bar.cell(registers.DEVICE.DROPPED_WRITES).value += 1
                return
        self.errors.dropped_write()

    def atomic(
        self, kind: TlpKind, address: int, size: int, operand: int, compare: int = 0
    ) -> int | None:
        """Answer an AtomicOp with the old value; None: Unsupported Request (EP-ATOMIC rules).

        ``compare`` is used by CAS only; ``size`` in bytes.
        """
        self._requested(answers=1)
        old = self.exchange(kind, address, size, operand, compare)
        if old is None:
            self.errors.answered(CompletionStatus.UR)
        return old

    def exchange(
        self, kind: TlpKind, address: int, size: int, operand: int, compare: int
    ) -> int | None:
        """Do what an AtomicOp asks for; see `atomic`."""
        window = next(iter(self.windows), range(0))
        place = registers.SEMAPHORE_SET
        index, rest = divmod(address - window.start - place.offset, 8)
        semaphores = self.core.semaphores
        if size != 8 or rest or address not in window or not 0 <= index < len(semaphores.values):
            return None
        old = semaphores.values[index]
        match kind:
            case TlpKind.FETCHADD32 | TlpKind.FETCHADD64:
                semaphores.add(index, operand)
            case TlpKind.SWAP32 | TlpKind.SWAP64:
                semaphores.set(index, operand)
            case TlpKind.CAS32 | TlpKind.CAS64:
                if old == compare & _MASK:
                    semaphores.set(index, operand)
            case _:
                return None
        return old

    # The device as a whole ----------------------------------------------------------------------------
    @property
    def idle(self) -> bool:
        """Nothing in flight and nothing waits (DEV-IDLE-001)."""
        quiet = all(queue.idle for queue in self.queues)
        return quiet and not self.resetting and not self.core.interrupts.unsent

    def doorbell(self, number: int, new: int) -> None:
        """Take a doorbell of queue ``number`` (CP-DB-005, DEVICE.COUNTER_DOORBELLS)."""
        queue = self.queues[number]
        if queue.disabled:
            self.bar.cell(registers.DEVICE.DROPPED_DOORBELLS).value |= 1 << number
        elif queue.ring(new):
            self.counters.doorbells += 1

    def unexpected(self, completions: int) -> None:
        """Drop and count completions that answer no outstanding request (EP-CPL-005)."""
        self.bar.cell(registers.DEVICE.UNEXPECTED_COMPLETIONS).value += completions
        self.errors.unexpected()

    def fail(self, cause: FatalCause) -> None:
        """Become fatal: no start, no request, until device reset (ERR-FATAL rules)."""
        if self.fatal_cause is FatalCause.NONE:
            self.fatal_cause = cause
            self.core.requester.fatal = True
            self.errors.fatal(cause)

    def reset(self) -> None:
        """Reset all but configuration space and CYCLES (ERR-RESET-004); resting tags go on resting (EP-TAG-002)."""
        core = self.core
        core.requester.forget()
        self.bar.reset()
        capabilities.fill(self.bar, core.shape)
        for queue in self.queues:
            queue.power_on()
        for part in (core.semaphores, core.interrupts, core.units):
            part.reset()
        if core.choices.spoils:
            core.requester.memory[:_SPOILT] = 0xA5
        self.counters.clear()
        self.fatal_cause, core.requester.fatal = FatalCause.NONE, False
        self.reset_at = self.clock.now
        wiring.take_times(self)
        self.resetting = True
        if self._ends is not None:
            self._ends.cancel()
        self._ends = self.clock.after(core.delays.draw(core.delays.timing.reset), self._ready)

    def _ready(self) -> None:
        self.resetting = False

    def snapshot(self) -> None:
        """Freeze the counters (OBS-SNAPSHOT-001)."""
        frozen = self.clock.now - self.reset_at, *self.counters.frozen()
        for register, value in zip(wiring.COUNTERS, frozen, strict=True):
            self.bar.cell(register).value = value

    def waits(self) -> list[str]:
        """Say what every busy queue waits for, one line each."""
        return [line for line in (queue.waits_for() for queue in self.queues) if line]
