"""The server's bytes against the specification (QEMU, docs/interop/vfio-user.rst), field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import process
from vfio_raw import RawClient, client, memory

from doorbell.vfio_user import messages as m


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with process("model") as (socket, _):
        yield socket


@pytest.fixture
def raw(path: Path) -> Iterator[RawClient]:
    with client(path) as made:
        yield made


def octets(text: str) -> bytes:
    """Hexadecimal, with words about it after each `#`."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))


def exchange(raw: RawClient, request: str, expected: str, files: tuple[int, ...] = ()) -> None:
    wanted = octets(expected)
    raw.send_bytes(octets(request), files)
    assert raw.take(len(wanted)).hex(" ") == wanted.hex(" ")


def test_version(path: Path) -> None:
    """Major as proposed, minor no higher than proposed; JSON with a NUL at its end."""
    with client(path, hello=None) as raw:
        body = b'{"capabilities":{"max_msg_fds":8,"write_multiple":true,"later":[1]}}\0'
        raw.send_bytes(
            octets("""
            34 12        # message id
            01 00        # VERSION
            59 00 00 00  # size of everything: 16 + 4 + 69
            00 00 00 00  # flags: a command
            00 00 00 00  # error: reserved
            00 00        # major
            00 00        # minor
            """)
            + body
        )
        assert len(body) == 69
        head = raw.take(16)
        size = int.from_bytes(head[4:8], "little")
        assert head[:4] + head[8:] == octets("34 12 01 00 01 00 00 00 00 00 00 00")
        answer = raw.take(size - 16)
        assert answer[:4] == bytes(4)
        assert answer.endswith(b"}\0")
        told = json.loads(answer[4:-1])["capabilities"]
        assert told == {
            "max_msg_fds": 32,
            "max_data_xfer_size": 1 << 20,
            "max_dma_maps": 4096,
            "pgsizes": 4096,
            "write_multiple": True,
        }


def test_version_without_data(path: Path) -> None:
    with client(path, hello=None) as raw:
        raw.send_bytes(octets("01 00 01 00 14 00 00 00 00 00 00 00 00 00 00 00 00 00 07 00"))
        size = int.from_bytes(raw.take(16)[4:8], "little")
        answer = raw.take(size - 16)
        assert answer[:4] == octets("00 00 01 00"), "0.1 is the latest we speak"
        assert "write_multiple" not in json.loads(answer[4:-1])["capabilities"]


def test_device_info(raw: RawClient) -> None:
    exchange(
        raw,
        """
        05 00 04 00 20 00 00 00 00 00 00 00 00 00 00 00
        10 00 00 00  # argsz
        00 00 00 00 00 00 00 00 00 00 00 00
        """,
        """
        05 00 04 00 20 00 00 00 01 00 00 00 00 00 00 00
        10 00 00 00  # argsz
        03 00 00 00  # flags: RESET, PCI
        09 00 00 00  # regions
        05 00 00 00  # interrupt types
        """,
    )


@pytest.mark.parametrize(
    ("index", "flags", "size"),
    [(0, 3, 1 << 20), (1, 0, 0), (2, 3, 64 << 20), (6, 0, 0), (7, 3, 4096), (8, 0, 0)],
)
def test_region_info(raw: RawClient, index: int, flags: int, size: int) -> None:
    exchange(
        raw,
        f"""
        06 00 05 00 30 00 00 00 00 00 00 00 00 00 00 00
        20 00 00 00  # argsz
        00 00 00 00
        {index:02x} 00 00 00
        00 00 00 00  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
        """,
        f"""
        06 00 05 00 30 00 00 00 01 00 00 00 00 00 00 00
        20 00 00 00  # argsz
        {flags:02x} 00 00 00  # flags: READ, WRITE
        {index:02x} 00 00 00
        00 00 00 00  # cap_offset: no capabilities
        {size.to_bytes(8, "little").hex(" ")}
        00 00 00 00 00 00 00 00  # offset
        """,
    )


def test_region_io_fds(raw: RawClient) -> None:
    exchange(
        raw,
        "07 00 06 00 20 00 00 00 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00",
        "07 00 06 00 20 00 00 00 01 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00",
    )


@pytest.mark.parametrize(("index", "flags", "count"), [(0, 0, 0), (1, 0, 0), (2, 3, 32), (4, 0, 0)])
def test_irq_info(raw: RawClient, index: int, flags: int, count: int) -> None:
    exchange(
        raw,
        f"08 00 07 00 20 00 00 00 00 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00 {index:02x} 00 00 00 00 00 00 00",
        f"""
        08 00 07 00 20 00 00 00 01 00 00 00 00 00 00 00
        10 00 00 00  # argsz
        {flags:02x} 00 00 00  # flags: EVENTFD, MASKABLE
        {index:02x} 00 00 00
        {count:02x} 00 00 00
        """,
    )


