"""What the host of a vfio-user client can do beyond a plain one (`doorbell.transport.Lab`): little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from doorbell.errors import ArgumentError
from doorbell.transport import LinkTlp, RawAnswer

__all__ = ["VfioUserLab"]

_ABILITIES: Final = frozenset({"bus_master", "high_addresses", "interrupt_count", "msix_table"})


class VfioUserLab:
    """Any bus address, exact interrupt counts, and a reset; what touches TLPs is not this host's."""

    def __init__(self, reset: Callable[[], None]) -> None:
        """``reset`` has the server reset the device."""
        self._reset = reset

    @property
    def abilities(self) -> frozenset[str]:
        """Eventfds count every message; masks and pending bits of the table in BAR0 are the device's own."""
        return _ABILITIES

    def begin(self) -> None:
        """Nothing: nothing is watched here."""

    def spoil(self, iova: int, length: int, kind: str, count: int) -> None:
        """Raise ArgumentError: see `abilities`."""
        _cannot("completion_faults", iova, length, kind, count)

    async def odd_read(self, address: int, length: int) -> bytes:
        """Raise ArgumentError: see `abilities`."""
        _cannot("odd_access", address, length)

    def odd_write(self, address: int, data: bytes) -> None:
        """Raise ArgumentError: see `abilities`."""
        _cannot("odd_access", address, data)

    async def tlp(
        self, header: Sequence[int], data: bytes, *, within: int, answer: bool
    ) -> RawAnswer | None:
        """Raise ArgumentError: see `abilities`."""
        _cannot("tlp_injection", header, data, within, answer)

    def link(self) -> Sequence[LinkTlp]:
        """Raise ArgumentError: see `abilities`."""
        _cannot("link")

    def findings(self) -> Sequence[str]:
        """Nothing: the server's host judges, and says so there when the client has left."""
        return ()

    async def settle(self) -> Sequence[str]:
        """Nothing is outstanding that this host would know of."""
        return ()

    async def reset(self) -> bool:
        """Reset the device (VFIO_USER_DEVICE_RESET); mappings stay."""
        self._reset()
        return True


def _cannot(ability: str, *what: object) -> NoReturn:
    raise ArgumentError(
        f"{ability} {what}: a vfio-user client's host has only {sorted(_ABILITIES)}"
    )
