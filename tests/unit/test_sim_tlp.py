"""TLPs that are made can be taken apart again, for every address and length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorbell.contract import TlpKind
from doorbell_tb import tlp
from doorbell_tb.errors import HostError
from doorbell_tb.trace import TLP


def columns(packet: tlp.Tlp) -> tlp.Columns:
    row = np.zeros(1, TLP)
    row["header"][0, : len(packet.header)] = packet.header
    row["payload"] = len(packet.payload)
    return tlp.Columns(row)


ADDRESSES = st.one_of(st.integers(0, (1 << 32) - 8192), st.integers(1 << 32, (1 << 64) - 8192))


@given(address=ADDRESSES, length=st.integers(1, 4093))
def test_reads_mean_exactly_their_bytes(address, length):
    seen = columns(tlp.memory_read(address, length))
    assert seen.read[0]
    assert int(seen.begin[0]) == address
    assert int(seen.meant[0]) == length
    assert bool(seen.wide[0]) == (address >= 1 << 32)


@given(address=ADDRESSES, data=st.binary(min_size=1, max_size=300))
def test_writes_carry_their_bytes_at_the_right_place(address, data):
    packet = tlp.memory_write(address, data)
    seen = columns(packet)
    assert seen.write[0]
    assert int(seen.begin[0]) == address
    assert int(seen.meant[0]) == len(data)
    assert int(seen.size[0]) == len(packet.payload)
    assert packet.payload[address & 3 :][: len(data)] == data


def test_zero_length():
    seen = columns(tlp.memory_read(0x1000, 0))
    assert (int(seen.size[0]), int(seen.first_be[0]), int(seen.meant[0])) == (4, 0, 1)


@pytest.mark.parametrize(
    ("packet", "kind", "size"),
    [
        (tlp.fetch_add(0x1000, 1), TlpKind.FETCHADD32, 8),
        (tlp.swap(1 << 40, -1, 4), TlpKind.SWAP64, 4),
        (tlp.compare_and_swap(1 << 40, 1, 2), TlpKind.CAS64, 16),
    ],
)
def test_atomics(packet, kind, size):
    seen = columns(packet)
    assert seen.atomic[0]
    assert int(seen.kind[0]) == kind
    assert len(packet.payload) == int(seen.meant[0]) == size


def test_fields_can_be_made_wrong():
    packet = tlp.memory_write(0x1000, bytes(8)).changed(
        kind=0x7B, tag=0x55, attributes=7, length=3, poisoned=1, requester=0xABCD
    )
    seen = columns(packet)
    assert int(seen.kind[0]) == 0x7B
    assert int(seen.tag[0]) == 0x55
    assert int(seen.size[0]) == 12
    assert int(seen.requester[0]) == 0xABCD
    assert int(seen.attributes[0]) == 0x0004_3000
    assert packet.header[0] >> 14 & 1


def test_impossible_ones_are_refused():
    with pytest.raises(HostError, match="at most 1024"):
        tlp.memory_read(1, 4096)
    with pytest.raises(HostError, match="address"):
        tlp.memory_read(1 << 64, 4)
    with pytest.raises(HostError, match="field 'colour'"):
        tlp.memory_read(0, 4).changed(colour=1)
