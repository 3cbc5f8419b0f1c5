"""Kernels as objects: they check their operands and make the argument block and the grid of a LAUNCH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell.buffer import Buffer
from doorbell.checks import integer
from doorbell.contract import ARGUMENTS, Kernel, limits
from doorbell.errors import ArgumentError

__all__ = ["Launch", "gemm", "requantise"]


@dataclass(frozen=True, slots=True)
class Launch:
    """One kernel with its operands: ``arguments`` is the 64-byte block, ``grid`` counts work-groups in x, y, z."""

    kernel: Kernel
    arguments: npt.NDArray[np.uint8]
    grid: tuple[int, int, int]
    buffers: tuple[Buffer, ...]


def gemm(a: Buffer, b: Buffer, c: Buffer) -> Launch:
    """Multiply: int32 ``c`` [m, n] = int8 ``a`` [m, k] times int8 ``b`` [k, n].

    Raises:
        ArgumentError: a shape or dtype does not fit, a dimension is outside 1 to 65,536, ``c`` is
        not 4-aligned (EU rules), or an operand is not in device memory.
        UseAfterFree: a buffer was freed.
    """
    m, k = _matrix(a, np.int8, "a")
    n = _matrix(b, np.int8, "b")[1]
    _expect(b, (k, n), np.int8, "b")
    _expect(c, (m, n), np.int32, "c")
    block = _block(
        Kernel.GEMM_S8,
        a=a.address,
        b=b.address,
        c=c.address,
        m=m,
        n=n,
        k=k,
        lda=k,
        ldb=n,
        ldc=4 * n,
    )
    return Launch(Kernel.GEMM_S8, block, _tiles(m, n), (a, b, c))


def requantise(
    x: Buffer,
    bias: Buffer,
    y: Buffer,
    *,
    multiplier: int,
    shift: int,
    lo: int = -128,
    hi: int = 127,
) -> Launch:
    """Scale: int8 ``y`` [m, n] from int32 ``x`` [m, n] and int32 ``bias`` [n]; ``lo`` = 0 is a ReLU.

    Raises:
        ArgumentError: a shape or dtype does not fit; ``multiplier`` is outside 0 to 2^31 - 1,
        ``shift`` outside 1 to 62, ``lo`` or ``hi`` outside int8, or ``lo`` above ``hi``; ``x`` or
        ``bias`` is not 4-aligned (EU rules), or an operand is not in device memory.
        UseAfterFree: a buffer was freed.
    """
    m, n = _matrix(x, np.int32, "x")
    _expect(bias, (n,), np.int32, "bias")
    _expect(y, (m, n), np.int8, "y")
    multiplier = integer("requantise: multiplier", multiplier, 0, (1 << 31) - 1)
    shift = integer("requantise: shift", shift, limits.SHIFT_MIN, limits.SHIFT_MAX)
    lo = integer("requantise: lo", lo, -128, 127)
    hi = integer("requantise: hi", hi, lo, 127)
    block = _block(
        Kernel.REQUANTISE,
        x=x.address,
        bias=bias.address,
        y=y.address,
        m=m,
        n=n,
        ldx=4 * n,
        ldy=n,
        multiplier=multiplier,
        shift=shift,
        lo=lo,
        hi=hi,
    )
    return Launch(Kernel.REQUANTISE, block, _tiles(m, n), (x, bias, y))


def _matrix(buffer: Buffer, dtype: npt.DTypeLike, name: str) -> tuple[int, int]:
    _in_device_memory(buffer, name)
    if len(buffer.shape) != 2:
        raise ArgumentError(f"{name} has shape {buffer.shape}; give two dimensions")
    rows, columns = buffer.shape
    for size in (rows, columns):
        if not 1 <= size <= limits.DIMENSION_MAX:
            raise ArgumentError(
                f"{name} has shape {buffer.shape}; each dimension is 1 to {limits.DIMENSION_MAX}"
            )
    _expect(buffer, (rows, columns), dtype, name)
    return rows, columns


def _expect(buffer: Buffer, shape: Sequence[int], dtype: npt.DTypeLike, name: str) -> None:
    _in_device_memory(buffer, name)
    kind = np.dtype(dtype)
    if buffer.shape != tuple(shape) or buffer.dtype != kind:
        raise ArgumentError(
            f"{name} is {buffer.dtype} {buffer.shape}; expected {kind} {tuple(shape)}"
        )
    if buffer.address % kind.itemsize:
        raise ArgumentError(
            f"{name} is at {buffer.address:#x}; {kind} operands are {kind.itemsize}-aligned"
        )


def _in_device_memory(buffer: Buffer, name: str) -> None:
    if not isinstance(buffer, Buffer):
        raise ArgumentError(
            f"{name} is a {type(buffer).__name__}; kernels work in device memory: give a Buffer (Device.upload, empty)"
        )


def _tiles(rows: int, columns: int) -> tuple[int, int, int]:
    return -(-columns // limits.GEMM_TILE_COLUMNS), -(-rows // limits.GEMM_TILE_ROWS), 1


def _block(kernel: Kernel, **fields: Any) -> npt.NDArray[np.uint8]:
    block = np.zeros(1, ARGUMENTS[kernel])
    for name, value in fields.items():
        block[name] = value
    return block.view(np.uint8)
