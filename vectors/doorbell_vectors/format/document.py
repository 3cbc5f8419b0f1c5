"""A suite as data: loading with every check, and writing it byte for byte the same each time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from doorbell.contract import limits
from doorbell_vectors.errors import SuiteError
from doorbell_vectors.format.canonical import canonical, vector_hash
from doorbell_vectors.format.manifest import vouched
from doorbell_vectors.format.octets import Segment
from doorbell_vectors.format.schema import complaint
from doorbell_vectors.format.values import number

__all__ = [
    "FORMAT",
    "TIERS",
    "Buffer",
    "Needs",
    "Step",
    "Suite",
    "Vector",
    "dump",
    "load",
    "load_own",
    "parse",
]

FORMAT: Final = 1
"""The only format there is so far."""
TIERS: Final = ("smoke", "core", "full", "stress")
"""Each holds the ones before it."""

Step = Mapping[str, Any]
"""An op as in the JSON: ``op`` and its keys."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Host memory of a vector: bytes, alignment in bytes, and where the bus address may lie."""

    size: int
    align: int
    edge: int | None
    """Bus address modulo 4096, or None for any that ``align`` allows."""
    window: str
    """``any``, ``low`` (below 4 GiB) or ``high``."""
    writable: bool
    init: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a vector asks of the device (capability: least value, greatest value) and of the host (abilities)."""

    device: Mapping[str, int]
    most: Mapping[str, int]
    host: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector; see FORMAT.md for each key. ``raw`` is the JSON object that it was made from."""

    id: str
    name: str
    rules: tuple[str, ...]
    tags: tuple[str, ...]
    hunts: str
    pitfalls: tuple[int, ...]
    contract: tuple[str, str | None]
    tier: str
    bringup: int | None
    negative: bool
    needs: Needs
    cycles: int | None
    bytes: int
    buffers: Mapping[str, Buffer]
    steps: tuple[Step, ...]
    hash: str
    raw: Mapping[str, Any]

    def in_tier(self, tier: str) -> bool:
        """Whether it is played when ``tier`` is asked for."""
        return TIERS.index(self.tier) <= TIERS.index(tier)


@dataclass(frozen=True, slots=True)
class Suite:
    """A whole suite; ``raw`` is the JSON document."""

    suite: str
    contract: str
    generator: str
    vendor: int
    device: int
    capabilities: Mapping[str, Mapping[str, int]]
    clock: int
    """BAR0 offset of the device's cycle counter, bytes."""
    recipes: Mapping[str, tuple[Step, ...]]
    vectors: tuple[Vector, ...]
    retired: Mapping[str, str]
    raw: Mapping[str, Any]

    def vector(self, identifier: str) -> Vector:
        """Return the vector with this id.

        Raises:
            SuiteError: there is none; the message says whether it was retired.
        """
        for vector in self.vectors:
            if vector.id == identifier:
                return vector
        why = self.retired.get(identifier)
        gone = f"was retired: {why}" if why else f"is not among its {len(self.vectors)} vectors"
        raise SuiteError(f"suite {self.suite}: {identifier} {gone}")


def load(path: Path, *, trusted: bool = False) -> Suite:
    """Read and check the suite at ``path``; ``trusted`` as in `parse`.

    A suite whose manifest (`../manifest.json`) vouches for this very text was checked when it was made.

    Raises:
        SuiteError: it cannot be read, or `parse` refuses it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"{path}: cannot be read: {error}") from error
    return parse(text, str(path), trusted=trusted or vouched(path, text))


def load_own(path: Path) -> Suite:
    """Read the suite at ``path``, which this program has checked and written itself.

    The last one is kept: a replay and the player that it starts in its own process read the same file.

    Raises:
        SuiteError: as `load`.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error}") from error
    return _own(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1)
def _own(path: Path, _changed: int, _size: int) -> Suite:
    return load(path, trusted=True)


