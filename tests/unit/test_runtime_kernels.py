"""Kernels: argument blocks against the contract's layouts, grids, every refusal; and the numpy arithmetic."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from fake_transport import opened, prop, streamed
from hypothesis import given

from doorbell import kernels, reference
from doorbell.contract import (
    ARGUMENTS,
    ARGUMENTS_RESERVED,
    Flag,
    Kernel,
    Opcode,
    Space,
    limits,
)
from doorbell.device import Device
from doorbell.errors import ArgumentError, UseAfterFree

GOOD = {"multiplier": 3, "shift": 2, "lo": -5, "hi": 6}


def matrices(device: Device, m: int, k: int, n: int) -> tuple[Any, Any, Any]:
    return (
        device.empty((m, k), np.int8),
        device.empty((k, n), np.int8),
        device.empty((m, n), np.int32),
    )


def vectors(device: Device, m: int, n: int) -> tuple[Any, Any, Any]:
    return device.empty((m, n), np.int32), device.empty(n, np.int32), device.empty((m, n), np.int8)


@prop(30)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
def test_gemm_block_and_grid(m: int, k: int, n: int) -> None:
    _, device = opened()
    a, b, c = matrices(device, m, k, n)
    work = kernels.gemm(a, b, c)
    block = work.arguments.view(ARGUMENTS[Kernel.GEMM_S8])[0]
    expected = (a.address, b.address, c.address, m, n, k, k, n, 4 * n)
    assert tuple(int(value) for value in block.item()) == expected
    first, end = ARGUMENTS_RESERVED["GEMM_S8"][0]
    assert not work.arguments[first:end].any()
    columns, rows, depth = work.grid
    assert depth == 1
    assert (columns - 1) * limits.GEMM_TILE_COLUMNS < n <= columns * limits.GEMM_TILE_COLUMNS
    assert (rows - 1) * limits.GEMM_TILE_ROWS < m <= rows * limits.GEMM_TILE_ROWS
    assert work.buffers == (a, b, c)


def test_requantise_block_and_grid() -> None:
    _, device = opened()
    x, bias, y = vectors(device, 17, 65)
    work = kernels.requantise(x, bias, y, **GOOD)
    block = work.arguments.view(ARGUMENTS[Kernel.REQUANTISE])[0]
    assert block.item() == (x.address, bias.address, y.address, 17, 65, 260, 65, 3, 2, -5, 6)
    first, end = ARGUMENTS_RESERVED["REQUANTISE"][0]
    assert not work.arguments[first:end].any()
    assert work.grid == (2, 2, 1)


def test_a_launch_carries_its_block_in_host_memory() -> None:
    transport, device, stream = streamed()
    work = kernels.gemm(*matrices(device, 16, 8, 64))
    stream.launch(work)
    stream.launch(work, units=2)
    stream.flush()
    first, second = transport.packets()
    assert first["opcode"] == Opcode.LAUNCH
    assert first["flags"] == Flag.BARRIER
    assert (first["kernel"], first["unit_mask"], second["unit_mask"]) == (Kernel.GEMM_S8, 3, 2)
    assert (first["grid_x"], first["grid_y"], first["grid_z"]) == work.grid
    assert (first["arguments_space"], first["arguments_length"]) == (Space.HOST, 64)
    for packet in (first, second):
        assert transport.memory(int(packet["arguments"]), 64).tobytes() == work.arguments.tobytes()


def test_a_launch_waits_for_its_uploads_without_losing_its_block() -> None:
    """The WAIT takes a slot of the ring before the LAUNCH: the block must go beside the LAUNCH."""
    transport, device, stream = streamed()
    a = device.upload(np.ones((4, 4), np.int8))
    b, c = device.empty((4, 4), np.int8), device.empty((4, 4), np.int32)
    work = kernels.gemm(a, b, c)
    stream.launch(work)
    stream.flush()
    assert transport.opcodes() == [Opcode.WAIT, Opcode.LAUNCH]
    packet = transport.packets()[1]
    assert transport.memory(int(packet["arguments"]), 64).tobytes() == work.arguments.tobytes()


BAD_GEMM = {
    "a, dtype": (lambda a, b, c, d: (d.empty((4, 5), np.uint8), b, c), "a is uint8.*expected int8"),
    "a, shape": (lambda a, b, c, d: (d.empty(20, np.int8), b, c), r"a has shape \(20,\)"),
    "a, empty": (lambda a, b, c, d: (d.empty((0, 5), np.int8), b, c), "1 to 65536"),
    "a, too long": (lambda a, b, c, d: (d.empty((65537, 5), np.int8), b, c), "65537.*1 to 65536"),
    "b, k": (
        lambda a, b, c, d: (a, d.empty((6, 6), np.int8), c),
        r"b is int8 \(6, 6\); expected int8 \(5, 6\)",
    ),
    "b, dtype": (lambda a, b, c, d: (a, d.empty((5, 6), np.int32), c), "b is int32"),
    "c, shape": (
        lambda a, b, c, d: (a, b, d.empty((6, 4), np.int32)),
        r"c is int32 \(6, 4\); expected int32 \(4, 6\)",
    ),
    "c, dtype": (lambda a, b, c, d: (a, b, d.empty((4, 6), np.int8)), "c is int8"),
    "c, other ends": (lambda a, b, c, d: (a, b, d.empty((4, 6), ">i4")), "c is >i4"),
    "pinned": (
        lambda a, b, c, d: (d.pinned((4, 5), np.int8), b, c),
        "a is a HostArray.*device memory",
    ),
    "numpy": (lambda a, b, c, d: (a, np.zeros((5, 6), np.int8), c), "b is a ndarray"),
}


@pytest.mark.parametrize(("change", "message"), BAD_GEMM.values(), ids=BAD_GEMM)
def test_gemm_refuses(change: Any, message: str) -> None:
    _, device = opened()
    with pytest.raises(ArgumentError, match=message):
        kernels.gemm(*change(*matrices(device, 4, 5, 6), device))


BAD_REQUANTISE = {
    "multiplier": ({"multiplier": 1 << 31}, f"multiplier = {1 << 31}; give 0 to {(1 << 31) - 1}"),
    "negative multiplier": ({"multiplier": -1}, "multiplier = -1"),
    "float multiplier": ({"multiplier": 0.5}, "multiplier = 0.5"),
    "shift 0": ({"shift": 0}, "shift = 0; give 1 to 62"),
    "shift 63": ({"shift": 63}, "shift = 63; give 1 to 62"),
    "lo": ({"lo": -129}, "lo = -129; give -128 to 127"),
    "hi": ({"hi": 128}, "hi = 128; give -5 to 127"),
    "lo above hi": ({"lo": 3, "hi": 2}, "hi = 2; give 3 to 127"),
}


@pytest.mark.parametrize(("change", "message"), BAD_REQUANTISE.values(), ids=BAD_REQUANTISE)
def test_requantise_refuses(change: dict[str, Any], message: str) -> None:
    _, device = opened()
    with pytest.raises(ArgumentError, match=message):
        kernels.requantise(*vectors(device, 4, 6), **(GOOD | change))


def test_requantise_refuses_shapes() -> None:
    _, device = opened()
    x, bias, y = vectors(device, 4, 6)
    with pytest.raises(ArgumentError, match=r"bias is int32 \(7,\); expected int32 \(6,\)"):
        kernels.requantise(x, device.empty(7, np.int32), y, **GOOD)
    with pytest.raises(ArgumentError, match=r"y is int8 \(6, 4\)"):
        kernels.requantise(x, bias, device.empty((6, 4), np.int8), **GOOD)


def test_misaligned_words_are_refused() -> None:
    """The device would answer ARGUMENT_ALIGNMENT; int8 operands may lie anywhere."""
    _, device = opened()

    def odd(shape: Any, dtype: Any) -> Any:
        device.empty(1, align=1)
        buffer = device.empty(shape, dtype, align=1)
        while not buffer.address % 4:
            device.empty(1, align=1)
            buffer = device.empty(shape, dtype, align=1)
        return buffer

    a, b, _ = matrices(device, 4, 5, 6)
    with pytest.raises(ArgumentError, match=r"c is at 0x.*; int32 operands are 4-aligned"):
        kernels.gemm(a, b, odd((4, 6), np.int32))
    x, bias, _ = vectors(device, 4, 6)
    for operands in ((odd((4, 6), np.int32), bias), (x, odd(6, np.int32))):
        with pytest.raises(ArgumentError, match="4-aligned"):
            kernels.requantise(*operands, device.empty((4, 6), np.int8), **GOOD)
    kernels.gemm(odd((4, 5), np.int8), odd((5, 6), np.int8), device.empty((4, 6), np.int32))


def test_kernels_refuse_freed_buffers() -> None:
    _, device = opened()
    a, b, c = matrices(device, 4, 5, 6)
    b.free()
    with pytest.raises(UseAfterFree, match=r"int8 \(5, 6\)"):
        kernels.gemm(a, b, c)


# Arithmetic ---------------------------------------------------------------------------------------


@prop(50)
@given(m=st.integers(1, 5), k=st.integers(1, 40), n=st.integers(1, 5), seed=st.integers(0, 1 << 32))
def test_gemm_is_the_sum_of_products(m: int, k: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(-128, 128, (m, k), np.int8)
    b = rng.integers(-128, 128, (k, n), np.int8)
    expected = [
        [sum(int(a[i, x]) * int(b[x, j]) for x in range(k)) for j in range(n)] for i in range(m)
    ]
    found = reference.gemm(a, b)
    assert found.dtype == np.int32
    assert found.tolist() == expected


def test_gemm_is_exact_at_its_largest() -> None:
    a = np.full((1, limits.DIMENSION_MAX), -128, np.int8)
    assert reference.gemm(a, a.T).tolist() == [[1 << 30]]


def exact(x: int, bias: int, multiplier: int, shift: int, lo: int, hi: int) -> int:
    """The contract's sentence in Python's integers."""
    s = (x + bias + (1 << 31)) % (1 << 32) - (1 << 31)
    return min(max((s * multiplier + (1 << (shift - 1))) >> shift, lo), hi)


INT32 = st.one_of(
    st.integers(-(1 << 31), (1 << 31) - 1), st.sampled_from([-(1 << 31), (1 << 31) - 1, 0, -1])
)


@prop(300)
@given(
    x=INT32,
    bias=INT32,
    multiplier=st.one_of(st.integers(0, (1 << 31) - 1), st.just((1 << 31) - 1)),
    shift=st.integers(1, 62),
    clamp=st.tuples(st.integers(-128, 127), st.integers(-128, 127)).map(sorted),
)
def test_requantise_is_the_contracts_sentence(
    x: int, bias: int, multiplier: int, shift: int, clamp: list[int]
) -> None:
    lo, hi = clamp
    found = reference.requantise(
        np.array([[x]], np.int32),
        np.array([bias], np.int32),
        multiplier=multiplier,
        shift=shift,
        lo=lo,
        hi=hi,
    )
    assert found.dtype == np.int8
    assert found.tolist() == [[exact(x, bias, multiplier, shift, lo, hi)]]


@pytest.mark.parametrize(("x", "expected"), [(5, 3), (-5, -2), (3, 2), (-3, -1), (4, 2)])
def test_ties_round_towards_plus_infinity(x: int, expected: int) -> None:
    found = reference.requantise(
        np.array([[x]], np.int32), np.zeros(1, np.int32), multiplier=1, shift=1, lo=-128, hi=127
    )
    assert found.item() == expected
