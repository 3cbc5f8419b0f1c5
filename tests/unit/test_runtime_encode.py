"""Encoding: every opcode lands where the contract's dtype says, in bulk as one by one; what does not fit is refused."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
from fake_transport import prop
from hypothesis import given

from doorbell import encode
from doorbell.contract import PACKET, PACKETS, RESERVED, Opcode, SignalMode, Space, limits
from doorbell.errors import ArgumentError

U32, U64 = (1 << 32) - 1, (1 << 64) - 1
FRAME = {"opcode", "flags", "vector", "tag", "record_address", "record_value"}


def operands(opcode: Opcode) -> list[str]:
    return [name for name in PACKETS[opcode].names or () if name not in FRAME]


@pytest.mark.parametrize("opcode", list(PACKETS))
@prop(30)
@given(data=st.data())
def test_every_operand_lands_in_its_field(opcode: Opcode, data: st.DataObject) -> None:
    """Against bytes put together by hand from the dtype's offsets."""
    layout = PACKETS[opcode]
    expected = bytearray(64)
    expected[0] = opcode
    given_: dict[str, Any] = {}
    for name in operands(opcode):
        at, size = layout.fields[name][1], layout[name].itemsize
        if layout[name].subdtype:
            raw = data.draw(st.binary(min_size=size, max_size=size))
            given_[name] = np.frombuffer(raw, np.uint8)
        else:
            given_[name] = data.draw(st.integers(0, (1 << 8 * size) - 1))
            raw = given_[name].to_bytes(size, "little")
        expected[at : at + size] = raw
    packets = encode.encode(opcode, **given_)
    assert packets.dtype == PACKET
    assert packets.shape == (1,)
    assert packets.tobytes() == bytes(expected)
    for first, end in RESERVED[opcode.name]:
        assert not any(packets.tobytes()[first:end])


@pytest.mark.parametrize("opcode", list(PACKETS))
def test_all_ones_fill_their_field_and_no_other(opcode: Opcode) -> None:
    for name in operands(opcode):
        field = PACKETS[opcode][name]
        if field.subdtype:
            continue
        limit = (1 << 8 * field.itemsize) - 1
        found = encode.encode(opcode, **{name: limit}).view(PACKETS[opcode])[0]
        assert found[name] == limit
        others = [other for other in operands(opcode) if other != name]
        assert not any(np.any(found[other]) for other in others)
        for bad in (-1, limit + 1):
            with pytest.raises(ArgumentError, match=f"{opcode.name}.{name} = {bad}.*0 to {limit}"):
                encode.encode(opcode, **{name: bad})


@prop(50)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, U64), st.integers(0, U64), st.integers(0, U32)),
        min_size=1,
        max_size=20,
    ),
    spaces=st.tuples(st.sampled_from(Space), st.sampled_from(Space)),
)
def test_bulk_is_the_same_as_one_by_one(
    rows: list[tuple[int, int, int]], spaces: tuple[Space, Space]
) -> None:
    source, destination, length = (
        np.array(column, kind)
        for column, kind in zip(zip(*rows, strict=True), ("<u8", "<u8", "<u4"), strict=True)
    )
    options = {"source_space": spaces[0], "destination_space": spaces[1]}
    bulk = encode.copies(source, destination, length, **options)
    single = np.concatenate([encode.copies(*row, **options) for row in rows])
    assert bulk.tobytes() == single.tobytes()


def test_scalars_and_arrays_mix() -> None:
    packets = encode.copies(np.arange(5, dtype=np.int64), 7, 64).view(PACKETS[Opcode.COPY])
    assert packets["source"].tolist() == [0, 1, 2, 3, 4]
    assert packets["destination"].tolist() == [7] * 5
    assert packets["length"].tolist() == [64] * 5


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.int64(-1), "-1"),  # numpy's scalars are checked like Python's, not cut
        (np.uint64(1 << 32), str(1 << 32)),
        (1.5, "1.5"),
        (1.0, "1.0"),
        ("64", "'64'"),
        (None, "None"),
        (np.array([1.0, 2.0]), "float64"),
        (np.array([-1, 2]), "-1 to 2"),
        (np.array([0, 1 << 32]), f"0 to {1 << 32}"),
        (np.array([[1, 2]]), r"shape \(1, 2\)"),
    ],
)
def test_a_length_that_does_not_fit_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        encode.encode(Opcode.COPY, 2, length=value)


def test_mismatched_arrays_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"\[2, 3\]"):
        encode.copies(np.zeros(2, np.uint64), np.zeros(3, np.uint64), 1)
    with pytest.raises(ArgumentError, match=r"COPY.source: an array of shape \(3,\); give \(2,\)"):
        encode.encode(Opcode.COPY, 2, source=np.zeros(3, np.uint64))


def test_unknown_operands_and_opcodes_are_refused() -> None:
    with pytest.raises(ArgumentError, match="NOP has no operand 'length'"):
        encode.encode(Opcode.NOP, length=1)
    with pytest.raises(ArgumentError, match="no layout of opcode"):
        encode.encode(Opcode.INVALID)
    with pytest.raises(ArgumentError, match="count = -1"):
        encode.nops(-1)


@pytest.mark.parametrize("size", range(limits.WRITE_MAX_BYTES + 1))
def test_write_carries_its_bytes_and_zeros_behind_them(size: int) -> None:
    data = bytes(range(1, size + 1))
    packet = encode.write(0x1234, data, space=Space.HOST).view(PACKETS[Opcode.WRITE])[0]
    assert packet["length"] == size
    assert packet["data"].tobytes() == data.ljust(limits.WRITE_MAX_BYTES, b"\0")
    assert packet["destination_space"] == Space.HOST


@pytest.mark.parametrize(("data", "message"), [(bytes(25), "25 bytes: at most 24"), ("ab", "str")])
def test_write_refuses_what_it_cannot_carry(data: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        encode.write(0, data)


@pytest.mark.parametrize("value", [-1, 1 << 64])
def test_wait_and_signal_take_64_bits_and_no_more(value: int) -> None:
    for make, opcode in ((encode.wait, Opcode.WAIT), (encode.signal, Opcode.SIGNAL)):
        with pytest.raises(ArgumentError, match=f"value = {value}"):
            make(1, value)
        assert make(1, U64).view(PACKETS[opcode])[0]["value"] == U64


def test_add_is_another_mode_than_set() -> None:
    layout = PACKETS[Opcode.SIGNAL]
    for mode in (SignalMode.SEMAPHORE_SET, SignalMode.SEMAPHORE_ADD):
        assert encode.signal(3, 4, mode).view(layout)[0]["mode"] == mode


def test_bulk_encoding_is_fast() -> None:
    """A million commands/s is the goal, which `doorbell bench` judges; here a tenth, whatever else runs."""
    count = 100_000
    addresses: npt.NDArray[np.uint64] = np.arange(count, dtype=np.uint64) * 64
    start = perf_counter()
    packets = encode.copies(addresses, addresses, 64)
    assert len(packets) / (perf_counter() - start) > 1e5
