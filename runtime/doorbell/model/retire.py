"""What a command does at its retirement: signal, record, interrupt, in this order (CP-RETIRE-002)."""

from __future__ import annotations

from typing import Final

import numpy as np

from doorbell.contract import Flag, Opcode, SignalMode, Space
from doorbell.model.core import Core
from doorbell.model.packet import Command
from doorbell.model.requester import piece_of

__all__ = ["needs_link", "retire"]

_RECORD: Final = int(Flag.RECORD)
_INTERRUPT: Final = int(Flag.INTERRUPT)


def needs_link(command: Command) -> bool:
    """Whether its retirement sends something, so that it waits for bus master."""
    if command.flags & (_RECORD | _INTERRUPT):
        return True
    fields = command.fields
    write = command.opcode is Opcode.SIGNAL and fields["mode"] == SignalMode.WRITE8
    return write and fields["destination_space"] == Space.HOST


def retire(command: Command, core: Core) -> None:
    """Do it, all in the current cycle (CP-REC-001, CP-REC-002, INT-EVENT-002)."""
    fields = command.fields
    if command.opcode is Opcode.SIGNAL:
        _signal(command, core)
    if command.flags & _RECORD:
        value: int = fields["record_value"]
        data = core.clock.now.to_bytes(8, "little") + value.to_bytes(8, "little")
        core.requester.post(fields["record_address"], data)
    if command.flags & _INTERRUPT:
        core.interrupts.event(fields["vector"])


def _signal(command: Command, core: Core) -> None:
    fields = command.fields
    value: int = fields["value"]
    match fields["mode"]:
        case SignalMode.SEMAPHORE_SET:
            core.semaphores.set(fields["semaphore"], value)
        case SignalMode.SEMAPHORE_ADD:
            core.semaphores.add(fields["semaphore"], value)
        case SignalMode.WRITE8:
            word = piece_of(np.frombuffer(value.to_bytes(8, "little"), np.uint8))
            core.requester.write(fields["destination_space"], fields["destination"], 8, word)
