"""Checks of arguments that several modules share; each names the value and its limits (RT-SUBMIT-005)."""

from __future__ import annotations

import math
import operator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.errors import ArgumentError

__all__ = ["U64_MAX", "array_of", "integer", "layout"]

U64_MAX: Final = (1 << 64) - 1
# numpy's own limits: dimensions, and bytes, zeros among the dimensions left out.
_DIMENSIONS: Final = 64
_EXTENT: Final = (1 << 63) - 1


def integer(name: str, value: object, low: int, high: int) -> int:
    """Return ``value`` as an int.

    Raises:
        ArgumentError: it is not an integer (numpy's count as such), or is outside ``low`` to
        ``high``.
    """
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # that it may not fit is the point
    except TypeError:
        raise ArgumentError(f"{name} = {value!r}; give an integer, {low} to {high}") from None
    if not low <= number <= high:
        raise ArgumentError(f"{name} = {number}; give {low} to {high}")
    return number


def layout(shape: object, dtype: npt.DTypeLike) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, dtype and size in bytes of an array that is to be allocated.

    Raises:
        ArgumentError: a dimension is negative or no integer, numpy can hold no such shape, or
        ``dtype`` is none, has no size, or holds Python objects.
    """
    given = shape if isinstance(shape, tuple | list) else (shape,)
    sizes = tuple(integer(f"dimension {at}", size, 0, U64_MAX) for at, size in enumerate(given))
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise ArgumentError(f"dtype {dtype!r}: {error}") from None
    if kind.hasobject or not kind.itemsize:
        raise ArgumentError(f"dtype {kind} has no fixed bytes; give a plain one such as int8")
    if len(sizes) > _DIMENSIONS:
        raise ArgumentError(f"a shape of {len(sizes)} dimensions; give at most {_DIMENSIONS}")
    size = kind.itemsize * math.prod(sizes)  # Python's integers: numpy's product would wrap
    if not size and kind.itemsize * math.prod(filter(None, sizes)) > _EXTENT:
        raise ArgumentError(
            f"shape {sizes}: its other dimensions multiply to more than {_EXTENT} bytes"
        )
    return sizes, kind, size


def array_of(values: object) -> npt.NDArray[Any]:
    """Return ``values`` as an array whose bytes can be copied to the device.

    Raises:
        ArgumentError: they are no array of plain numbers.
    """
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"not an array: {error}") from None
    layout(array.shape, array.dtype)
    return array
