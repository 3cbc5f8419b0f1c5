"""Enumeration: finds the function, sizes and places its BARs, and sets up its capabilities by configuration TLPs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from doorbell.contract import MSIX_ENTRY, limits
from doorbell.errors import DeviceLost, IncompatibleDevice
from doorbell.transport import Transport

# Standard offsets and bits (PCI Local Bus 3.0 chapter 6, PCIe Base 7.5).
_VENDOR, _COMMAND, _STATUS, _BAR, _CAPABILITIES = 0x00, 0x04, 0x06, 0x10, 0x34
_MEMORY_SPACE: Final = 1 << 1
_BUS_MASTER: Final = 1 << 2
_HAS_CAPABILITIES: Final = 1 << 4
_CAPABILITY_PCIE, _CAPABILITY_MSIX = 0x10, 0x11
_BAR_COUNT: Final = 6
BAR_WINDOW: Final = 0x40_0000_0000  # 256 GiB: above any host memory we map


@dataclass(frozen=True, slots=True)
class Bar:
    """One memory BAR: bus ``address`` and ``size`` in bytes."""

    address: int
    size: int
    prefetchable: bool


@dataclass(frozen=True, slots=True)
class Function:
    """What enumeration found and set: BARs by number, MPS and MRRS in bytes, MSI-X vectors, places of capabilities."""

    transport: Transport
    bars: dict[int, Bar]
    mps: int
    mrrs: int
    vectors: int
    express: int
    msix: int

    async def bus_master(self, on: bool) -> None:
        """Allow or forbid upstream requests.

        On only after every mapping that they need exists (EP rules).
        """
        command = await self.transport.config_read(_COMMAND, 2)
        command = command | _BUS_MASTER if on else command & ~_BUS_MASTER
        await self.transport.config_write(_COMMAND, command, 2)

    async def enable_msix(self, table: int) -> None:
        """Fill the MSI-X table at bus address ``table``, every vector to its own number, unmask, enable (INT rules)."""
        address = self.transport.message_address()
        for vector in range(self.vectors):
            entry = table + vector * MSIX_ENTRY.itemsize
            self.transport.write(entry, address)
            self.transport.write(entry + 8, vector)
        control = await self.transport.config_read(self.msix + 2, 2)
        await self.transport.config_write(self.msix + 2, control & ~0x4000 | 0x8000, 2)


async def enumerate_function(transport: Transport) -> Function:
    """Place the BARs, set MPS and MRRS, turn memory space on. Bus master stays off until memory is mapped.

    Raises:
        DeviceLost: nobody answers.
        IncompatibleDevice: the IDs are not a Doorbell device's, or a needed capability or BAR is
        missing.
    """
    identity = await transport.config_read(_VENDOR)
    if identity == 0xFFFF_FFFF:
        raise DeviceLost("configuration reads return all ones: no device on this link")
    expected = limits.DEVICE_ID << 16 | limits.VENDOR_ID
    if identity != expected:
        raise IncompatibleDevice(
            f"device and vendor ID {identity:#010x}, expected {expected:#010x}"
        )
    await transport.config_write(_COMMAND, 0, 2)
    bars = await _place_bars(transport)
    found = await _capabilities(transport)
    for needed, name in ((_CAPABILITY_PCIE, "PCI Express"), (_CAPABILITY_MSIX, "MSI-X")):
        if needed not in found:
            raise IncompatibleDevice(
                f"no {name} capability (id {needed:#x}) in the list {sorted(found)}"
            )
    mps, mrrs = await _payload_sizes(transport, found[_CAPABILITY_PCIE])
    control = await transport.config_read(found[_CAPABILITY_MSIX] + 2, 2)
    await transport.config_write(_COMMAND, _MEMORY_SPACE, 2)
    return Function(
        transport,
        bars,
        mps,
        mrrs,
        vectors=(control & 0x7FF) + 1,
        express=found[_CAPABILITY_PCIE],
        msix=found[_CAPABILITY_MSIX],
    )


async def _place_bars(transport: Transport) -> dict[int, Bar]:
    """Size and place the BARs (EP rules): 64-bit memory, naturally aligned, from `BAR_WINDOW` upwards."""
    bars: dict[int, Bar] = {}
    free = BAR_WINDOW
    for number in range(0, _BAR_COUNT, 2):
        offset = _BAR + 4 * number
        for half in (offset, offset + 4):
            await transport.config_write(half, 0xFFFF_FFFF)
        low = await transport.config_read(offset)
        high = await transport.config_read(offset + 4)
        if not low and not high:
            continue
        if low & 0x7 != 0x4:
            raise IncompatibleDevice(
                f"BAR{number} reads {low:#x} when sized: expected 64-bit memory (low bits 0b100)"
            )
        size = -(high << 32 | low & ~0xF) & (1 << 64) - 1
        free = (free + size - 1) & -size
        await transport.config_write(offset, free & 0xFFFF_FFFF)
        await transport.config_write(offset + 4, free >> 32)
        bars[number] = Bar(free, size, bool(low & 8))
        free += size
    if 0 not in bars or bars[0].size < limits.BAR0_BYTES:
        raise IncompatibleDevice(
            f"BARs {bars}: BAR0 needs at least {limits.BAR0_BYTES:#x} bytes of registers"
        )
    return bars


async def _capabilities(transport: Transport) -> dict[int, int]:
    """Walk the capability list: offset by id, the first of each; a list that loops ends."""
    found: dict[int, int] = {}
    if not await transport.config_read(_STATUS, 2) & _HAS_CAPABILITIES:
        return found
    visited = set()
    at = await transport.config_read(_CAPABILITIES, 1) & 0xFC
    while at and at not in visited:
        visited.add(at)
        header = await transport.config_read(at, 2)
        found.setdefault(header & 0xFF, at)
        at = header >> 8 & 0xFC
    return found


async def _payload_sizes(transport: Transport, at: int) -> tuple[int, int]:
    supported = await transport.config_read(at + 4) & 0x7
    payload = min(supported, 1)  # 256 bytes: what root ports take
    request = 2  # 512 bytes
    control = await transport.config_read(at + 8, 2)
    control = (
        control & ~0x70E0 | payload << 5 | request << 12 | 1 << 8
    )  # bit 8: extended (8-bit) tags
    await transport.config_write(
        at + 8, control & ~0x0810, 2
    )  # no relaxed ordering, no no-snoop (ORD rules)
    return 128 << payload, 128 << request
