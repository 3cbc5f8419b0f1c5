"""The kernels' checks and arithmetic, as `contract/kernels.yaml` says (EU-ARG, EU-ARITH rules)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import ARGUMENTS_RESERVED, Error, Kernel, limits
from doorbell.model.host import Bytes
from doorbell.model.packet import Fields
from doorbell.model.validate import Rejection

__all__ = ["check", "cost", "run", "useful_groups"]

_BLOCK: Final = 1024
_ROWS: Final = limits.GEMM_TILE_ROWS
_COLUMNS: Final = limits.GEMM_TILE_COLUMNS
_MULTIPLIER_END: Final = 1 << 31


def check(kernel: Kernel, block: bytes, fields: Fields, memory: int) -> Rejection | None:
    """Return the first fault of an argument block of 64 bytes in the contract's order; ``memory`` in bytes."""
    if any(any(block[start:end]) for start, end in ARGUMENTS_RESERVED[kernel.name]):
        return Rejection(Error.ARGUMENT_RESERVED)
    f = fields
    m: int = f["m"]
    n: int = f["n"]
    sizes: tuple[int, ...]
    unaligned: int
    if kernel is Kernel.GEMM_S8:
        k = f["k"]
        sizes = (m, n, k)
        fits = f["lda"] >= k and f["ldb"] >= n and f["ldc"] >= 4 * n
        unaligned = (f["c"] | f["ldc"]) % 4
        ends = (
            (f["a"], (m - 1) * f["lda"] + k),
            (f["b"], (k - 1) * f["ldb"] + n),
            (f["c"], (m - 1) * f["ldc"] + 4 * n),
        )
    else:
        sizes = (m, n)
        fits = f["ldx"] >= 4 * n and f["ldy"] >= n and f["multiplier"] < _MULTIPLIER_END
        fits = fits and limits.SHIFT_MIN <= f["shift"] <= limits.SHIFT_MAX and f["lo"] <= f["hi"]
        unaligned = (f["x"] | f["bias"] | f["ldx"]) % 4
        ends = (
            (f["x"], (m - 1) * f["ldx"] + 4 * n),
            (f["bias"], 4 * n),
            (f["y"], (m - 1) * f["ldy"] + n),
        )
    if not fits or not all(1 <= size <= limits.DIMENSION_MAX for size in sizes):
        return Rejection(Error.ARGUMENT_SHAPE)
    if unaligned:
        return Rejection(Error.ARGUMENT_ALIGNMENT)
    if any(address + length > memory for address, length in ends):
        return Rejection(Error.ARGUMENT_RANGE)
    return None


def useful_groups(fields: Fields, grid: tuple[int, int, int]) -> int:
    """Work-groups of ``grid`` (x, y, z) that compute something."""
    m: int = fields["m"]
    n: int = fields["n"]
    rows, columns = -(-m // _ROWS), -(-n // _COLUMNS)
    return min(rows, grid[1]) * min(columns, grid[0])


def cost(kernel: Kernel, fields: Fields, macs: int) -> tuple[int, int]:
    """Cycles of a whole useful work-group, and those of them in which the array of ``macs`` takes part."""
    if kernel is Kernel.GEMM_S8:
        mac = _ROWS * _COLUMNS * fields["k"] // macs
        return mac + 32, mac
    return _ROWS * _COLUMNS // 64 + 32, 0


def run(kernel: Kernel, memory: Bytes, fields: Fields, grid: tuple[int, int, int]) -> None:
    """Compute what the groups of ``grid`` cover and store it in ``memory``, nothing else (EU-ARITH-002)."""
    rows = min(fields["m"], _ROWS * grid[1])
    columns = min(fields["n"], _COLUMNS * grid[0])
    if kernel is Kernel.GEMM_S8:
        _gemm(memory, fields, rows, columns)
    else:
        _requantise(memory, fields, rows, columns)


def _matrix(
    memory: Bytes, dtype: str, at: int, shape: tuple[int, int], pitch: int
) -> npt.NDArray[np.integer]:
    """View [rows, columns] at byte ``at`` with rows ``pitch`` bytes apart."""
    kind = np.dtype(dtype)
    return np.ndarray(shape, kind, memory.data, at, (pitch, kind.itemsize))


def _gemm(memory: Bytes, f: Fields, rows: int, columns: int) -> None:
    """Sums of up to 1,024 products stay at most 2^24 and so are exact in float32."""
    a = _matrix(memory, "i1", f["a"], (rows, f["k"]), f["lda"])
    b = _matrix(memory, "i1", f["b"], (f["k"], columns), f["ldb"])
    c = _matrix(memory, "<i4", f["c"], (rows, columns), f["ldc"])
    result = np.zeros((rows, columns), np.int32)
    for left in range(0, columns, _BLOCK):
        for inner in range(0, f["k"], _BLOCK):
            right = b[inner : inner + _BLOCK, left : left + _BLOCK].astype(np.float32)
            for top in range(0, rows, _BLOCK):
                part = a[top : top + _BLOCK, inner : inner + _BLOCK].astype(np.float32)
                result[top : top + _BLOCK, left : left + _BLOCK] += (part @ right).astype(np.int32)
    c[...] = result


def _requantise(memory: Bytes, f: Fields, rows: int, columns: int) -> None:
    x = _matrix(memory, "<i4", f["x"], (rows, columns), f["ldx"])
    bias = _matrix(memory, "<i4", f["bias"], (1, columns), 4 * columns)
    y = _matrix(memory, "i1", f["y"], (rows, columns), f["ldy"])
    step = max(1, (1 << 20) // columns)
    results = []
    for top in range(0, rows, step):
        total = (x[top : top + step] + bias).astype(np.int64)  # int32 sums wrap in numpy
        scaled = total * f["multiplier"] + (1 << f["shift"] - 1) >> f["shift"]
        results.append(np.clip(scaled, f["lo"], f["hi"]).astype(np.int8))
    y[...] = np.concatenate(results)
