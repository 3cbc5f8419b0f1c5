"""Enumeration on a fake configuration space: what is read and written, in which order, and what is refused."""

from __future__ import annotations

import pytest
from fake_transport import MESSAGE_ADDRESS, FakeTransport, run

from doorbell.contract import limits, reference, registers
from doorbell.device import Device
from doorbell.errors import DeviceLost, IncompatibleDevice
from doorbell.pci import BAR_WINDOW, Function, enumerate_function

COMMAND, MEMORY_SPACE, BUS_MASTER = 0x04, 2, 4


def enumerated(transport: FakeTransport) -> Function:
    found: Function = run(transport, enumerate_function(transport))
    return found


def commands(transport: FakeTransport) -> list[int]:
    return [
        item.value
        for item in transport.did
        if item.kind == "config_write" and item.address == COMMAND
    ]


def test_bars_are_sized_and_placed_naturally_aligned_without_overlap() -> None:
    transport = FakeTransport()
    bars = enumerated(transport).bars
    assert {number: bar.size for number, bar in bars.items()} == transport.bars
    assert all(bar.address % bar.size == 0 and bar.address >= BAR_WINDOW for bar in bars.values())
    spans = sorted((bar.address, bar.address + bar.size) for bar in bars.values())
    assert spans[0][1] <= spans[1][0]
    for number, bar in bars.items():
        low = int.from_bytes(transport.config[0x10 + 4 * number :][:8], "little")
        assert low & ~0xF == bar.address
    assert bars[0].prefetchable, "as the fake says"


@pytest.mark.parametrize("size", [1 << 20, 1 << 26, 1 << 33, 1 << 40])
def test_bars_of_any_size(size: int) -> None:
    """Beyond 4 GiB the low half reads as flags alone."""
    transport = FakeTransport()
    transport.bars = {0: 1 << 20, 4: size}
    bars = enumerated(transport).bars
    assert bars[4].size == size
    assert bars[4].address % size == 0


def test_memory_is_off_while_bars_move_and_bus_master_is_off_throughout() -> None:
    """RT-OPEN-001: enumeration itself never turns upstream requests on."""
    transport = FakeTransport()
    transport.config[COMMAND] = MEMORY_SPACE | BUS_MASTER  # as somebody left it
    enumerated(transport)
    assert commands(transport) == [0, MEMORY_SPACE]
    kinds = [(item.kind, item.address) for item in transport.did if item.kind == "config_write"]
    bars = [at for at, (_, address) in enumerate(kinds) if 0x10 <= address < 0x28]
    on_off = [at for at, (_, address) in enumerate(kinds) if address == COMMAND]
    assert on_off[0] < min(bars)
    assert max(bars) < on_off[1]


def test_capabilities_are_found_wherever_they_are() -> None:
    transport = FakeTransport()
    config = transport.config
    config[0x34] = 0xA0
    config[0xA0:0xA2] = bytes([0x01, 0x60])  # power management first
    config[0x60:0x64] = bytes([0x11, 0xC0, 7, 0])  # 8 vectors
    config[0xC0:0xC2] = bytes([0x10, 0])
    config[0xC4] = 1
    config[0x40:0x54] = bytes(20)
    found = enumerated(transport)
    assert (found.vectors, found.msix) == (8, 0x60)
    assert int.from_bytes(config[0xC8:0xCA], "little") >> 5 & 7 == 1


@pytest.mark.parametrize(
    ("supported", "mps", "field"), [(0, 128, 0), (1, 256, 1), (2, 256, 1), (5, 256, 1)]
)
def test_payload_sizes_and_attributes(supported: int, mps: int, field: int) -> None:
    """MPS at most 256 and what the device can; MRRS 512; relaxed ordering and no-snoop off."""
    transport = FakeTransport()
    transport.config[0x44] = supported
    transport.config[0x48:0x4A] = (0xFFFF & ~0x8000).to_bytes(2, "little")
    found = enumerated(transport)
    control = int.from_bytes(transport.config[0x48:0x4A], "little")
    assert (found.mps, found.mrrs) == (mps, 512)
    assert control >> 5 & 7 == field
    assert control >> 12 & 7 == 2
    assert control & 0x0810 == 0
    assert control & 0x0100, "8-bit tags"


