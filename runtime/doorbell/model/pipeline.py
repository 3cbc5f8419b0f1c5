"""The commands of one queue from start to retirement, and what stops them (CP-START, CP-RETIRE, ERR-HALT)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from doorbell.contract import Error, Flag, Opcode
from doorbell.model.core import Core
from doorbell.model.counts import advance, before
from doorbell.model.execute import Execution
from doorbell.model.packet import Command
from doorbell.model.report import Failure
from doorbell.model.retire import needs_link, retire
from doorbell.model.settings import QueueSettings
from doorbell.model.validate import Rejection, check

__all__ = ["Pipeline"]

_BARRIER: Final = int(Flag.BARRIER)
_COPY: Final = int(Opcode.COPY)


class Pipeline:
    """Started commands in order; each acts when its `Execution` says.

    A failure is noted with its position; the lowest counts (ERR-HALT-003). Nothing at or behind it
    starts or retires; everything before it finishes.
    """

    def __init__(self, core: Core, settings: QueueSettings, changed: Callable[[], None]) -> None:
        """``changed`` is called when something can start, retire or end that could not before."""
        self._core = core
        self._settings = settings
        self._changed = changed
        self._flying: deque[Execution] = deque()
        self.next = 0
        """Count of the next packet to start."""
        self.failure: Failure | None = None

    def begin(self, count: int) -> None:
        """Start again, with no failure, at ``count``."""
        self.next = count
        self.failure = None

    @property
    def empty(self) -> bool:
        """Whether nothing is started and not retired."""
        return not self._flying

    def _fails_before(self, count: int) -> bool:
        return self.failure is not None and not before(count, self.failure.count)

    def takes(self, opcode: int, flags: int) -> bool:
        """Whether the next packet, of this opcode and flags, can start now."""
        if self._core.requester.fatal or self._fails_before(self.next):
            return False
        if self._flying:
            last = self._flying[-1].command
            if last.opcode is Opcode.WAIT and not last.performed:
                return False
            if flags & _BARRIER or len(self._flying) >= self._core.shape.window:
                return False
        return opcode != _COPY or self._core.copies < self._core.shape.channels

    def start(self, packet: bytes) -> None:
        """Validate the next packet whole, then start it (CP-PKT-001)."""
        count = self.next
        self.next = advance(count, 1)
        fields = check(packet, self._core.shape)
        if isinstance(fields, Rejection):
            tag = int.from_bytes(packet[4:8], "little")
            self.note(Failure(count, fields.code, packet[0], tag, fields.address))
            return
        opcode = Opcode(packet[0])
        command = Command(count, opcode, packet[1], fields)
        execution = Execution(self._core, self, command)
        self._flying.append(execution)
        limit = self._settings.watchdog_limit
        if 0 < limit < 1 << 63 and opcode is not Opcode.WAIT:
            execution.watchdog = self._core.clock.after(limit, lambda: self._expired(execution))
        execution.begin()

    def _expired(self, execution: Execution) -> None:
        """ERR-WATCHDOG-001."""
        execution.stop()
        self.failed(execution.command, Error.WATCHDOG, 0)

    # What executions say ------------------------------------------------------------------------------
    @property
    def wait_limit(self) -> int:
        """Deadline of a WAIT without its own, in cycles; 0: none."""
        return self._settings.wait_limit

    def performed(self) -> None:
        """A command may retire, and behind a WAIT the next may start."""
        self._changed()

    def failed(self, command: Command, code: Error, address: int) -> None:
        """A started command has failed and is not in flight any more."""
        tag = command.fields["tag"]
        self.note(Failure(command.count, code, command.opcode, tag, address))

    def note(self, failure: Failure) -> None:
        """Take notice of a failure anywhere in the queue."""
        if self.failure is None or before(failure.count, self.failure.count):
            self.failure = failure
        for execution in self._flying:
            command = execution.command
            if command.opcode is Opcode.WAIT and self._fails_before(command.count):
                execution.stop()  # it could hold up the queue for ever
        self._changed()

    # Retirement and end -------------------------------------------------------------------------------
    def retirable(self) -> Command | None:
        """Oldest command, if it can retire (CP-RETIRE-001, CP-RETIRE-004)."""
        if not self._flying:
            return None
        command = self._flying[0].command
        return command if command.performed and not self._fails_before(command.count) else None

    def failing(self) -> bool:
        """Whether all before the failure have retired and nothing else is in flight (ERR-HALT-002, ERR-HALT-004)."""
        if self.failure is None or before(self.next, self.failure.count):
            return False
        return all(
            execution.command.ended and self._fails_before(execution.command.count)
            for execution in self._flying
        )

    def link_needed(self) -> bool:
        """Whether the retirement of the oldest command sends something."""
        return needs_link(self._flying[0].command)

    def retire(self) -> None:
        """Retire the oldest command."""
        execution = self._flying.popleft()
        execution.retired()
        self._core.counters.commands += 1
        retire(execution.command, self._core)

    def stop(self) -> None:
        """Drop everything (ERR-RESET-002)."""
        for execution in self._flying:
            execution.stop()
        self._flying.clear()

    def waits_for(self) -> str:
        """Name the WAIT that holds the queue up, or nothing."""
        for execution in self._flying:
            command = execution.command
            if command.opcode is Opcode.WAIT and not command.ended:
                index, value = command.fields["semaphore"], command.fields["value"]
                return (
                    f"WAIT at packet {command.count} for semaphore {index} to reach {value}, "
                    f"it is {self._core.semaphores.values[index]}"
                )
        return ""
