"""The client's bus: which BAR an address hits, as a root complex would know."""

from __future__ import annotations

from typing import Final

from doorbell.errors import ArgumentError
from doorbell.vfio_user.client import Client
from doorbell.vfio_user.numbers import Region

__all__ = ["Bus"]

_COMMAND, _BARS = 0x04, range(0x10, 0x28)
_MEMORY_SPACE: Final = 1 << 1
_CONFIG_BYTES: Final = 4096


class Bus:
    """Turns bus addresses into regions and offsets, after what was written to configuration space."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sizes: dict[int, int] = {
            number: client.region_info(number).size for number in (Region.BAR0, Region.BAR2)
        }
        self._bars: dict[int, int] = {}
        self.refresh()

    @property
    def bar0(self) -> int | None:
        """Address of BAR0; None while it has none, or memory space is off."""
        return self._bars.get(Region.BAR0)

    def config_read(self, offset: int, size: int) -> int:
        """Read 1, 2 or 4 aligned bytes of configuration space."""
        _check(offset, size)
        return int.from_bytes(self._client.read(Region.CONFIG, offset, size), "little")

    def config_write(self, offset: int, data: bytes) -> None:
        """Write 1, 2 or 4 aligned bytes of configuration space."""
        _check(offset, len(data))
        self._client.write(Region.CONFIG, offset, data)
        if offset in _BARS or offset == _COMMAND:
            self.refresh()

    def refresh(self) -> None:
        """Learn from configuration space where the BARs are."""
        self._bars.clear()
        if self.config_read(_COMMAND, 2) & _MEMORY_SPACE:
            for number, size in self._sizes.items():
                low, high = (
                    self.config_read(_BARS.start + 4 * half, 4) for half in (number, number + 1)
                )
                address = high << 32 | low & ~0xF
                if address and size:
                    self._bars[number] = address

    def _find(self, address: int, count: int) -> tuple[int, int] | None:
        for number, start in self._bars.items():
            if start <= address and address + count <= start + self._sizes[number]:
                return number, address - start
        return None

    def read(self, address: int, count: int) -> bytes | None:
        """Read ``count`` bytes; None where no BAR answers."""
        found = self._find(address, count)
        return None if found is None else self._client.read(*found, count)

    def write(self, address: int, data: bytes) -> None:
        """Post a write; it is lost where no BAR answers."""
        found = self._find(address, len(data))
        if found is not None:
            self._client.post_write(*found, data)


def _check(offset: int, size: int) -> None:
    if size not in (1, 2, 4) or offset % size or not 0 <= offset <= _CONFIG_BYTES - size:
        raise ArgumentError(
            f"configuration access of {size} bytes at {offset:#x}; give 1, 2 or 4, aligned, below 4096"
        )
