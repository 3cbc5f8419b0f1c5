"""The model's host as a laboratory: failing reads, raw TLPs, accesses of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from doorbell.errors import ArgumentError
from doorbell.model.host import Answer
from doorbell.transport import LinkTlp, RawAnswer

if TYPE_CHECKING:
    from doorbell.model.transport import ModelTransport

__all__ = ["ModelLab"]

_ABILITIES: Final = frozenset(
    {
        "bus_master",
        "completion_faults",
        "high_addresses",
        "interrupt_count",
        "iommu_faults",
        "msix_table",
        "odd_access",
        "tlp_injection",
    }
)
_ANSWERS: Final = {
    "unsupported": Answer.UR,
    "abort": Answer.CA,
    "poison": Answer.POISONED,
    "drop": Answer.TIMEOUT,
    "late": Answer.LATE,
    "short": Answer.MALFORMED,
    "long": Answer.MALFORMED,
    "wrong_address": Answer.MALFORMED,
}


class ModelLab:
    """See `doorbell.transport.Lab`; there is no link here to observe or judge."""

    def __init__(self, transport: ModelTransport) -> None:
        """Work on this transport's host and link."""
        self._transport = transport

    @property
    def abilities(self) -> frozenset[str]:
        """What the model's host can do."""
        return _ABILITIES

    def begin(self) -> None:
        """End every spoiling that was not used."""
        self._transport.heal()

    def spoil(self, iova: int, length: int, kind: str, count: int) -> None:
        """Fail the next ``count`` reads that touch the range. Raises ArgumentError for an unknown kind."""
        if kind not in _ANSWERS:
            raise ArgumentError(f"spoil {kind!r}: give one of {', '.join(_ANSWERS)}")
        self._transport.inject(iova, length, _ANSWERS[kind], count)

    async def odd_read(self, address: int, length: int) -> bytes:
        """Read any number of bytes in one request."""
        return await self._transport.odd_read(address, length)

    def odd_write(self, address: int, data: bytes) -> None:
        """Post any number of bytes in one request."""
        self._transport.odd_write(address, data)

    async def tlp(
        self, header: Sequence[int], data: bytes, *, within: int, answer: bool
    ) -> RawAnswer | None:
        """Send one TLP exactly as it is; what is answered comes well ``within`` any limit."""
        if not (answer and within):
            self._transport.send(header, data)
            return None
        found = await self._transport.request(header, data)
        return (
            None if found is None else RawAnswer(found.status.name, len(found.data), found.data[:8])
        )

    def link(self) -> Sequence[LinkTlp]:
        """Return nothing: the model has no link."""
        return ()

    def findings(self) -> Sequence[str]:
        """Return nothing: the checkers judge TLPs."""
        return ()

    async def settle(self) -> Sequence[str]:
        """Nothing is ever half-way here."""
        return ()

    async def reset(self) -> bool:
        """The model has no reset but its own registers'."""
        return False
