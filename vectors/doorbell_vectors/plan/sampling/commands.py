"""Table ``command``: packets that doorbells handed over, their fields as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from doorbell.contract import (
    PACKET,
    PACKETS,
    Flag,
    Kernel,
    Opcode,
    SignalMode,
    Space,
    WaitCondition,
)
from doorbell_vectors.plan.sampling.table import NOTHING, Column, Table

__all__ = ["Batch", "table"]

_LINE, _PAGE = 64, 4096
_FIELDS: Final = (
    *("source_space", "destination_space", "length", "mode", "condition", "deadline", "semaphore"),
    *("kernel", "unit_mask", "arguments_space", "grid_x", "grid_y", "grid_z"),
)
_NAMES: Final = {
    "opcode": {one.name: int(one) for one in Opcode},
    "flags": {one.name: int(one) for one in Flag if one.name},
    "source_space": {one.name: int(one) for one in Space},
    "destination_space": {one.name: int(one) for one in Space},
    "arguments_space": {one.name: int(one) for one in Space},
    "mode": {one.name: int(one) for one in SignalMode},
    "condition": {one.name: int(one) for one in WaitCondition},
    "kernel": {one.name: int(one) for one in Kernel},
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets that one doorbell handed over: whole slots, one after the other."""

    queue: int
    packets: bytes


def table(batches: Sequence[Batch]) -> Table:
    """Take packets apart. Columns of a field that an opcode does not have hold `NOTHING` for it."""
    packets = np.frombuffer(b"".join(batch.packets for batch in batches), PACKET)
    counts = [len(batch.packets) // PACKET.itemsize for batch in batches]
    columns: dict[str, Column] = {
        "queue": np.repeat(np.array([batch.queue for batch in batches], np.int64), counts),
        "opcode": packets["opcode"].astype(np.int64),
        "flags": packets["flags"].astype(np.int64),
    }
    lines = [f"{side}_{what}" for side in ("source", "destination") for what in ("line", "pages")]
    for name in (*_FIELDS, *lines):
        columns[name] = np.full(len(packets), NOTHING, np.int64)
    for opcode, layout in PACKETS.items():
        at = np.flatnonzero(columns["opcode"] == int(opcode))
        own = packets[at].view(layout)
        for name in _FIELDS:
            if name in (layout.names or ()):
                columns[name][at] = own[name].astype(np.uint64).view(np.int64)
        for side in ("source", "destination"):
            if side in (layout.names or ()):
                first = own[side].astype(np.uint64)
                columns[f"{side}_line"][at] = (first % np.uint64(_LINE)).astype(np.int64)
                if "length" in (layout.names or ()):
                    inside = (first % np.uint64(_PAGE)).astype(np.int64)
                    crossed = (inside + np.maximum(columns["length"][at] - 1, 0)) // _PAGE
                    columns[f"{side}_pages"][at] = crossed
    return Table(columns, _NAMES)
