"""One queue: doorbell, states, and what moves its packets from the ring to their retirement (CP and ERR rules)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from doorbell.contract import Error, QueueState
from doorbell.model.core import Core
from doorbell.model.counts import advance, before, distance
from doorbell.model.fetch import Fetch
from doorbell.model.pipeline import Pipeline
from doorbell.model.report import Failure, record
from doorbell.model.settings import QueueSettings
from doorbell.model.writeback import Writeback

__all__ = ["Queue"]


class Queue:
    """Packets go ring, `Fetch`, held, `Pipeline`; `_settle` plans one retirement, or the end, at a time."""

    def __init__(self, number: int, core: Core, settings: QueueSettings) -> None:
        """DISABLED; ``settings`` are its registers."""
        self.number = number
        self.state = QueueState.DISABLED
        self.resetting = False
        self.put = 0
        self.get = 0
        self.retired = 0
        self.error = bytes(64)
        """The ERROR registers (ERR-RECORD-001)."""
        self._core = core
        self._settings = settings
        self._fetch = Fetch(core, settings, self._arrived, self._fetch_failed)
        self._writeback = Writeback(core, settings)
        self._pipeline = Pipeline(core, settings, self._work)
        self._held: deque[bytes] = deque()
        self._refused = False
        self._planned = False  # a step is on the agenda
        self._generation = 0
        self._epoch = 0

    # Doorbell and control -----------------------------------------------------------------------------
    def ring(self, new: int) -> bool:
        """Take a doorbell; return whether it moved put (CP-DB rules). DISABLED is the caller's case."""
        if self.state is not QueueState.RUNNING or self.resetting or self._refused:
            return False
        if new == self.put:
            return False
        code = Error.NONE
        if before(new, self.put):
            code = Error.DOORBELL_BACKWARDS
        elif distance(self.get, new) > self._settings.ring_size:
            code = Error.DOORBELL_OVERFLOW
        if code is not Error.NONE:
            self._refused = True
            self._pipeline.note(Failure(self.put, code, detail=new & 0xFFFF_FFFF))
            return False
        self.put = new
        self._work()
        return True

    def enable(self) -> None:
        """DISABLED to RUNNING (CP-STATE-001, CP-CFG-002)."""
        if self.state is QueueState.DISABLED and not self.resetting:
            self._rebase(self._settings.start)
            self.retired = 0
            self.state = QueueState.RUNNING
            self._writeback.begin(self.get)

    def drain(self) -> None:
        """RUNNING to DRAINING: nothing more starts (CP-STATE-003)."""
        if self.state is QueueState.RUNNING and not self.resetting:
            self.state = QueueState.DRAINING
            self._fetch.stop()
            self._held.clear()
            self._settle()

    def reset(self) -> None:
        """Stop everything; DISABLED with put equal to get follows within its bound (ERR-RESET rules)."""
        if not self.resetting:
            self.resetting = True
            self._stop()
            self._later(self._core.delays.draw(self._core.delays.timing.reset), self._disabled)

    def power_on(self) -> None:
        """Be as after power-on, at once: device reset (ERR-RESET-004)."""
        self._stop()
        self._disabled()
        self._rebase(0)
        self.retired = self._generation = 0

    def _stop(self) -> None:
        self._epoch += 1
        self._planned = False
        self._fetch.stop()
        self._writeback.stop()
        self._held.clear()
        self._pipeline.stop()

    def _rebase(self, count: int) -> None:
        self.put = self.get = count
        self._pipeline.begin(count)
        self._refused = False

    def _disabled(self) -> None:
        self.state = QueueState.DISABLED
        self.resetting = False
        self._rebase(0 if self._core.choices.zero_counts else self._settings.start)
        self.error = bytes(64)

    @property
    def disabled(self) -> bool:
        """Whether its configuration is writable and doorbells are reported as dropped."""
        return self.state is QueueState.DISABLED

    @property
    def _busy(self) -> bool:
        """Whether anything is read, held, or started and not retired."""
        return bool(self._held) or self._fetch.busy or not self._pipeline.empty

    @property
    def idle(self) -> bool:
        """Nothing started, held or outstanding (CP-STATE-005), and get written back (CP-WB-004)."""
        unread = self.state is QueueState.RUNNING and self.put != self.get
        return not (self._busy or self._planned or unread or self.resetting or self._writeback.due)

    # Fetch and start ----------------------------------------------------------------------------------
    def _work(self) -> None:
        """Something has changed: read more of the ring, let the arbiter look, plan the next step."""
        if self.state is QueueState.RUNNING and not self.resetting:
            if (
                self.get != self.put
                and len(self._held) < self._core.choices.held
                and not self._fetch.busy
            ):
                failure = self._pipeline.failure
                if failure is None or before(self.get, failure.count):
                    self._fetch.request(self.get, self.put)
            if self.can_start():
                self._core.arbiter.kick()
        self._settle()

    def _arrived(self, packets: list[bytes]) -> None:
        self._held.extend(packets)
        self.get = advance(self.get, len(packets))
        self._writeback.moved(self.get)
        self._work()

    def _fetch_failed(self, code: Error, address: int) -> None:
        """A failing packet at the first count that the read did not deliver whole (CP-FETCH-001)."""
        self._pipeline.note(Failure(self.get, code, address=address))

    @property
    def weight(self) -> int:
        """Packets in one turn of the round-robin."""
        return self._settings.weight

    def can_start(self) -> bool:
        """Whether the next packet can start now (CP-START rules)."""
        if not self._held or self.state is not QueueState.RUNNING:
            return False
        return self._pipeline.takes(self._held[0][0], self._held[0][1])

    def start(self) -> None:
        """Start the next packet; the arbiter says when."""
        self._pipeline.start(self._held.popleft())
        self._work()

    # Retirement and end -------------------------------------------------------------------------------
    def _settle(self) -> None:
        if self._next_step() is None:
            if self.get == self.put and not self._busy and self._core.choices.flushes:
                self._flush()
        elif not self._planned:
            self._planned = True
            self._later(self._core.delays.draw(self._core.delays.timing.retire), self._step)

    def _next_step(self) -> Callable[[], None] | None:
        """What is due: a retirement, HALTED, DISABLED after draining, or nothing."""
        pipeline = self._pipeline
        if pipeline.retirable() is not None:
            return self._retire
        if self.state not in (QueueState.RUNNING, QueueState.DRAINING) or self._fetch.busy:
            return None
        if pipeline.failing():
            return self._halt
        if self.state is not QueueState.DRAINING or not pipeline.empty:
            return None
        reports = self._core.choices.drain_reports and pipeline.failure is not None
        return self._halt if reports else self._drained

    def _step(self) -> None:
        """Do what is due, once the link is open if that sends something (EP-BM-002)."""
        self._planned = False
        step = self._next_step()
        if step is None:
            return
        told = (
            self._settings.error_record is not None
            or self._settings.error_vector is not None
            or self._writeback.due
        )
        link = self._pipeline.link_needed() if step == self._retire else step == self._halt and told
        if link and not self._core.requester.open:
            self._planned = True
            epoch = self._epoch
            self._core.requester.when_open(lambda: self._step() if epoch == self._epoch else None)
            return
        step()
        self._work()

    def _retire(self) -> None:
        self.retired += 1
        self._pipeline.retire()

    def _halt(self) -> None:
        """Record, then state, then vector (ERR-HALT-004, ERR-RECORD-002, ERR-RECORD-003)."""
        failure = self._pipeline.failure
        assert failure is not None
        self._pipeline.stop()
        self._held.clear()
        self._flush()
        self._generation += 1
        self.error = record(failure, self.number, self._core.clock.now, self._generation)
        address, vector = self._settings.error_record, self._settings.error_vector
        if address is not None:
            self._core.requester.post(address, self.error)
        self.state = QueueState.HALTED
        if vector is not None and vector < self._core.shape.vectors:
            self._core.interrupts.event(vector)

    def _drained(self) -> None:
        """DRAINING to DISABLED (CP-STATE-004)."""
        self._flush()
        self.state = QueueState.DISABLED

    def _flush(self) -> None:
        """Write get back before the queue says that it is idle; later if nothing may be sent (CP-WB-004, EP-BM-002)."""
        if self._core.requester.open:
            self._writeback.write()

    def _later(self, cycles: int, action: Callable[[], None]) -> None:
        """Do ``action`` in ``cycles`` unless the queue is reset before."""
        epoch = self._epoch
        self._core.clock.after(cycles, lambda: action() if epoch == self._epoch else None)

    def waits_for(self) -> str:
        """Say in words what holds the queue up; empty when it is idle."""
        if self.idle:
            return ""
        what = self._pipeline.waits_for() or f"put {self.put}, get {self.get}"
        if not self._core.requester.open:
            what += ", and the device may send no request"
        return f"queue {self.number} {self.state.name}: {what}"
