"""Segments of the machine form as bytes: contents to store, and expectations to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell_vectors.format.values import Value, number

__all__ = ["Difference", "Octets", "Resolve", "Segment", "length", "octets", "stream"]

Segment = Sequence[Any]
"""As in the JSON: a list whose first item says which kind it is."""
Resolve = Callable[[Value], int]
"""Makes an integer, 0 to 2^64 - 1, of a value."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first byte that is not as expected; ``offset`` counts from the first byte compared.

    ``expected`` and ``found`` hold up to 16 bytes from there on; a bit that is zero in ``mask`` may
    be anything. ``count`` is how many bytes differ in all.
    """

    offset: int
    expected: bytes
    found: bytes
    mask: bytes
    count: int

    def __str__(self) -> str:
        pairs = zip(self.expected, self.mask, strict=True)
        shown = "".join("??" if mask == 0 else f"{byte:02x}" for byte, mask in pairs)
        return (
            f"byte {self.offset}: expected {shown}, found {self.found.hex()} "
            f"({self.count} bytes differ)"
        )


@dataclass(frozen=True, slots=True)
class Octets:
    """Expected bytes: ``value`` and, of the same length, ``mask`` whose zero bits may be anything."""

    value: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint8]

    def exact(self) -> bytes:
        """Return the bytes to store.

        Raises:
            ValueError: some bits are unspecified, which only an expectation may leave.
        """
        if self.mask.size and int(self.mask.min()) != 0xFF:
            raise ValueError("bytes to store hold an unspecified segment; say what they are")
        return self.value.tobytes()

    def difference(self, found: bytes | npt.NDArray[np.uint8]) -> Difference | None:
        """Return where ``found`` (of the same length) first differs, or None.

        Raises:
            ValueError: another length.
        """
        got = np.frombuffer(found, np.uint8) if isinstance(found, bytes) else found
        if got.shape != self.value.shape:
            raise ValueError(f"{got.size} bytes to compare with {self.value.size}")
        wrong = np.flatnonzero((got ^ self.value) & self.mask)
        if not wrong.size:
            return None
        first = int(wrong[0])
        near = slice(first, first + 16)
        return Difference(
            first,
            self.value[near].tobytes(),
            got[near].tobytes(),
            self.mask[near].tobytes(),
            int(wrong.size),
        )


def octets(segments: Sequence[Segment], resolve: Resolve) -> Octets:
    """Return the concatenation of ``segments``; ``resolve`` makes integers of their values.

    Raises:
        ValueUnknown: from ``resolve``.
        ValueError: a segment of an unknown kind.
    """
    pairs = [_segment(segment, resolve) for segment in segments]
    value = np.frombuffer(b"".join(pair[0] for pair in pairs), np.uint8)
    mask = np.frombuffer(b"".join(pair[1] for pair in pairs), np.uint8)
    return Octets(value, mask)


def length(segments: Sequence[Segment]) -> int:
    """Return how many bytes ``segments`` stand for."""
    return sum(_length(segment) for segment in segments)


def stream(seed: int, skip: int, count: int) -> bytes:
    """Return bytes ``skip`` to ``skip + count`` of random stream ``seed`` (FORMAT.md, Segments)."""
    first, last = skip // 8, (skip + count + 7) // 8
    with np.errstate(over="ignore"):
        words = np.uint64(seed) + (np.arange(first, last, dtype=np.uint64) + np.uint64(1)) * _GOLDEN
        for shift, factor in _MIX:
            words = (words ^ (words >> shift)) * factor
        words ^= words >> np.uint64(31)
    return words.astype("<u8").tobytes()[skip - 8 * first :][:count]


_stream = lru_cache(maxsize=256)(stream)


def _segment(segment: Segment, resolve: Resolve) -> tuple[bytes, bytes]:
    match segment:
        case ["x", str() as text]:
            value = bytes.fromhex(text)
        case ["f", int() as byte, int() as count]:
            value = bytes([byte]) * count
        case ["r", seed, skip, int() as count]:
            value = _stream(number(seed), number(skip), count)
        case ["v", number_, int() as size]:
            value = (resolve(number_) % (1 << 8 * size)).to_bytes(size, "little")
        case ["u", int() as count]:
            return bytes(count), bytes(count)
        case ["m", str() as mask, str() as text]:
            return bytes.fromhex(text), bytes.fromhex(mask)
        case _:
            raise ValueError(f"{segment!r} is no segment; FORMAT.md lists the kinds")
    return value, b"\xff" * len(value)


def _length(segment: Segment) -> int:
    match segment:
        case ["x", str() as text] | ["m", str() as text, _]:
            return len(text) // 2
        case ["f", _, int() as count] | ["r", _, _, int() as count]:
            return count
        case ["v", _, int() as count] | ["u", int() as count]:
            return count
    raise ValueError(f"{segment!r} is no segment; FORMAT.md lists the kinds")
