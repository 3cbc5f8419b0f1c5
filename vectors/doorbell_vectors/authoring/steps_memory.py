"""Steps on host memory and device memory."""

from __future__ import annotations

import re
from typing import Any, Final

from doorbell_vectors.authoring.arguments import expectation, keys, options
from doorbell_vectors.authoring.contents import Segments, cut, overlay, parse
from doorbell_vectors.authoring.memory import Area
from doorbell_vectors.authoring.scene import Scene
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.format.octets import length

__all__ = ["STEPS"]

_PART: Final = re.compile(r"([a-z][a-z0-9_.]*)(?:\[([^:\]]*):([^\]]*)\])?")


def _memory(scene: Scene, args: Any) -> None:
    """Expect the whole area (or `name[a:b]`): what is named, and everything else as the host last knew it."""
    entries, given = options(args, "within note")
    for name, spec in entries.items():
        found = _PART.fullmatch(name)
        if found is None:
            raise Wrong(f"{name!r}: say a buffer or device range, or name[first:last]", args)
        area = scene.area(found[1])
        first = scene.plain(found[2]) if found[2] else 0
        last = scene.plain(found[3]) if found[3] else area.size
        expected = cut(_expected(scene, area, spec), first, last)
        within = scene.within(given["within"]) if "within" in given else None
        if area.at is None:
            scene.emit(
                "memory",
                buffer=area.name,
                at=first,
                bytes=expected,
                within=within,
                note=given.get("note"),
            )
        elif within is None:
            scene.emit(
                "read_block",
                bar=2,
                at=scene.value(area.at + first),
                bytes=expected,
                note=given.get("note"),
            )
        else:
            raise Wrong("within: device memory is looked at once; await a record first", args)


def _expected(scene: Scene, area: Area, spec: Any) -> Segments:
    if spec == "unchanged":
        return area.contents
    if not isinstance(spec, Map) or set(spec) == {"mask", "value"}:
        return overlay(area.contents, 0, parse(spec, scene.names))
    expected = area.contents
    for at, part in spec.items():
        expected = overlay(expected, scene.plain(at), parse(part, scene.names))
    return expected


def _put(scene: Scene, args: Any) -> None:
    """Store into host memory (by the CPU) or device memory (through BAR2), and know it from then on."""
    given = keys(args, "to bytes", "keep")
    term = scene.term(given["to"])
    name = _area_name(scene, given["to"])
    area = scene.area(name)
    at = term.add - (area.at or 0)
    data = parse(given["bytes"], scene.names)
    if given.get("keep", True):
        area.store(at, data)
    if area.at is None:
        scene.emit("put", buffer=area.name, at=at, bytes=data)
    else:
        scene.emit("write_block", bar=2, at=term.value(), bytes=data)


def _area_name(scene: Scene, spec: Any) -> str:
    found = re.match(r"\s*([a-z][a-z0-9_.]*)", str(spec))
    if found is None:
        raise Wrong(f"{spec!r}: say a buffer or device range plus a number")
    return scene.area(found[1]).name


def _word(scene: Scene, args: Any) -> None:
    given = keys(args, "at", "expect save within")
    term = scene.term(given["at"])
    if term.kind != "buffer":
        raise Wrong(f"{given['at']!r} is not in host memory", args)
    expect = expectation(given["expect"], scene) if "expect" in given else None
    scene.emit(
        "word",
        buffer=term.name,
        at=term.add,
        expect=expect,
        save=scene.save(given["save"]) if "save" in given else None,
        within=scene.within(given["within"]) if "within" in given else None,
    )


def _learn(scene: Scene, args: Any) -> None:
    """Take over new contents after an expectation, so that later ones start from them; emits nothing."""
    for name, spec in options(args, "note")[0].items():
        area = scene.area(name)
        contents = _expected(scene, area, spec)
        if length(contents) != area.size:
            raise Wrong(f"{name}: {length(contents)} bytes for {area.size}", args)
        area.contents = contents


STEPS = {"memory": _memory, "put": _put, "word": _word, "learn": _learn}
"""Name of a step: what compiles it."""
