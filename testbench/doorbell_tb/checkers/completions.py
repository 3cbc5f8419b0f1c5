"""Every completion of a trace fits its request: status, byte count, lower address, where it is cut.

Both directions: the device answers MMIO and configuration, the host answers the device's reads. Whole
columns at a time: no Python per TLP.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from doorbell.contract import CompletionStatus
from doorbell_tb.checkers.configuration import settings
from doorbell_tb.checkers.evidence import Evidence
from doorbell_tb.checkers.finding import PCIE, Finding, Findings
from doorbell_tb.tlp import Columns
from doorbell_tb.trace import TlpFlag

__all__ = ["check"]

_DEVICE_BOUNDARY, _HOST_BOUNDARY = 128, 64
"""Where completions may be cut (read completion boundary), bytes."""


def check(evidence: Evidence, columns: Columns) -> list[Finding]:
    """Judge all completions of both sides; injected ones and answers to raw requests are left out."""
    found = Findings(columns.cycle)
    request = evidence.trace["request"].astype(np.int64)
    known = columns.completion & (request < columns.count) & (columns.flags & TlpFlag.INJECTED == 0)
    _unknown(columns, found, evidence.spoiled)
    of = np.where(known, request, 0)
    known &= columns.flags[of] & TlpFlag.INJECTED == 0
    _header(columns, evidence, known, of, found)
    chain = _Chain(columns, np.flatnonzero(known & columns.has_data), request)
    _chain(columns, chain, found)
    _too_many(columns, known, of, found)
    return list(found)


def _unknown(columns: Columns, found: Findings, spoiled: bool) -> None:
    strange = columns.to_host & columns.completion & (columns.flags & TlpFlag.UNKNOWN != 0)
    if spoiled:  # answers to raw requests that the host was told to send untouched
        raw = ~columns.to_host & columns.non_posted & (columns.flags & TlpFlag.INJECTED != 0)
        asked = columns.requester[raw] << 16 | columns.tag[raw]
        strange &= ~np.isin(columns.requester << 16 | columns.tag, asked)
    found.where(
        "EP-CPL-001",
        strange,
        lambda at: (
            f"completion to {columns.requester[at]:#06x} tag {columns.tag[at]:#x} that nobody waits for"
        ),
    )


def _header(
    columns: Columns,
    evidence: Evidence,
    known: npt.NDArray[np.bool_],
    of: npt.NDArray[np.int64],
    found: Findings,
) -> None:
    force = settings(columns, evidence.resets)
    good = columns.status == CompletionStatus.SC
    found.where(
        "EP-CPL-001",
        known & ~np.isin(columns.status, [int(status) for status in CompletionStatus]),
        lambda at: f"completion status {columns.status[at]} is reserved",
    )
    wants = columns.read[of] | columns.atomic[of] | (columns.config[of] & ~columns.has_data[of])
    found.where(
        "EP-CPL-002",
        known & (columns.has_data != (good & wants)),
        lambda at: (
            f"completion with status {columns.status[at]}"
            f" {'carries' if columns.has_data[at] else 'lacks'} data"
        ),
    )
    found.where(
        "EP-CPL-002",
        known & columns.to_host & (columns.payload > force.payload),
        lambda at: f"completion of {columns.payload[at]} bytes, MPS is {force.payload[at]}",
    )
    found.where(
        "EP-CPL-002",
        known & ((columns.requester != columns.requester[of]) | (columns.tag != columns.tag[of])),
        "completion with another requester or tag than its request",
    )
    found.where(
        PCIE,
        known & (columns.attributes != columns.attributes[of]),
        "completion with another traffic class or attributes than its request",
    )
    told = force.identity >= 0
    same = (columns.completer == force.identity) | (columns.completer == force.identity_before)
    found.where(
        "EP-CFG-003",
        known & columns.to_host & told & ~same,
        lambda at: (
            f"completer {columns.completer[at]:#06x}, the device is {force.identity[at]:#06x}"
        ),
    )


class _Chain:
    """Completions with data, sorted by request, with what each one must say."""

    def __init__(
        self, columns: Columns, at: npt.NDArray[np.int64], request: npt.NDArray[np.int64]
    ) -> None:
        order = np.lexsort((at, request[at]))
        self.at = at[order]
        self.of = request[self.at]
        new = np.ones(len(self.at), bool)
        new[1:] = self.of[1:] != self.of[:-1]
        memory = columns.read[self.of]
        begin = np.where(memory, columns.begin[self.of].astype(np.int64), 0)
        total = np.where(memory | columns.atomic[self.of], columns.meant[self.of], 4)
        # Compare-and-swap carries two operands and returns one.
        cas = columns.atomic[self.of] & (columns.kind[self.of] & 0x1F == 0x0E)
        total = np.where(cas, total // 2, total)
        # What a completion holds at most: its payload without the bytes before the first one meant.
        held = columns.payload[self.at] - np.where(new, begin & 3, 0)
        before = np.cumsum(held) - held
        group = np.cumsum(new) - 1
        before -= before[np.flatnonzero(new)][group] if len(self.at) else 0
        self.left = total - before
        """Bytes that this completion and the later ones have to bring."""
        self.end = begin + before + held
        self.low = begin + before
        self.memory = memory
        self.final = self.left <= held
        self.slack = held - self.left


def _chain(columns: Columns, chain: _Chain, found: Findings) -> None:
    to_host = columns.to_host[chain.at]

    def report(rule: str, bad: npt.NDArray[np.bool_], what: str) -> None:
        found.at(
            rule,
            chain.at[bad],
            lambda at: (
                f"{what}: byte count {columns.byte_count[at]}, lower address"
                f" {columns.lower_address[at]:#x}, {columns.payload[at]} bytes;"
                f" {chain.left[chain.at == at][0]} are left"
            ),
        )

    def both(bad: npt.NDArray[np.bool_], what: str) -> None:
        report("EP-CPL-002", bad & to_host, what)
        report(PCIE, bad & ~to_host, f"host: {what}")

    both(columns.byte_count[chain.at] != chain.left, "byte count is not what is left")
    both(
        chain.memory & (columns.lower_address[chain.at] != chain.low & 0x7F), "wrong lower address"
    )
    both(chain.final & (chain.slack > 3), "completion carries more than was asked for")
    boundary = np.where(to_host, _DEVICE_BOUNDARY, _HOST_BOUNDARY)
    both(
        ~chain.final & (chain.end % boundary != 0),
        f"cut off a {_HOST_BOUNDARY}- or {_DEVICE_BOUNDARY}-byte boundary",
    )


def _too_many(
    columns: Columns, known: npt.NDArray[np.bool_], of: npt.NDArray[np.int64], found: Findings
) -> None:
    """A request that brings one completion gets one; a failing completion is the last one."""
    at = np.flatnonzero(known)
    order = np.lexsort((at, of[at]))
    at = at[order]
    repeated = np.zeros(len(at), bool)
    repeated[1:] = of[at][1:] == of[at][:-1]
    single = ~columns.read[of[at]]
    after_failure = np.zeros(len(at), bool)
    after_failure[1:] = columns.status[at][:-1] != CompletionStatus.SC
    bad = at[repeated & (single | after_failure)]
    found.at("EP-CPL-001", bad, "a further completion of a request that has ended")
