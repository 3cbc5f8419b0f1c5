"""The TLP trace and the fault log as numpy structured arrays, and how to read them.

Layouts are those of `dbh_tlp_t` and `dbh_fault_t` in `testbench/host/host_api.h`.
"""

from __future__ import annotations

from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doorbell.contract import CompletionStatus, TlpKind
from doorbell_tb.rng import mix64
from doorbell_tb.tlp import Columns

__all__ = ["FAULT", "NONE", "TLP", "TlpFlag", "ladder", "payload_hash"]

NONE = 0xFFFFFFFF
"""Index that means: no such record."""

TLP = np.dtype(
    [
        ("cycle", "<u8"),
        ("address", "<u8"),
        ("header", "<u4", (4,)),
        ("first", "<u8"),
        ("hash", "<u8"),
        ("request", "<u4"),
        ("cycles", "<u2"),
        ("payload", "<u2"),
        ("direction", "u1"),
        ("flags", "u1"),
        ("credit_headers", "u1"),
        ("pad", "u1"),
        ("credit_data", "<u2"),
        ("outstanding", "<u2"),
    ]
)
"""One TLP, 64 bytes: see `dbh_tlp_t` for each field."""

FAULT = np.dtype(
    [
        ("cycle", "<u8"),
        ("address", "<u8"),
        ("kind", "<u4"),
        ("bytes", "<u4"),
        ("requester", "<u2"),
        ("tag", "<u2"),
        ("trace", "<u4"),
    ]
)
"""One row of the fault log; `kind` is a `host_types.FaultKind`."""


class TlpFlag(IntFlag):
    """Bits of a record's `flags`."""

    REFUSED = 1
    """IOMMU or switch refused it."""
    INJECTED = 2
    """Made or changed by fault injection, or sent raw."""
    MESSAGE = 4
    """MSI-X message."""
    UNKNOWN = 8
    """Completion that answers nothing outstanding."""


def payload_hash(data: bytes) -> int:
    """Return what `hash` says for this payload (the same as `testbench/host/hash.h`); 0 for none."""
    if not data:
        return 0
    words = np.frombuffer(data + bytes(-len(data) % 8), "<u8").tolist()
    lanes = [1, 2, 3, 4]
    for index, word in enumerate(words):
        x = lanes[index % 4] ^ word
        lanes[index % 4] = ((x << 29 | x >> 35) * 0xD6E8FEB86659FD93) & _MASK
    total = len(data)
    for lane in lanes:
        total = mix64(total ^ lane)
    return total


def ladder(trace: NDArray[Any], start: int = 0) -> str:
    """Draw TLPs (dtype `TLP`) as text, one line each: the host on the left, the device on the right.

    `start` is the index of the first row. Completions name the request they answer.
    """
    columns = Columns(trace)
    lines = [f"{'index':>7} {'cycle':>10}  host {'':72} device"]
    for row in range(columns.count):
        text = _sentence(columns, row)
        arrow = f"◄─ {text} {'─' * (76 - len(text))}" if columns.to_host[row] else None
        arrow = arrow or f"── {text} {'─' * (75 - len(text))}►"
        lines.append(f"{start + row:7} {columns.cycle[row]:10}  {arrow}{_remarks(columns, row)}")
    return "\n".join(lines)


def _sentence(columns: Columns, row: int) -> str:
    kind = int(columns.kind[row])
    known = _KINDS.get(kind & ~0x20 if columns.memory[row] else kind, f"type {kind:#04x}")
    first = int(columns.trace["first"][row])
    data = f" = {first:#x}" if columns.payload[row] else ""
    if columns.completion[row]:
        status = _STATUS.get(int(columns.status[row]), "?")
        request = int(columns.trace["request"][row])
        answered = "nothing" if request == NONE else f"#{request}"
        return (
            f"{known} {status} to {answered}, tag {columns.tag[row]},"
            f" {columns.payload[row]} of {columns.byte_count[row]} B{data}"
        )
    if columns.config[row]:
        return f"{known} {columns.register[row]:#x} be {columns.first_be[row]:04b}{data}"
    tag = "" if columns.posted[row] else f", tag {columns.tag[row]}"
    return f"{known} {columns.begin[row]:#x}, {columns.meant[row]} B{tag}{data}"


def _remarks(columns: Columns, row: int) -> str:
    flags = TlpFlag(int(columns.flags[row]))
    return "".join(f"  {flag.name}" for flag in TlpFlag if flag in flags)


_MASK = (1 << 64) - 1
_KINDS: dict[int, str] = {
    TlpKind.MRD32: "MRd",
    TlpKind.MWR32: "MWr",
    TlpKind.CFGRD0: "CfgRd0",
    TlpKind.CFGWR0: "CfgWr0",
    TlpKind.CPL: "Cpl",
    TlpKind.CPLD: "CplD",
    TlpKind.FETCHADD32: "FetchAdd",
    TlpKind.SWAP32: "Swap",
    TlpKind.CAS32: "CAS",
}
_STATUS = {status.value: status.name for status in CompletionStatus}
