"""Bytes in the language, as segments of the machine form: written, cut, laid over others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.authoring.terms import Term
from doorbell_vectors.format.octets import length
from doorbell_vectors.format.values import literal, number

__all__ = ["Segments", "cut", "joined", "overlay", "parse", "seed_of"]

Segments = list[list[Any]]

_SLICE: Final = re.compile(r"([a-z][a-z0-9_.]*)(?:\[([^:\]]*):([^\]]*)\])?")
_HEX: Final = re.compile(r"(?:hex\s+)?((?:[0-9A-Fa-f]{2}[\s_]*)+)")
_WORD: Final = re.compile(r"u(8|16|32|64)\s+(.+)")
_COUNTED: Final = re.compile(r"(zero|unspecified|random)\s+(\S+)(?:\s+seed\s+(\S+))?")
_FILL: Final = re.compile(r"fill\s+(\S+)\s+(\S+)")


def seed_of(*words: str) -> int | str:
    """Return the seed of a random stream that belongs to these words, as a literal."""
    return literal(int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:8], "little"))


class Named:
    """What `parse` asks for when bytes are named or computed."""

    def __init__(
        self, contents: Callable[[str], Segments | None], term: Callable[[str], Term], seed: str
    ) -> None:
        """``contents`` gives the bytes of a buffer or range by name, or None; ``term`` evaluates."""
        self.contents, self.term, self.seed = contents, term, seed
        self.drawn = 0

    def number(self, text: str) -> int:
        """Return a plain integer."""
        term = self.term(text)
        if term.kind:
            raise Wrong(f"{text!r} is relative; a count must be an integer")
        return term.add

    def stream(self) -> int | str:
        """Return the seed of the next unnamed random bytes of this vector."""
        self.drawn += 1
        return seed_of(self.seed, str(self.drawn))


def parse(spec: Any, names: Named) -> Segments:
    """Return the bytes that ``spec`` stands for (README.md, Bytes).

    Raises:
        Wrong: no bytes; the message lists the forms.
    """
    if isinstance(spec, list):
        return joined(segment for part in spec for segment in parse(part, names))
    if isinstance(spec, Map) and set(spec) == {"mask", "value"}:
        return [["m", _hex(spec["mask"]), _hex(spec["value"])]]
    if not isinstance(spec, str):
        raise Wrong(
            f"{spec!r} are no bytes; give text: hex, u64, zero, fill, random, unspecified, or name[a:b]",
            spec,
        )
    text = spec.strip()
    if (found := _SLICE.fullmatch(text)) and (whole := names.contents(found[1])) is not None:
        first = names.number(found[2]) if found[2] else 0
        last = names.number(found[3]) if found[3] else length(whole)
        return cut(whole, first, last)
    if found := _HEX.fullmatch(text):
        return [["x", _hex(found[1])]]
    if found := _WORD.fullmatch(text):
        return [["v", names.term(found[2]).value(), int(found[1]) // 8]]
    if found := _FILL.fullmatch(text):
        return [["f", names.number(found[1]), names.number(found[2])]]
    if found := _COUNTED.fullmatch(text):
        return [_counted(found[1], names.number(found[2]), found[3], names)]
    raise Wrong(
        f"{text!r} are no bytes; say hex 00ff, u64 value, zero n, fill byte n, random n, unspecified n, name[a:b]"
    )


def _counted(kind: str, count: int, seed: str | None, names: Named) -> list[Any]:
    if count < 0:
        raise Wrong(f"{kind} {count}: a count must not be negative")
    if kind == "random":
        return ["r", literal(names.number(seed)) if seed else names.stream(), 0, count]
    return ["u", count] if kind == "unspecified" else ["f", 0, count]


def _hex(text: Any) -> str:
    squeezed = re.sub(r"[\s_]", "", str(text)).lower()
    if not re.fullmatch(r"([0-9a-f]{2})*", squeezed):
        raise Wrong(f"{text!r}: hexadecimal bytes need an even number of digits")
    return squeezed


def cut(segments: Sequence[Sequence[Any]], first: int, last: int) -> Segments:
    """Return bytes ``first`` to ``last`` of ``segments``.

    Raises:
        Wrong: outside them, or through the middle of a value that only the player knows.
    """
    if not 0 <= first <= last <= length(segments):
        raise Wrong(f"bytes {first} to {last}: there are {length(segments)}")
    made: Segments = []
    at = 0
    for segment in segments:
        size = length([segment])
        low, high = max(first - at, 0), min(last - at, size)
        if low < high:
            made.append(list(segment) if high - low == size else _part(segment, low, high))
        at += size
    return joined(made)


def _part(segment: Sequence[Any], low: int, high: int) -> list[Any]:
    match segment:
        case ["x", text]:
            return ["x", text[2 * low : 2 * high]]
        case ["f", byte, _]:
            return ["f", byte, high - low]
        case ["r", seed, skip, _]:
            return ["r", seed, skip + low, high - low]
        case ["u", _]:
            return ["u", high - low]
        case ["m", mask, text]:
            return ["m", mask[2 * low : 2 * high], text[2 * low : 2 * high]]
        case ["v", int() | str() as plain, size]:
            data = (number(plain) % (1 << 8 * size)).to_bytes(size, "little")
            return ["x", data[low:high].hex()]
    raise Wrong("the cut goes through a value that only the player knows; cut beside it")


def overlay(under: Segments, at: int, over: Segments) -> Segments:
    """Return ``under`` with ``over`` laid on it from byte ``at`` on.

    Raises:
        Wrong: it does not fit.
    """
    end = at + length(over)
    if at < 0 or end > length(under):
        raise Wrong(f"{length(over)} bytes at {at} do not fit in {length(under)}")
    return joined([*cut(under, 0, at), *over, *cut(under, end, length(under))])


def joined(segments: Iterable[Sequence[Any]]) -> Segments:
    """Return them with neighbours that go on in the same way as one, and empty ones left out."""
    made: Segments = []
    for segment in segments:
        if not length([segment]):
            continue
        last = made[-1] if made else [""]
        match last[0], segment:
            case "x", ["x", text]:
                last[1] += text
            case "f", ["f", byte, count] if last[1] == byte:
                last[2] += count
            case "u", ["u", count]:
                last[1] += count
            case "m", ["m", mask, text]:
                last[1] += mask
                last[2] += text
            case "r", ["r", seed, skip, count] if last[1] == seed and last[2] + last[3] == skip:
                last[3] += count
            case _:
                made.append(list(segment))
    return made
