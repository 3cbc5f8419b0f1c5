"""What each opcode does between its start and its retirement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from doorbell.contract import Error, Kernel, Opcode, Space, limits
from doorbell.model import kernels
from doorbell.model.clock import Timer
from doorbell.model.core import Core
from doorbell.model.host import Answer, Failed, Piece
from doorbell.model.packet import Command, arguments
from doorbell.model.requester import piece_of
from doorbell.model.semaphores import Waiter
from doorbell.model.tags import Held
from doorbell.model.units import Launch
from doorbell.model.validate import Rejection

__all__ = ["DMA_ERRORS", "Execution", "Owner"]

DMA_ERRORS: Final = {
    Answer.UR: Error.DMA_UR,
    Answer.CA: Error.DMA_CA,
    Answer.TIMEOUT: Error.DMA_TIMEOUT,
    Answer.POISONED: Error.DMA_POISONED,
    Answer.MALFORMED: Error.DMA_MALFORMED,
}
"""How a read of COPY or LAUNCH fails (DMA-ERR rules)."""
_RUBBISH: Final = 0xA5A5_5A5A_DEAD_BEEF
_NEVER: Final = 1 << 63
"""Cycles that no run lasts: such a deadline is none, so that a program that waits for nothing is told so."""


class Owner(Protocol):
    """The queue of a command, as its execution sees it."""

    def performed(self) -> None:
        """A command has done what it does before its retirement."""
        ...

    def failed(self, command: Command, code: Error, address: int) -> None:
        """The command has failed and nothing of it is in flight."""
        ...

    @property
    def wait_limit(self) -> int:
        """Deadline of a WAIT that has none itself, in cycles; 0: none."""
        ...


class Execution:
    """One started command on its way; `stop` takes back whatever it holds."""

    __slots__ = (
        "_core",
        "_holds_channel",
        "_launch",
        "_owner",
        "_stopped",
        "_timer",
        "_unanswered",
        "_waiter",
        "command",
        "watchdog",
    )

    def __init__(self, core: Core, owner: Owner, command: Command) -> None:
        """Nothing happens before `begin`."""
        self._core = core
        self._owner = owner
        self._launch: Launch | None = None
        self._waiter: Waiter | None = None
        self._stopped = False
        self._timer: Timer | None = None
        self._unanswered: Held | None = None  # a read that will time out
        self.command = command
        self.watchdog: Timer | None = None
        self._holds_channel = command.opcode is Opcode.COPY

    def begin(self) -> None:
        """Start it."""
        fields, delays = self.command.fields, self._core.delays
        match self.command.opcode:
            case Opcode.NOP | Opcode.SIGNAL:
                self._after(0, self._done)
            case Opcode.COPY:
                self._core.copies += 1
                moving = delays.moving(fields["length"])
                host = Space.HOST in (fields["source_space"], fields["destination_space"])
                source = fields["source"] if fields["length"] else None
                space = fields["source_space"]
                self._read(
                    space, source, delays.draw(delays.timing.read), moving, self._copy, link=host
                )
            case Opcode.FILL | Opcode.WRITE:
                cycles = delays.draw(delays.timing.start) + delays.moving(fields["length"])
                self._after(cycles, self._store, link=fields["destination_space"] == Space.HOST)
            case Opcode.LAUNCH:
                space, source = fields["arguments_space"], fields["arguments"]
                latency, host = delays.draw(delays.timing.read), space == Space.HOST
                self._read(space, source, latency, 0, self._launch_groups, link=host)
            case Opcode.WAIT:
                self._wait()

    def stop(self) -> None:
        """Let nothing more of it happen: watchdog, reset or an earlier failure."""
        self._stopped = True
        self.command.ended = True
        self.retired()
        if self._unanswered is not None:
            self._core.abandon(self._unanswered)
            self._unanswered = None
        if self._launch is not None:
            self._core.units.stop(self._launch)
        if self._waiter is not None:
            self._core.semaphores.forget(self._waiter)
        self._release()

    def retired(self) -> None:
        """Forget its timers."""
        for timer in (self._timer, self.watchdog):
            if timer is not None:
                timer.cancel()

    def _release(self) -> None:
        if self._holds_channel:
            self._holds_channel = False
            self._core.copies -= 1
            self._core.arbiter.kick()

    def _after(
        self, cycles: int, action: Callable[[], None], *, link: bool = False, tag: bool = False
    ) -> None:
        """Do ``action`` later, unless stopped; with ``link`` not before requests may be sent (EP-BM-002).

        With ``tag`` not before one is free either (EP-TAG-001).
        """
        requester, tags = self._core.requester, self._core.tags

        def act() -> None:
            if self._stopped:
                return
            if link and not requester.open:
                requester.when_open(act)
            elif tag and not tags.left:
                tags.when_free(act)
            else:
                action()

        self._timer = self._core.clock.after(cycles, act)

    def _read(
        self,
        space: int,
        source: int | None,
        latency: int,
        moving: int,
        action: Callable[[], None],
        *,
        link: bool,
    ) -> None:
        """Do ``action`` when what it reads can be there; a host that takes too long fails it (DMA-ERR-003).

        ``source`` None: it reads nothing. ``latency`` and ``moving`` in cycles.
        """
        if space != Space.HOST or source is None:
            self._after(latency + moving, action, link=link)
            return
        late = latency - self._core.completion_timeout
        if late <= 0:
            self._after(latency + moving, action, link=True, tag=True)
            return
        slow = Failed(Answer.TIMEOUT, source, late=late)
        self._after(0, lambda: self._read_failed(slow), link=True, tag=True)

    def _done(self) -> None:
        self.command.ended = self.command.performed = True
        self._release()
        self._owner.performed()

    def _fail(self, code: Error, address: int = 0) -> None:
        self.stop()
        self._owner.failed(self.command, code, address)

    def _read_failed(self, failed: Failed) -> None:
        """DMA-ERR-001 to DMA-ERR-005: a timeout is noticed COMPLETION_TIMEOUT cycles later."""
        code = DMA_ERRORS[failed.answer]
        fields = self.command.fields
        if self._core.choices.spoils and self.command.opcode is Opcode.COPY:
            space, at = fields["destination_space"], fields["destination"]
            self._core.requester.write(space, at, fields["length"], _pattern(_RUBBISH))
        if failed.answer is Answer.TIMEOUT:
            self._unanswered = self._core.tags.hold(failed, self._answered)
            self._after(self._core.completion_timeout, self._timed_out)
        else:
            self._fail(code, failed.address)

    def _timed_out(self) -> None:
        if self._unanswered is not None:
            self._core.errors.timed_out()
            failed = self._unanswered.outcome()
            self._fail(DMA_ERRORS[failed.answer], failed.address)

    def _answered(self, failed: Failed) -> None:
        self._unanswered = None
        self._fail(DMA_ERRORS[failed.answer], failed.address)

    def _copy(self) -> None:
        """DMA-COPY-001: the source whole, then the destination; DMA-COPY-004: length 0 touches nothing."""
        fields, requester = self.command.fields, self._core.requester
        if fields["length"]:
            data = requester.read(fields["source_space"], fields["source"], fields["length"])
            if isinstance(data, Failed):
                self._read_failed(data)
                return
            space, destination = fields["destination_space"], fields["destination"]
            requester.write(space, destination, fields["length"], piece_of(data))
        self._done()

    def _store(self) -> None:
        fields = self.command.fields
        piece = _pattern(fields["pattern"]) if self.command.opcode is Opcode.FILL else None
        if piece is None:  # DMA-WRITE-001
            piece = piece_of(np.frombuffer(fields["data"], np.uint8))
        space, destination = fields["destination_space"], fields["destination"]
        self._core.requester.write(space, destination, fields["length"], piece)
        self._done()

    def _launch_groups(self) -> None:
        """EU-ARG-001: the arguments whole, checked, then the groups."""
        fields, memory = self.command.fields, self._core.requester.memory
        kernel = Kernel(fields["kernel"])
        read = self._core.requester.read
        data = read(fields["arguments_space"], fields["arguments"], limits.ARGUMENT_BYTES)
        if isinstance(data, Failed):
            self._read_failed(data)
            return
        block = data.tobytes()
        operands = arguments(kernel, block)
        bad = kernels.check(kernel, block, operands, memory.size)
        if isinstance(bad, Rejection):
            self._fail(bad.code)
            return
        grid = fields["grid_x"], fields["grid_y"], fields["grid_z"]

        def finished() -> None:
            self._launch = None
            kernels.run(kernel, memory, operands, grid)
            self._done()

        useful = kernels.useful_groups(operands, grid)
        groups = grid[0] * grid[1] * grid[2]
        cycles, mac = kernels.cost(kernel, operands, self._core.shape.macs)
        total = useful * cycles + groups - useful
        self._launch = Launch(fields["unit_mask"], groups, total, useful * mac, finished)
        self._core.units.submit(self._launch)

    def _wait(self) -> None:
        """SEM-WAIT-005, SEM-WAIT-006, SEM-POISON-001."""
        fields = self.command.fields
        deadline = fields["deadline"] or self._owner.wait_limit
        if 0 < deadline < _NEVER:
            self._after(deadline, lambda: self._fail(Error.WAIT_TIMEOUT))
        self._waiter = Waiter(
            fields["semaphore"],
            fields["condition"],
            fields["value"],
            self._satisfied,
            lambda: self._fail(Error.WAIT_POISONED),
        )
        self._core.semaphores.wait(self._waiter)

    def _satisfied(self) -> None:
        self._waiter = None
        if self._timer is not None:  # its deadline
            self._timer.cancel()
        self._done()


def _pattern(word: int) -> Piece:
    """Repeat 8 bytes from the first byte of the destination on (DMA-FILL-001)."""
    octet = np.frombuffer(word.to_bytes(8, "little"), np.uint8)

    def piece(offset: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return np.resize(np.roll(octet, -(offset % 8)), count)

    return piece