def test_nobody_there() -> None:
    transport = FakeTransport()
    transport.deaf = True
    with pytest.raises(DeviceLost, match="no device"):
        enumerated(transport)


def test_another_device() -> None:
    transport = FakeTransport()
    transport.config[0:4] = (0x1234_8086).to_bytes(4, "little")
    with pytest.raises(IncompatibleDevice, match="0x12348086"):
        enumerated(transport)
    assert not [item for item in transport.did if item.kind == "config_write"], "hands off"


@pytest.mark.parametrize(("at", "name"), [(0x40, "PCI Express"), (0x50, "MSI-X")])
def test_a_missing_capability(at: int, name: str) -> None:
    transport = FakeTransport()
    transport.config[at] = 0x09
    with pytest.raises(IncompatibleDevice, match=name):
        enumerated(transport)


def test_no_capability_list_at_all() -> None:
    """The pointer means nothing while bit 4 of Status is clear."""
    transport = FakeTransport()
    transport.config[0x06] = 0
    with pytest.raises(IncompatibleDevice, match="PCI Express"):
        enumerated(transport)


def test_a_capability_list_that_loops_ends() -> None:
    transport = FakeTransport()
    transport.config[0x40:0x42] = bytes([0x09, 0x50])  # two of one id that point at each other
    transport.config[0x50:0x52] = bytes([0x09, 0x40])
    with pytest.raises(IncompatibleDevice, match="PCI Express"):
        enumerated(transport)


@pytest.mark.parametrize("flags", [0x0, 0x8, 0x1])
def test_bars_that_are_not_64_bit_memory_are_refused(flags: int) -> None:
    transport = FakeTransport()
    transport.bar_flags = flags
    with pytest.raises(IncompatibleDevice, match=r"BAR0 reads .*64-bit memory"):
        enumerated(transport)


@pytest.mark.parametrize("bars", [{}, {2: 1 << 20}, {0: 1 << 12}])
def test_a_device_without_its_registers_is_refused(bars: dict[int, int]) -> None:
    transport = FakeTransport()
    transport.bars = bars
    with pytest.raises(IncompatibleDevice, match=f"{limits.BAR0_BYTES:#x}"):
        enumerated(transport)


def test_msix_table_is_filled_before_msix_is_enabled() -> None:
    transport = FakeTransport()
    function = enumerated(transport)
    transport.did.clear()
    table = function.bars[0].address + registers.MSIX_TABLE.offset
    transport.config[0x53] |= 0x40  # masked as a whole
    run(transport, function.enable_msix(table))
    writes = [item for item in transport.did if item.kind == "write"]
    assert len(writes) == 2 * reference.VECTORS
    for vector in range(reference.VECTORS):
        address, data = writes[2 * vector : 2 * vector + 2]
        assert (address.address, address.value) == (table + 16 * vector, MESSAGE_ADDRESS)
        assert (data.address, data.value) == (table + 16 * vector + 8, vector), "and not masked"
    last = transport.did[-1]
    assert (last.kind, last.address, last.value & 0xC000) == ("config_write", 0x52, 0x8000)


def test_open_maps_memory_before_bus_master_and_close_clears_it_before_unmapping() -> None:
    """RT-OPEN-001."""
    transport = FakeTransport(latency=5)

    async def program() -> None:
        device = await Device.open(transport)
        await device.stream().synchronize()
        await device.close()

    run(transport, program())
    steps = [
        (item.kind, bool(item.value & BUS_MASTER))
        for item in transport.did
        if item.kind in {"map", "unmap", "close"} or item.address == COMMAND
        if item.kind != "config_read"
    ]
    assert steps == [
        ("config_write", False),
        ("config_write", False),
        ("map", False),
        ("config_write", True),
        ("config_write", False),
        ("unmap", False),
        ("close", False),
    ]
