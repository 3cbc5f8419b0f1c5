"""The simulated host as a laboratory (`doorbell.transport.Lab`): faults on purpose, raw TLPs, an analyser, checkers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import CompletionStatus
from doorbell.errors import ArgumentError
from doorbell.transport import LinkTlp, RawAnswer
from doorbell_tb import tlp
from doorbell_tb.host_types import EVER, InjectKind, Reply
from doorbell_tb.profiles import profile
from doorbell_tb.tlp import Columns, Tlp
from doorbell_tb.trace import TlpFlag
from doorbell_tb.window import Window

if TYPE_CHECKING:
    from doorbell_tb.inside import Bench

__all__ = ["RtlLab"]

_ABILITIES: Final = frozenset(
    {
        "bus_master",
        "completion_faults",
        "high_addresses",
        "interrupt_count",
        "iommu_faults",
        "link",
        "msix_table",
        "odd_access",
        "tlp_injection",
    }
)
_LATE_CYCLES: Final = 20_000
"""Later than the completion timeout after reset (12,500 cycles)."""
_SETTLE_CYCLES: Final = 20_000
_SPOILS: Final = {
    "unsupported": (InjectKind.UR, 0),
    "abort": (InjectKind.CA, 0),
    "poison": (InjectKind.POISON, 0),
    "drop": (InjectKind.DROP, 0),
    "late": (InjectKind.LATE, _LATE_CYCLES),
    "short": (InjectKind.SHORT, 1),
    "long": (InjectKind.LONG, 1),
    "wrong_address": (InjectKind.LOWER_ADDRESS, 4),
}


class RtlLab:
    """See `doorbell.transport.Lab`; the first `begin` takes judging over from the end of the run."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._window: Window | None = None
        self._handles: list[int] = []
        self._spoiled = False

    @property
    def abilities(self) -> frozenset[str]:
        """What the simulated host can do."""
        return _ABILITIES

    def begin(self) -> None:
        """Start a window; the device is about to be reset, so the journal begins anew, too."""
        host, transport = self._bench.host, self._bench.transport
        self._bench.windows = True
        for handle in self._handles:
            host.inject_remove(handle)
        self._handles.clear()
        self._spoiled = False
        # The first window holds how the device was opened, too.
        self._window = (
            self._window.next(host.trace(), host.fault_count) if self._window else Window()
        )
        transport.journal = transport.journal.afresh()
        transport.journal.base = self._window.base
        self._bench.resets.clear()

    def spoil(self, iova: int, length: int, kind: str, count: int) -> None:
        """Fail the next ``count`` reads that touch the range. Raises ArgumentError for an unknown kind."""
        if kind not in _SPOILS:
            raise ArgumentError(f"spoil {kind!r}: give one of {', '.join(_SPOILS)}")
        what, argument = _SPOILS[kind]
        self._spoiled = True
        handle = self._bench.host.inject(
            what, first=iova, last=min(iova + length - 1, EVER), count=count, argument=argument
        )
        self._handles.append(handle)

    # Odd and raw requests -------------------------------------------------------------------------
    async def odd_read(self, address: int, length: int) -> bytes:
        """Read in one TLP. Raises ArgumentError where the host would cut it."""
        most = profile(self._bench.job.profile).mmio_read_bytes
        if length and address % most + length <= most:
            data = np.full(length, 0xFF, np.uint8)
            await self._reply(self._bench.host.read_bulk(address, data))
            return data.tobytes()
        if length > 8:
            raise ArgumentError(
                f"odd read of {length} bytes at {address:#x}: this host cuts at multiples of {most}"
            )
        reply = await self._raw(tlp.memory_read(address, length))
        return (reply.value % (1 << 64)).to_bytes(8, "little")[:length]

    def odd_write(self, address: int, data: bytes) -> None:
        """Post a write in one TLP."""
        most = min(profile(self._bench.job.profile).mmio_write_bytes, 128)
        if data and address % most + len(data) <= most:
            self._bench.host.write_bulk(address, np.frombuffer(data, np.uint8))
        else:
            self._send(tlp.memory_write(address, data))

    async def tlp(
        self, header: Sequence[int], data: bytes, *, within: int, answer: bool
    ) -> RawAnswer | None:
        """Send one TLP exactly as it is and look for its answer in the trace."""
        host, transport = self._bench.host, self._bench.transport
        start = host.trace_count
        self._send(Tlp(tuple(header), data))
        limit = transport.now() + within
        while answer:
            found = _answer(host.trace(start), header)
            if found is not None or transport.now() >= limit:
                return found
            await transport.wait(transport.events(), min(limit, transport.now() + 64))
        return None

    def _send(self, made: Tlp) -> None:
        self._spoiled = True
        self._bench.host.send_tlp(made.header, made.payload)

    async def _raw(self, made: Tlp) -> Reply:
        self._spoiled = True
        return await self._reply(self._bench.host.send_tlp(made.header, made.payload, assign=True))

    async def _reply(self, identifier: int) -> Reply:
        transport = self._bench.transport
        while (reply := self._bench.host.result(identifier)) is None:
            await transport.wait(transport.events())
        return reply

    # What was seen --------------------------------------------------------------------------------
    def link(self) -> Sequence[LinkTlp]:
        """Return the memory requests, completions and messages of this window."""
        rows = self._bench.host.trace(self._window.start if self._window else 0)
        columns = Columns(rows)
        message = columns.flags & TlpFlag.MESSAGE != 0
        kind = np.select(
            [message, columns.write, columns.read, columns.completion],
            ["message_interrupt", "memory_write", "memory_read", "completion"],
            "other",
        )
        shown = [
            kind,
            columns.cycle,
            columns.to_host,
            np.where(columns.completion, np.uint64(0), columns.begin),
            np.where(columns.completion, columns.payload, columns.meant),
            columns.attributes >> 12 & 3 | columns.attributes >> 16 & 4,
            columns.attributes >> 20 & 7,
            columns.wide,
            columns.first_be,
            columns.last_be,
            columns.requester,
            np.where(columns.completion, columns.byte_count, 0),
            np.where(columns.completion, columns.lower_address, 0),
            np.where(columns.completion, columns.byte_count_modified, 0),
        ]
        wanted = np.flatnonzero(~columns.config)
        listed = zip(*(column[wanted].tolist() for column in shown), strict=True)
        return [
            LinkTlp(cycle, up, name, address, length, *rest)
            for name, cycle, up, address, length, *rest in listed
        ]

    def findings(self) -> Sequence[str]:
        """Return what the checkers find; what is software's own duty (rules RT) is left out."""
        bench, host = self._bench, self._bench.host
        bench.transport.faults()  # refusals are told to whoever asks; the end of the run need not
        found = (self._window or Window()).judge(
            host.trace(),
            host.faults(),
            bench.transport.journal,
            tuple(bench.resets),
            spoiled=self._spoiled,
        )
        return [str(finding) for finding in found if not finding.rule.startswith("RT-")]

    async def settle(self) -> Sequence[str]:
        """Let what is under way arrive; return what is then still outstanding, one line each."""
        transport, host = self._bench.transport, self._bench.host
        limit = transport.now() + _SETTLE_CYCLES
        while transport.now() < limit and not (host.quiet and not transport.leaks()):
            await transport.wait(transport.events(), min(limit, transport.now() + 64))
        return transport.leaks()

    async def reset(self) -> bool:
        """Pulse the link's reset; configuration space is as after power-on then."""
        bench = self._bench
        bench.host.reset_link(16)
        # Nothing of before is in force: what follows is judged on its own.
        self._window = Window(bench.host.trace_count, bench.host.fault_count)
        bench.transport.journal = bench.transport.journal.afresh()
        bench.transport.journal.base = self._window.base
        bench.resets.clear()
        await bench.transport.wait(bench.transport.events(), bench.transport.now() + 64)
        return True


def _answer(trace: npt.NDArray[Any], header: Sequence[int]) -> RawAnswer | None:
    """Return the device's first completion in ``trace`` for the requester and tag of a request, if there is one."""
    columns = Columns(trace)
    mine = columns.to_host & columns.completion
    mine &= (columns.requester == header[1] >> 16) & (columns.tag == header[1] >> 8 & 0xFF)
    found = np.flatnonzero(mine)
    if not found.size:
        return None
    at = int(found[0])
    size = int(columns.payload[at])
    known = {int(status): status.name for status in CompletionStatus}
    status = int(columns.status[at])
    first = int(trace["first"][at]).to_bytes(8, "little")
    return RawAnswer(known.get(status, f"status {status}"), size, first[:size])
