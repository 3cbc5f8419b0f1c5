"""One queue: doorbell, states, in-order start and retirement, failure and reset (CP and ERR rules)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from doorbell.contract import Error, Flag, Opcode, QueueState
from doorbell.model.core import Core
from doorbell.model.counts import advance, before, distance
from doorbell.model.execute import Execution
from doorbell.model.fetch import Fetch
from doorbell.model.packet import Command
from doorbell.model.report import Failure, record
from doorbell.model.retire import needs_link, retire
from doorbell.model.settings import QueueSettings
from doorbell.model.validate import Rejection, check
from doorbell.model.writeback import Writeback

__all__ = ["Queue"]

_HELD: Final = 16  # packets read and not started


class Queue:
    """Commands start in order, act when their `Execution` says, and retire in order.

    A failure is noted with its position; the lowest counts (ERR-HALT-003). Nothing at or behind it
    starts, everything before it finishes, and when nothing is in flight the queue is HALTED.
    """

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
        self.staged = 0
        """Low half of the doorbell as last written (CP-DB-008)."""
        self._core = core
        self._settings = settings
        self._fetch = Fetch(core, settings, self._arrived, self._fetch_failed)
        self._writeback = Writeback(core, settings)
        self._held: deque[bytes] = deque()
        self._next = 0  # count of the next packet to start
        self._flying: deque[Execution] = deque()
        self._failure: Failure | None = None
        self._refused = False
        self._planned = False  # a step of `_settle` is on the agenda
        self._generation = 0
        self._epoch = 0

    # Doorbell and control ---------------------------------------------------------------------------
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
            self._note(Failure(self.put, code, detail=new & 0xFFFF_FFFF))
            return False
        self.put = new
        self._work()
        return True

    def enable(self) -> None:
        """DISABLED to RUNNING (CP-STATE-001, CP-CFG-002)."""
        if self.state is QueueState.DISABLED and not self.resetting:
            self.put = self.get = self._next = self._settings.start
            self.retired = 0
            self.state = QueueState.RUNNING
            self._writeback.begin(self.get)

    def drain(self) -> None:
        """RUNNING to DRAINING: nothing more starts (CP-STATE-003)."""
        if self.state is QueueState.RUNNING and not self.resetting:
            self.state = QueueState.DRAINING
            self._settle()

    def reset(self) -> None:
        """Stop everything; DISABLED with put equal to get follows within its bound (ERR-RESET rules)."""
        if not self.resetting:
            self.resetting = True
            self._stop()
            self._later(self._core.delays.draw(self._core.delays.RESET), self._disabled)

    def power_on(self) -> None:
        """Be as after power-on, at once: device reset (ERR-RESET-004)."""
        self._stop()
        self._disabled()
        self.put = self.get = self._next = self.retired = self.staged = 0
        self._generation = 0

    def _stop(self) -> None:
        self._epoch += 1
        self._planned = False
        self._fetch.stop()
        self._writeback.stop()
        self._held.clear()
        for execution in self._flying:
            execution.stop()
        self._flying.clear()

    def _disabled(self) -> None:
        self.state = QueueState.DISABLED
        self.resetting = False
        self.put = self.get = self._next = self._settings.start
        self._failure = None
        self._refused = False
        self.error = bytes(64)

    @property
    def idle(self) -> bool:
        """Nothing started, held or outstanding (CP-STATE-005), and get written back (CP-WB-004)."""
        quiet = not (self._flying or self._held or self._fetch.busy or self._planned)
        waiting = self.state is QueueState.RUNNING and self.put != self.get
        return quiet and not (waiting or self.resetting or self._writeback.due)

    # Fetch ------------------------------------------------------------------------------------------
    def _work(self) -> None:
        """Read more of the ring when there is room, and let the arbiter look."""
        if self.state is QueueState.RUNNING and not self.resetting:
            failed = self._failure is not None and not before(self.get, self._failure.count)
            wanted = self.get != self.put and len(self._held) < _HELD and not failed
            if wanted and not self._fetch.busy:
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
        """A failing packet at the first count that the read asked for (CP-FETCH-001)."""
        self._note(Failure(self.get, code, address=address))

    # Start ------------------------------------------------------------------------------------------
    @property
    def weight(self) -> int:
        """Packets in one turn of the round-robin."""
        return self._settings.weight

    @property
    def wait_limit(self) -> int:
        """Deadline of a WAIT without its own, in cycles; 0: none."""
        return self._settings.wait_limit

    def can_start(self) -> bool:
        """Whether the next packet can start now (CP-START rules)."""
        if not self._held or self.state is not QueueState.RUNNING or self._core.requester.fatal:
            return False
        if self._failure is not None and not before(self._next, self._failure.count):
            return False
        if self._flying:
            last = self._flying[-1].command
            if last.opcode is Opcode.WAIT and not last.performed:
                return False
            if self._held[0][1] & Flag.BARRIER or len(self._flying) >= self._core.shape.window:
                return False
        copy = self._held[0][0] == Opcode.COPY
        return not copy or self._core.copies < self._core.shape.channels

    def start(self) -> None:
        """Validate the next packet whole, then start it (CP-PKT-001)."""
        packet, count = self._held.popleft(), self._next
        self._next = advance(count, 1)
        fields = check(packet, self._core.shape)
        if isinstance(fields, Rejection):
            tag = int.from_bytes(packet[4:8], "little")
            self._note(Failure(count, fields.code, packet[0], tag, fields.address))
            return
        opcode, flags = Opcode(packet[0]), Flag(packet[1])
        command = Command(count, opcode, flags, fields, self._core.clock.now)
        execution = Execution(self._core, self, command)
        self._flying.append(execution)
        limit = self._settings.watchdog_limit
        if limit and opcode is not Opcode.WAIT:
            self._later(limit, lambda: self._watchdog(execution))
        execution.begin()
        self._work()

    def _watchdog(self, execution: Execution) -> None:
        """ERR-WATCHDOG-001."""
        if execution in self._flying:
            execution.stop()
            self.failed(execution.command, Error.WATCHDOG, 0)

    # Retirement and failure -------------------------------------------------------------------------
    def performed(self, command: Command) -> None:
        """Go on: the command may retire, and behind a WAIT the next may start."""
        if command.opcode is Opcode.WAIT:
            self._work()
        else:
            self._settle()

    def failed(self, command: Command, code: Error, address: int) -> None:
        """Note that a started command has failed."""
        tag = command.fields["tag"]
        self._note(Failure(command.count, code, command.opcode, tag, address))

    def _note(self, failure: Failure) -> None:
        if self._failure is None or before(failure.count, self._failure.count):
            self._failure = failure
        for execution in self._flying:
            command = execution.command
            if command.opcode is Opcode.WAIT and before(self._failure.count, command.count):
                execution.stop()  # it could hold up the queue for ever
        self._settle()

    def _settle(self) -> None:
        """Plan the next retirement, or the queue's end, if one is due."""
        step = self._next_step()
        if step is not None and not self._planned:
            self._planned = True
            self._later(self._core.delays.draw(self._core.delays.RETIRE), self._step)
        elif step is None and self._writeback.due and not (self._held or self._fetch.busy):
            if not self._flying and self.get == self.put and self._core.requester.open:
                self._writeback.write()

    def _step(self) -> None:
        self._planned = False
        step = self._next_step()
        if step is None:
            return
        if step == self._retire:
            link = needs_link(self._flying[0].command)
        else:
            link = step == self._halt
        if link and not self._core.requester.open:
            self._planned = True
            epoch = self._epoch
            self._core.requester.when_open(lambda: self._step() if epoch == self._epoch else None)
            return
        step()
        self._work()

    def _next_step(self) -> Callable[[], None] | None:
        failure = self._failure
        if self._flying:
            first = self._flying[0].command
            if failure is None or before(first.count, failure.count):
                return self._retire if first.performed else None
            if not all(execution.command.ended for execution in self._flying):
                return None
        if self._fetch.busy or self.state in (QueueState.DISABLED, QueueState.HALTED):
            return None
        if failure is not None and not before(self._next, failure.count):
            return self._halt
        return self._drained if self.state is QueueState.DRAINING else None

    def _retire(self) -> None:
        command = self._flying.popleft().command
        self.retired += 1
        self._core.counters.commands += 1
        retire(command, self._core)

    def _halt(self) -> None:
        """Record, then state, then vector (ERR-HALT-004, ERR-RECORD-002, ERR-RECORD-003)."""
        assert self._failure is not None
        self._flying.clear()
        self._held.clear()
        self._writeback.write()
        self._generation += 1
        self.error = record(self._failure, self.number, self._core.clock.now, self._generation)
        address, vector = self._settings.error_record, self._settings.error_vector
        if address is not None:
            self._core.requester.post(address, self.error)
        self.state = QueueState.HALTED
        if vector is not None and vector < self._core.shape.vectors:
            self._core.interrupts.event(vector)

    def _drained(self) -> None:
        """DRAINING to DISABLED (CP-STATE-004)."""
        self._held.clear()
        self._failure = None
        self._refused = False
        if self._core.requester.open:
            self._writeback.write()
        self._writeback.stop()
        self.state = QueueState.DISABLED

    def _later(self, cycles: int, action: Callable[[], None]) -> None:
        """Do ``action`` in ``cycles`` unless the queue is reset before."""
        epoch = self._epoch
        self._core.clock.after(cycles, lambda: action() if epoch == self._epoch else None)

    def waits_for(self) -> str:
        """Say in words what holds the queue up; empty when it is idle."""
        if self.idle:
            return ""
        if not self._core.requester.open:
            return f"queue {self.number} {self.state.name}: the device may send no request"
        for execution in self._flying:
            fields = execution.command.fields
            if execution.command.opcode is Opcode.WAIT and not execution.command.ended:
                value = self._core.semaphores.values[fields["semaphore"]]
                return (
                    f"queue {self.number}: WAIT at packet {execution.command.count} for semaphore "
                    f"{fields['semaphore']} to reach {fields['value']}, it is {value}"
                )
        return f"queue {self.number} {self.state.name}: put {self.put}, get {self.get}"
