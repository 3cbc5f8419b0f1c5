"""Configuration space as a VFIO client sees it: the device's own, but for where its BARs are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from doorbell.pci import Bar
from doorbell.transport import Transport

__all__ = ["CONFIG_BYTES", "ConfigSpace"]

CONFIG_BYTES: Final = 4096
_BARS: Final = range(0x10, 0x28)
_ROM: Final = range(0x30, 0x34)
_WORD: Final = 0xFFFF_FFFF


class ConfigSpace:
    """BAR registers are kept here, with the sizes of the device's BARs; the rest goes through.

    The BARs' true addresses are the server's matter: it placed them before any client came.
    """

    def __init__(self, transport: Transport, bars: Mapping[int, Bar]) -> None:
        """``bars``: the device's 64-bit BARs by number."""
        self._transport = transport
        self._mask = [0] * 6
        self._kind = [0] * 6
        for number, bar in bars.items():
            mask = -bar.size & (1 << 64) - 1
            self._mask[number : number + 2] = [mask & _WORD, mask >> 32]
            self._kind[number] = 0x4 | bar.prefetchable << 3
        self._own = bytearray(0x40)
        self.reset()

    def reset(self) -> None:
        """No BAR has an address."""
        for number, kind in enumerate(self._kind):
            self._own[0x10 + 4 * number : 0x14 + 4 * number] = kind.to_bytes(4, "little")

    async def read(self, offset: int, count: int) -> bytes:
        """Read ``count`` bytes, all inside the space."""
        found = bytearray()
        for at, size in _pieces(offset, count):
            if _is_own(at):
                found += self._own[at : at + size]
            else:
                found += (await self._transport.config_read(at, size)).to_bytes(size, "little")
        return bytes(found)

    async def write(self, offset: int, data: bytes) -> None:
        """Write bytes, all inside the space."""
        for at, size in _pieces(offset, len(data)):
            piece = data[at - offset : at - offset + size]
            if not _is_own(at):
                await self._transport.config_write(at, int.from_bytes(piece, "little"), size)
            elif at in _BARS:
                self._own[at : at + size] = piece
                number = (at - _BARS.start) // 4
                word = slice(_BARS.start + 4 * number, _BARS.start + 4 * number + 4)
                value = int.from_bytes(self._own[word], "little")
                self._own[word] = (value & self._mask[number] | self._kind[number]).to_bytes(
                    4, "little"
                )


def _is_own(at: int) -> bool:
    return at in _BARS or at in _ROM


def _pieces(offset: int, count: int) -> Iterator[tuple[int, int]]:
    """Cut a range into aligned accesses of 1, 2 or 4 bytes."""
    end = offset + count
    while offset < end:
        size = next(size for size in (4, 2, 1) if offset % size == 0 and offset + size <= end)
        yield offset, size
        offset += size