def parse(text: str, name: str, *, trusted: bool = False) -> Suite:
    """Read and check a suite, called ``name`` in messages.

    ``trusted`` skips schema and hashes, which take seconds: for the processes of a run whose first
    one has checked them.

    Raises:
        SuiteError: no JSON, another format or contract major, against the schema, an id twice or
        retired, or a vector whose hash does not match.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SuiteError(f"{name}: is no JSON document: {error}") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise SuiteError(f"{name}: format is {found!r}; this player knows {FORMAT} only")
    if not trusted and (fault := complaint(raw)) is not None:
        raise SuiteError(f"{name}: {fault}")
    major = int(raw["contract"].split(".")[0])
    if major != limits.CONTRACT_MAJOR:
        raise SuiteError(
            f"{name}: was made for contract {raw['contract']}; this player knows {limits.CONTRACT_MAJOR}.x"
        )
    _check_ids(raw, name)
    for vector in () if trusted else raw["vectors"]:
        if vector["hash"] != vector_hash(vector):
            raise SuiteError(f"{name}: {vector['id']}: does not match its hash; take the original")
    return _suite(raw)


def dump(raw: Mapping[str, Any]) -> str:
    """Return the text of a suite: canonical JSON, each top-level key and each vector on its own line."""
    lines = [f"{canonical(key)}:{canonical(raw[key])}" for key in raw if key != "vectors"]
    vectors = ",\n".join(canonical(vector) for vector in raw["vectors"])
    return "{" + ",\n".join([*lines, f'"vectors":[\n{vectors}\n]']) + "}\n"


def _check_ids(raw: Mapping[str, Any], name: str) -> None:
    seen: set[str] = set()
    for vector in raw["vectors"]:
        identifier = vector["id"]
        if identifier in seen:
            raise SuiteError(f"{name}: {identifier} stands twice; ids are permanent and unique")
        if identifier in raw["retired"]:
            raise SuiteError(f"{name}: {identifier} was retired; its id is never used again")
        seen.add(identifier)


def _suite(raw: Mapping[str, Any]) -> Suite:
    return Suite(
        suite=raw["suite"],
        contract=raw["contract"],
        generator=raw["generator"],
        vendor=raw["function"]["vendor"],
        device=raw["function"]["device"],
        capabilities=raw["capabilities"],
        clock=raw["clock"],
        recipes={name: tuple(steps) for name, steps in raw["recipes"].items()},
        vectors=tuple(_vector(vector) for vector in raw["vectors"]),
        retired=raw["retired"],
        raw=raw,
    )


def _vector(raw: Mapping[str, Any]) -> Vector:
    first, last = raw["contract"]
    return Vector(
        id=raw["id"],
        name=raw["name"],
        rules=tuple(raw["rules"]),
        tags=tuple(raw["tags"]),
        hunts=raw["hunts"],
        pitfalls=tuple(raw["pitfalls"]),
        contract=(first, last),
        tier=raw["tier"],
        bringup=raw["bringup"],
        negative=raw["negative"],
        needs=_needs(raw["needs"]),
        cycles=raw["cycles"],
        bytes=raw["bytes"],
        buffers={name: _buffer(buffer) for name, buffer in raw["buffers"].items()},
        steps=tuple(raw["steps"]),
        hash=raw["hash"],
        raw=raw,
    )


def _needs(raw: Mapping[str, Any]) -> Needs:
    least, most = (
        {name: number(value) for name, value in raw.get(key, {}).items()}
        for key in ("device", "most")
    )
    return Needs(least, most, tuple(raw["host"]))


def _buffer(raw: Mapping[str, Any]) -> Buffer:
    return Buffer(
        size=raw["size"],
        align=raw.get("align", 64),
        edge=raw.get("edge"),
        window=raw.get("window", "any"),
        writable=raw.get("writable", True),
        init=tuple(raw["init"]),
    )
