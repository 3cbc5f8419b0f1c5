"""Steps on registers, tables, BAR2 and configuration space."""

from __future__ import annotations

from typing import Any

from doorbell_vectors.authoring.arguments import expectation, keys, options
from doorbell_vectors.authoring.contents import parse
from doorbell_vectors.authoring.places import Place, find, image
from doorbell_vectors.authoring.scene import Scene
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.format.octets import length

__all__ = ["STEPS"]


def _place(name: str, scene: Scene, size: Any = None) -> Place:
    place = find(name, scene.term)
    if name.startswith("MSIX_"):
        scene.needs.ability("msix_table")
    if size in {4, 8}:
        return Place(place.bar, place.at, size, place.register, place.half)
    if size is not None:
        raise Wrong(f"size {size!r}: give 4 or 8; odd_read and odd_write take any length")
    return place


def _read(scene: Scene, args: Any, within: Any = None) -> None:
    entries, given = options(args, "within save size note")
    if "save" in given and len(entries) != 1:
        raise Wrong("save: with one register only", args)
    for name, spec in entries.items():
        place = _place(name, scene, given.get("size"))
        expect = expectation(spec, scene, place)
        scene.emit(
            "read",
            bar=place.bar,
            at=place.at.value(),
            size=place.size,
            expect=None if expect == {"any": True} else expect,
            save=scene.save(given["save"]) if "save" in given else None,
            within=scene.within(given.get("within")) if within or "within" in given else None,
            note=given.get("note"),
        )


def _poll(scene: Scene, args: Any) -> None:
    _read(scene, args, within=True)


def _write(scene: Scene, args: Any) -> None:
    entries, given = options(args, "size note")
    for name, spec in entries.items():
        place = _place(name, scene, given.get("size"))
        found = (
            image(place, spec, scene.term)[0].value()
            if isinstance(spec, Map)
            else scene.value(spec)
        )
        scene.emit(
            "write",
            bar=place.bar,
            at=place.at.value(),
            size=place.size,
            value=found,
            note=given.get("note"),
        )


def _odd_read(scene: Scene, args: Any) -> None:
    given = keys(args, "at length", "expect")
    place = find(given["at"], scene.term)
    expect = parse(given["expect"], scene.names) if "expect" in given else None
    scene.needs.ability("odd_access")
    scene.emit(
        "odd_read",
        bar=place.bar,
        at=place.at.value(),
        length=scene.plain(given["length"]),
        expect=expect,
    )


def _odd_write(scene: Scene, args: Any) -> None:
    given = keys(args, "at bytes")
    place = find(given["at"], scene.term)
    data = parse(given["bytes"], scene.names)
    scene.needs.ability("odd_access")
    scene.emit("odd_write", bar=place.bar, at=place.at.value(), length=length(data), bytes=data)


def _config_read(scene: Scene, args: Any) -> None:
    given = keys(args, "at", "size capability expect save")
    expect = expectation(given["expect"], scene) if "expect" in given else None
    save = scene.save(given["save"]) if "save" in given else None
    scene.emit("config_read", **_config(scene, given), expect=expect, save=save)


def _config_write(scene: Scene, args: Any) -> None:
    given = keys(args, "at value", "size capability mask")
    mask = scene.value(given["mask"]) if "mask" in given else None
    if given["at"] == 4 and "capability" not in given:
        scene.needs.ability("bus_master")
    scene.emit(
        "config_write", **_config(scene, given), value=scene.value(given["value"]), mask=mask
    )


def _config(scene: Scene, given: Map) -> dict[str, Any]:
    return {
        "at": scene.plain(given["at"]),
        "size": given.get("size", 4),
        "capability": given.get("capability"),
    }


STEPS = {
    "read": _read,
    "poll": _poll,
    "write": _write,
    "odd_read": _odd_read,
    "odd_write": _odd_write,
    "config_read": _config_read,
    "config_write": _config_write,
}
"""Name of a step: what compiles it."""