def test_map_and_unmap(raw: RawClient) -> None:
    with memory(0x3000) as file:
        exchange(
            raw,
            """
            09 00 02 00 30 00 00 00 00 00 00 00 00 00 00 00
            20 00 00 00  # argsz
            03 00 00 00  # flags: readable, writeable
            00 10 00 00 00 00 00 00  # offset in the file
            00 00 00 00 05 00 00 00  # address
            00 20 00 00 00 00 00 00  # size
            """,
            "09 00 02 00 10 00 00 00 01 00 00 00 00 00 00 00",
            (file,),
        )
        exchange(  # over an existing one: EEXIST
            raw,
            """
            09 00 02 00 30 00 00 00 00 00 00 00 00 00 00 00
            20 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 00 10 00 00 05 00 00 00 00 10 00 00 00 00 00 00
            """,
            "09 00 02 00 10 00 00 00 21 00 00 00 11 00 00 00",
            (file,),
        )
    entry = "18 00 00 00 00 00 00 00 00 00 00 00 05 00 00 00 00 20 00 00 00 00 00 00"
    exchange(
        raw,
        "0a 00 03 00 28 00 00 00 00 00 00 00 00 00 00 00" + entry,
        "0a 00 03 00 28 00 00 00 01 00 00 00 00 00 00 00" + entry,
    )
    exchange(  # once more: ENOENT
        raw,
        "0b 00 03 00 28 00 00 00 00 00 00 00 00 00 00 00" + entry,
        "0b 00 03 00 10 00 00 00 21 00 00 00 02 00 00 00",
    )


def test_region_read_and_write(raw: RawClient) -> None:
    exchange(
        raw,
        """
        0c 00 09 00 20 00 00 00 00 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00  # offset
        00 00 00 00              # region
        08 00 00 00              # count
        """,
        """
        0c 00 09 00 28 00 00 00 01 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 08 00 00 00
        44 4f 4f 52 42 45 4c 4c  # IDENTITY: DOORBELL
        """,
    )
    exchange(
        raw,
        """
        0d 00 0a 00 24 00 00 00 00 00 00 00 00 00 00 00
        78 00 00 00 00 00 00 00 00 00 00 00 04 00 00 00
        de ad be ef  # SCRATCH
        """,
        """
        0d 00 0a 00 20 00 00 00 01 00 00 00 00 00 00 00
        78 00 00 00 00 00 00 00 00 00 00 00 04 00 00 00
        """,
    )
    assert raw.read(0, 0x78, 8) == octets("de ad be ef 00 00 00 00")


def test_write_multi(raw: RawClient) -> None:
    exchange(
        raw,
        """
        0e 00 0f 00 48 00 00 00 00 00 00 00 00 00 00 00
        02 00 00 00 00 00 00 00  # writes
        78 00 00 00 00 00 00 00 00 00 00 00 08 00 00 00 01 02 03 04 05 06 07 08
        78 00 00 00 00 00 00 00 00 00 00 00 04 00 00 00 11 12 13 14 ff ff ff ff
        """,
        "0e 00 0f 00 18 00 00 00 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00",
    )
    assert raw.read(0, 0x78, 8) == octets("11 12 13 14 05 06 07 08")


def test_set_irqs_and_reset(raw: RawClient) -> None:
    exchange(
        raw,
        """
        0f 00 08 00 24 00 00 00 00 00 00 00 00 00 00 00
        14 00 00 00  # argsz
        21 00 00 00  # flags: DATA_NONE, ACTION_TRIGGER
        02 00 00 00  # index: MSI-X
        00 00 00 00  # start
        00 00 00 00  # count: 0 disables all
        """,
        "0f 00 08 00 10 00 00 00 01 00 00 00 00 00 00 00",
    )
    exchange(
        raw,
        "10 00 0d 00 10 00 00 00 00 00 00 00 00 00 00 00",
        "10 00 0d 00 10 00 00 00 01 00 00 00 00 00 00 00",
    )


def test_no_reply_is_done_before_what_follows(raw: RawClient) -> None:
    """Flag bit 4: no answer, to a refused one neither."""
    raw.send_bytes(
        octets("""
        11 00 0a 00 24 00 00 00 10 00 00 00 00 00 00 00
        78 00 00 00 00 00 00 00 00 00 00 00 04 00 00 00 01 00 00 00
        12 00 0a 00 24 00 00 00 10 00 00 00 00 00 00 00
        00 00 00 00 00 00 00 00 05 00 00 00 04 00 00 00 01 00 00 00
        """)
    )
    assert raw.number(0, 0x78, 4) == 1


def test_client_and_server_use_the_same_layouts() -> None:
    """What both pack and unpack, against the offsets that the specification lists."""
    for made, expected in (
        (m.Header(0x0102, 0x0304, 0x05060708, 0x11, 0x16), "0201 0403 08070605 11000000 16000000"),
        (m.Version(1, 2), "0100 0200"),
        (
            m.DmaMap(1, 2, 3, 4, 5),
            "01000000 02000000" + "".join(f"{n:02x}" + 14 * "0" for n in (3, 4, 5)),
        ),
        (m.DmaUnmap(1, 2, 3, 4), "01000000 02000000 0300000000000000 0400000000000000"),
        (m.DeviceInfo(1, 2, 3, 4), "01000000 02000000 03000000 04000000"),
        (
            m.RegionInfo(1, 2, 3, 4, 5, 6),
            "01000000 02000000 03000000 04000000 0500000000000000 0600000000000000",
        ),
        (m.RegionIoFds(1, 2, 3, 4), "01000000 02000000 03000000 04000000"),
        (m.IrqInfo(1, 2, 3, 4), "01000000 02000000 03000000 04000000"),
        (m.IrqSet(1, 2, 3, 4, 5), "01000000 02000000 03000000 04000000 05000000"),
        (m.RegionAccess(1, 2, 3), "0100000000000000 02000000 03000000"),
        (m.WriteMulti(1), "0100000000000000"),
        (m.WriteEntry(1, 2, 3, b"abcdefgh"), "0100000000000000 02000000 03000000 6162636465666768"),
    ):
        assert made.pack().hex() == expected.replace(" ", ""), made
        assert type(made).unpack(made.pack() + b"more") == made
        with pytest.raises(ValueError, match=type(made).__name__):
            type(made).unpack(made.pack()[:-1])
