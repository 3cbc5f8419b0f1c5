"""Every request of a trace is a legal TLP: format, sizes, boundaries, byte enables, credits, settings.

Completions are judged by `completions`. Whole columns at a time: no Python per TLP.
"""

from __future__ import annotations

import numpy as np

from doorbell.contract import TlpKind, reference
from doorbell_tb.checkers.configuration import Settings, settings
from doorbell_tb.checkers.evidence import Evidence
from doorbell_tb.checkers.finding import PCIE, Finding, Findings
from doorbell_tb.host_types import FaultKind
from doorbell_tb.tlp import MESSAGE_TYPES, Columns
from doorbell_tb.trace import TlpFlag

__all__ = ["check"]

_PAGE = 4096
_HALF = np.uint64(1 << 32)
_FAULT_RULES = {
    FaultKind.OWN_BAR: "RT-SUBMIT-006",
    FaultKind.BAD_MESSAGE: "INT-MSIX-001",
    FaultKind.UNSUPPORTED: PCIE,
    FaultKind.CREDITS: "EP-CREDIT-001",
    FaultKind.FRAMING: PCIE,
    FaultKind.TAG_REUSE: "EP-TAG-001",
    FaultKind.UNEXPECTED: "EP-CPL-001",
    FaultKind.BAD_COMPLETION: "EP-CPL-002",
    FaultKind.MMIO_TIMEOUT: "EP-CPL-001",
}


def check(evidence: Evidence, columns: Columns) -> list[Finding]:
    """Judge all requests of both sides; what was injected or sent raw on purpose is left out."""
    found = Findings(columns.cycle)
    force = settings(columns, evidence.resets)
    _format(columns, found)
    _range(columns, found)
    _device_requests(columns, force, found)
    _credits(columns, found)
    _tags(evidence, columns, found)
    return [*found, *_host_log(evidence)]


def _format(columns: Columns, found: Findings) -> None:
    meant = columns.flags & TlpFlag.INJECTED == 0
    known = np.isin(columns.kind, [int(kind) for kind in TlpKind])
    message = columns.kind & 0x38 == MESSAGE_TYPES
    found.where(
        PCIE,
        meant & ~known & ~message,
        lambda at: f"fmt and type {columns.kind[at]:#04x} name no TLP",
    )
    expected = np.where(columns.has_data, columns.size, 0)
    found.where(
        PCIE,
        meant & known & (columns.payload != expected),
        lambda at: (
            f"header says {expected[at]} bytes of payload, the link carried {columns.payload[at]}"
        ),
    )
    found.where(
        "EP-TLP-006",
        meant & columns.memory & (columns.wide != (columns.address >= _HALF)),
        lambda at: (
            f"{'64' if columns.wide[at] else '32'}-bit form for address {int(columns.address[at]):#x}"
        ),
    )


def _range(columns: Columns, found: Findings) -> None:
    """Byte enables (PCIe Base 2.2.5) and the 4 KiB rule."""
    plain = (columns.read | columns.write) & (columns.flags & TlpFlag.INJECTED == 0)
    one = columns.size == 4
    first, last = columns.first_be, columns.last_be
    bad = np.where(one, last != 0, (first == 0) | (last == 0))
    # Two DWs starting on an 8-byte boundary may have gaps; longer or unaligned ones may not.
    gapped = ~np.isin(first, _FIRST_RUNS) | ~np.isin(last, _LAST_RUNS)
    pair = (columns.size == 8) & (columns.address & np.uint64(7) == 0)
    bad |= ~one & ~pair & gapped
    found.where(
        "EP-TLP-005",
        plain & bad,
        lambda at: (
            f"byte enables first {first[at]:#x}, last {last[at]:#x} for {columns.size[at] // 4} DWs"
        ),
    )
    scattered = one & ~np.isin(first, _RUNS)
    found.where(
        "EP-TLP-005",
        plain & columns.to_host & scattered,
        lambda at: f"byte enables {first[at]:#x} have a gap: no transfer of the device has one",
    )
    offset = (columns.begin % np.uint64(_PAGE)).astype(np.int64)
    found.where(
        "EP-TLP-003",
        plain & (offset + columns.meant > _PAGE),
        lambda at: (
            f"{columns.meant[at]} bytes at {int(columns.begin[at]):#x} cross a 4 KiB boundary"
        ),
    )


