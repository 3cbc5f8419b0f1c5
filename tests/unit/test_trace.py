"""Reading the TLP trace: layout, payload hash, and the ladder picture."""

from __future__ import annotations

import numpy as np

from doorbell.contract import TlpKind
from doorbell_tb.tlp import fetch_add, memory_read, memory_write
from doorbell_tb.trace import NONE, TLP, TlpFlag, ladder, payload_hash


def row(header: tuple[int, ...], payload: bytes = b"", **fields: int) -> np.ndarray:
    record = np.zeros(1, TLP)
    record["header"][0, : len(header)] = header
    record["payload"] = len(payload)
    record["first"] = int.from_bytes(payload[:8], "little")
    record["request"] = NONE
    for name, value in fields.items():
        record[name] = value
    return record


def test_a_record_is_a_cache_line() -> None:
    assert TLP.itemsize == 64


def test_payload_hash_tells_payloads_apart() -> None:
    data = bytes(range(256)) * 2
    hashes = {payload_hash(data[:size]) for size in range(513)}
    assert len(hashes) == 513
    swapped = data[:8] + data[16:24] + data[8:16] + data[24:]
    assert payload_hash(swapped) != payload_hash(data)
    assert payload_hash(b"") == 0 != payload_hash(b"\0")


def test_the_ladder_says_who_asked_what_and_what_came_back() -> None:
    completion = (TlpKind.CPLD << 24 | 2, 0x0000_0008, 0x0100_0700)
    refused = (TlpKind.CPL << 24, 0x0000_2040, 0x0100_0800)
    trace = np.concatenate([
        row(memory_write(0x40_0008_0000, b"\x05\0\0\0\0\0\0\0").header, bytes([5] + [0] * 7), direction=1),
        row(memory_read(0x1000, 64).changed(tag=7).header, cycle=12),
        row(completion, bytes(8), direction=1, cycle=99, request=1),
        row(refused, direction=1, cycle=120, flags=TlpFlag.REFUSED | TlpFlag.INJECTED),
        row(memory_write(0xFEE0_0000, b"\x03\0\0\0").header, b"\x03\0\0\0", flags=TlpFlag.MESSAGE),
        row(fetch_add(0x2000, 1).header, bytes(8)),
        row((TlpKind.CFGRD0 << 24 | 1, 0xF, 0x0100_0034), direction=1),
        row((0x74 << 24,)),
    ])  # fmt: skip
    lines = ladder(trace, start=100).splitlines()
    expected = [
        ("── MWr 0x4000080000, 8 B = 0x5 ─", "►"),
        ("◄─ MRd 0x1000, 64 B, tag 7 ─", "─"),
        ("── CplD SC to #1, tag 7, 8 of 8 B = 0x0 ─", "►"),
        ("── Cpl UR to nothing, tag 8, 0 of 64 B ─", "►  REFUSED  INJECTED"),
        ("◄─ MWr 0xfee00000, 4 B = 0x3 ─", "─  MESSAGE"),
        ("◄─ FetchAdd 0x2000, 8 B, tag 0 = 0x0 ─", "─"),
        ("── CfgRd0 0x34 be 1111 ─", "►"),
        ("◄─ type 0x74 ", "─"),
    ]
    assert len(lines) == 1 + len(expected)
    for index, (line, (start, end)) in enumerate(zip(lines[1:], expected, strict=True)):
        assert line.startswith(f"{100 + index:7} {int(trace['cycle'][index]):10}  {start}"), line
        assert line.endswith(end), line
    assert len({line.index("►") for line in lines if "►" in line}) == 1
