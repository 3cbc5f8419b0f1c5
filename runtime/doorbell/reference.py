"""The kernels' arithmetic in numpy, bit for bit as `contract/kernels.yaml` says."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["gemm", "requantise"]


def gemm(a: npt.NDArray[np.int8], b: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Return int32 [m, n] = int8 [m, k] @ int8 [k, n], modulo 2^32 (EU rules).

    Sums of up to 65,536 products of int8 are below 2^31, hence exact in float64 too, which numpy
    multiplies fastest.
    """
    return (a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64).astype(np.int32)


def requantise(
    x: npt.NDArray[np.int32],
    bias: npt.NDArray[np.int32],
    *,
    multiplier: int,
    shift: int,
    lo: int,
    hi: int,
) -> npt.NDArray[np.int8]:
    """Return int8 [m, n]: ``clamp(((x + bias) * multiplier + 2^(shift-1)) >> shift, lo, hi)`` (EU rules).

    ``x`` int32 [m, n], ``bias`` int32 [n]; the sum wraps to 32 bits; the product of 32 by 31 bits
    and the rounding term stay below 2^63.
    """
    total = (x.astype(np.int64) + bias.astype(np.int64)).astype(np.int32).astype(np.int64)
    rounded = (total * np.int64(multiplier) + (np.int64(1) << np.int64(shift - 1))) >> np.int64(
        shift
    )
    clipped: npt.NDArray[np.int8] = np.clip(rounded, lo, hi).astype(np.int8)
    return clipped