_RUNS = [0x1, 0x2, 0x3, 0x4, 0x6, 0x7, 0x8, 0xC, 0xE, 0xF]
_FIRST_RUNS = [0x8, 0xC, 0xE, 0xF]
_LAST_RUNS = [0x1, 0x3, 0x7, 0xF]


def _device_requests(columns: Columns, force: Settings, found: Findings) -> None:
    requests = columns.to_host & ~columns.completion
    found.where(
        "EP-TLP-001",
        requests & columns.write & (columns.payload > force.payload),
        lambda at: f"write of {columns.payload[at]} bytes, MPS is {force.payload[at]}",
    )
    largest = np.minimum(force.request, reference.MRRS_BYTES_MAX)
    found.where(
        "EP-TLP-002",
        requests & columns.read & (columns.size > largest),
        lambda at: f"read of {columns.size[at]} bytes, at most {largest[at]} may be asked for",
    )
    found.where(
        "EP-BM-001",
        requests & ~force.bus_master,
        lambda at: f"request to {int(columns.address[at]):#x} while bus master enable is off",
    )
    found.where(
        "ORD-ATTR-001",
        requests & (columns.attributes != 0),
        lambda at: (
            f"traffic class, attributes or address type not zero: {columns.attributes[at]:#x}"
        ),
    )
    told = force.identity >= 0
    same = (columns.requester == force.identity) | (columns.requester == force.identity_before)
    found.where(
        "EP-CFG-003",
        requests & told & ~same,
        lambda at: (
            f"requester {columns.requester[at]:#06x}, the device is {force.identity[at]:#06x}"
        ),
    )
    message = requests & (columns.flags & TlpFlag.MESSAGE != 0)
    found.where(
        "INT-MSIX-001",
        message & ((columns.payload != 4) | (columns.first_be != 0xF)),
        lambda at: (
            f"message of {columns.payload[at]} bytes, byte enables {columns.first_be[at]:#x}"
        ),
    )


def _credits(columns: Columns, found: Findings) -> None:
    limited = columns.to_host & ~columns.completion
    headers = columns.trace["credit_headers"].astype(np.int64)
    data = columns.trace["credit_data"].astype(np.int64)
    need = (columns.payload + 15) // 16
    found.where(
        "EP-CREDIT-001",
        limited & ((headers < 1) | (data < need)),
        lambda at: (
            f"sent with {headers[at]} header and {data[at]} data credits left, needs 1 and {need[at]}"
        ),
    )


def _tags(evidence: Evidence, columns: Columns, found: Findings) -> None:
    """No tag starts a second request before the first one has all its completions."""
    reads = np.flatnonzero(columns.to_host & columns.non_posted)
    request = evidence.trace["request"].astype(np.int64)
    answers = np.flatnonzero(columns.completion & ~columns.to_host & (request < columns.count))
    last = np.full(columns.count, -1, np.int64)
    np.maximum.at(last, request[answers], answers)
    epoch = np.searchsorted(np.array(evidence.resets, np.int64), reads, side="right")
    order = np.lexsort((reads, columns.tag[reads], epoch))
    first, second = reads[order][:-1], reads[order][1:]
    same = (columns.tag[first] == columns.tag[second]) & (epoch[order][:-1] == epoch[order][1:])
    # A read that is never answered rests in quarantine; the host's own log watches those.
    early = second[same & (last[first] > second)]
    found.at(
        "EP-TAG-001",
        early,
        lambda at: f"tag {columns.tag[at]:#x} asks again before its last completion",
    )


def _host_log(evidence: Evidence) -> list[Finding]:
    """What the host itself found wrong; refusals that the program has seen are its own business."""
    findings = []
    for kind, rule in _FAULT_RULES.items():
        rows = evidence.faults[evidence.faults["kind"] == kind]
        if len(rows):
            row = rows[0]
            what = f"the host logged {kind.name} at address {int(row['address']):#x}"
            place = int(row["trace"]) if row["trace"] < len(evidence.trace) else -1
            findings.append(Finding(rule, what, int(row["cycle"]), place, len(rows) - 1))
    untold = evidence.faults[evidence.faults_told :]
    untold = untold[np.isin(untold["kind"], [FaultKind.READ_REFUSED, FaultKind.WRITE_REFUSED])]
    if len(untold):
        row = untold[0]
        name = FaultKind(int(row["kind"])).name
        what = f"{name} at {int(row['address']):#x}, {row['bytes']} bytes, and the program never looked"
        findings.append(Finding("RT-FAIL-003", what, int(row["cycle"]), -1, len(untold) - 1))
    return findings
