"""One epoch followed through one legal execution, then checked to come out the same in all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from doorbell.contract import Error
from doorbell_vectors.random.checks import faults
from doorbell_vectors.random.order import Command, Racy, retirement_of, start_of
from doorbell_vectors.random.plan import (
    RECORD,
    Epoch,
    Operand,
    Packet,
    Plan,
    Poke,
    Refused,
    Submit,
)
from doorbell_vectors.random.waiting import LONG, Semaphore, meets

__all__ = ["Ending", "Followed", "follow"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a queue ends an epoch: ``kind`` is idle, halted, blocked or aborted; ``index`` counts within the epoch."""

    kind: str
    index: int = 0
    code: Error = Error.NONE
    address: Operand = 0
    refused: int | None = None
    """What the refused doorbell adds to put."""


@dataclass(slots=True)
class Followed:
    """What an epoch does: commands in an order of one legal execution, and how each queue ends."""

    commands: list[Command] = field(default_factory=list)
    endings: dict[str, Ending] = field(default_factory=dict)
    semaphores: dict[int, Semaphore] = field(default_factory=dict)
    waits: list[tuple[Command, bool]] = field(default_factory=list)


class _Follower:
    def __init__(
        self, plan: Plan, epoch: Epoch, values: dict[int, int], poisoned: frozenset[int]
    ) -> None:
        self.plan, self.epoch = plan, epoch
        self.values, self.poisoned = values, poisoned
        self.made = Followed()
        self.queues: dict[str, list[Command]] = {}
        self.next: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.bits = 0
        self.seen = 0
        self.pokes: list[Command] = []

    def semaphore(self, number: int) -> Semaphore:
        known = self.made.semaphores
        if number not in known:
            known[number] = Semaphore(self.values.get(number, 0), number in self.poisoned)
        return known[number]

    def command(self, queue: str, packet: Packet | None) -> Command:
        made = Command(self.bits, queue, packet, self.seen)
        self.bits += 1
        return made

    def run(self) -> Followed:
        for action in self.epoch.actions:
            match action:
                case Submit():
                    if action.queue in self.refused:
                        raise Racy("packets after a refused doorbell")
                    listed = self.queues.setdefault(action.queue, [])
                    listed += [self.command(action.queue, packet) for packet in action.packets]
                case Refused():
                    self.queues.setdefault(action.queue, [])
                    if action.queue in self.refused:
                        raise Racy("two refused doorbells")
                    self.refused[action.queue] = action.add
                case Poke():
                    self.poke(action)
            while sum(self.advance(name) for name in self.queues):
                pass
        for name in self.queues:
            self.made.endings[name] = self.ending(name)
        self.bound()
        for number, semaphore in self.made.semaphores.items():
            semaphore.check(
                [
                    (w, ok)
                    for w, ok in self.made.waits
                    if w.packet and w.packet.get("semaphore") == number
                ]
            )
        return self.made

    def poke(self, action: Poke) -> None:
        command = self.command("", None)
        command.semaphore = (action.kind, action.number, action.value)
        self.seen |= 1 << command.bit
        semaphore = self.semaphore(action.number)
        (semaphore.poisons if action.kind == "POISON" else semaphore.writes).append(command)
        command.retired = command.host
        self.made.commands.append(command)

    def advance(self, name: str) -> bool:
        """Run the commands of a queue up to one that cannot; return whether any did."""
        moved = False
        listed = self.queues[name]
        while name != self.epoch.aborted and self.next.setdefault(name, 0) < len(listed):
            command = listed[self.next[name]]
            assert command.packet is not None
            if faults(command.packet) or (
                command.packet.op == "LAUNCH" and argument_fault(self.plan, command.packet)
            ):
                break
            if command.packet.op == "WAIT":
                number = command.packet.number("semaphore")
                if not meets(command.packet, self.semaphore(number).now):
                    break
                self.made.waits.append((command, True))
            elif command.packet.op == "SIGNAL" and command.packet.number("mode") < 2:
                number = command.packet.number("semaphore")
                kind = "SET" if command.packet.number("mode") == 0 else "ADD"
                command.semaphore = (kind, number, command.packet.number("value"))
                self.semaphore(number).writes.append(command)
            self.made.commands.append(command)
            self.next[name] += 1
            moved = True
        return moved

    def ending(self, name: str) -> Ending:
        listed, index = self.queues[name], self.next.get(name, 0)
        if name == self.epoch.aborted:
            return self.aborted(name)
        if index == len(listed):
            if name in self.refused:
                backwards = self.refused[name] % (1 << 64) >= 1 << 63
                code = Error.DOORBELL_BACKWARDS if backwards else Error.DOORBELL_OVERFLOW
                return Ending("halted", index, code, refused=self.refused[name])
            return Ending("idle", index)
        packet = listed[index].packet
        assert packet is not None
        if found := faults(packet):
            return Ending("halted", index, *found[0])
        if packet.op == "LAUNCH":
            self.overtakers(name, index)
            return Ending("halted", index, argument_fault(self.plan, packet) or Error.NONE)
        self.made.waits.append((listed[index], False))
        self.made.commands.append(listed[index])
        listed[index].maybe = True
        return self.unsatisfied(name, index, packet)

    def unsatisfied(self, name: str, index: int, packet: Packet) -> Ending:
        semaphore = self.semaphore(packet.number("semaphore"))
        poisons = [write.semaphore[2] & 1 for write in semaphore.poisons if write.semaphore]
        deadline = packet.number("deadline")
        if semaphore.poisoned or any(poisons):
            if (semaphore.poisoned and poisons) or (poisons and 0 < deadline < LONG):
                raise Racy("poison comes and goes, or races a deadline")
            return Ending("halted", index, Error.WAIT_POISONED)
        if 0 < deadline < LONG:
            return Ending("halted", index, Error.WAIT_TIMEOUT)
        if index:
            before = self.queues[name][index - 1].packet
            if before is None or not before.flags & RECORD:
                raise Racy("nothing tells when a WAIT that never ends has started")
        return Ending("blocked", index)

    def aborted(self, name: str) -> Ending:
        """Return the ending of a queue that is reset at work: only its data can tell, and may."""
        for command in self.queues[name]:
            packet = command.packet
            assert packet is not None
            quiet = packet.op in {"NOP", "COPY", "FILL", "WRITE"}
            if not quiet or packet.flags & 4 or faults(packet):
                raise Racy("what a reset stops has effects of its own")
            command.maybe = True
            self.made.commands.append(command)
        if name in self.refused:
            raise Racy("a reset races a refused doorbell")
        return Ending("aborted", len(self.queues[name]))

    def overtakers(self, name: str, index: int) -> None:
        """Note the commands behind a LAUNCH that fails late: they may have started."""
        self.queues[name][index].maybe = True
        self.made.commands.append(self.queues[name][index])
        for command in self.queues[name][index + 1 :]:
            packet = command.packet
            assert packet is not None
            if faults(packet) or packet.flags & 1 or packet.op == "WAIT":
                break
            command.maybe = True
            self.made.commands.append(command)

    def bound(self) -> None:
        """Work out what has surely retired before what."""
        last: dict[str, Command] = {}
        for command in self.made.commands:
            if command.packet is None:
                command.done = True
                continue
            previous = last.get(command.queue)
            command.started = start_of(command, previous)
            if command.packet.op == "WAIT" and not command.maybe:
                self.semaphore(command.packet.number("semaphore")).require(command)
            command.retired = retirement_of(command, previous)
            command.done = not command.maybe
            last[command.queue] = command


def argument_fault(plan: Plan, packet: Packet) -> Error | None:
    """Return the error of a LAUNCH's arguments: the first check of contract/kernels.yaml that fails."""
    run = next((run for run in plan.runs if run.name == packet.run), None)
    if run is None or not run.overrides:
        return None
    name = run.overrides[0][0]
    if name.startswith("byte"):
        return Error.ARGUMENT_RESERVED
    if name in {"m", "n", "k", "lda", "ldb", "ldx", "ldy", "multiplier", "shift", "lo"}:
        return Error.ARGUMENT_SHAPE
    return Error.ARGUMENT_ALIGNMENT if run.overrides[0][1] % 4 else Error.ARGUMENT_RANGE


def follow(plan: Plan, epoch: Epoch, values: dict[int, int], poisoned: frozenset[int]) -> Followed:
    """Return what ``epoch`` does with semaphores that hold ``values`` (0 if absent) and are ``poisoned``.

    Raises:
        Racy: it hangs on what the contract leaves free.
    """
    return _Follower(plan, epoch, values, poisoned).run()
