"""One vector of the sources, compiled into the machine form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from doorbell.contract.rules import RULES
from doorbell_vectors.authoring import (
    steps_error,
    steps_host,
    steps_memory,
    steps_queue,
    steps_register,
)
from doorbell_vectors.authoring.contents import Segments, parse, seed_of
from doorbell_vectors.authoring.expand import steps
from doorbell_vectors.authoring.kernels import declare
from doorbell_vectors.authoring.queues import Queue
from doorbell_vectors.authoring.scene import Scene
from doorbell_vectors.authoring.source import Map, Wrong, line_of
from doorbell_vectors.format.canonical import vector_hash
from doorbell_vectors.format.octets import length
from doorbell_vectors.format.schema import step_complaint
from doorbell_vectors.format.versions import version

__all__ = ["FIRST_CONTRACT", "STEPS", "compiled"]

FIRST_CONTRACT: Final = "0.1.0"
"""Contract version a vector is made for unless its `since` says another."""

STEPS: Final[Mapping[str, Callable[[Scene, Any], None]]] = {
    **steps_register.STEPS,
    **steps_memory.STEPS,
    **steps_queue.STEPS,
    **steps_error.STEPS,
    **steps_host.STEPS,
}
"""Every step of the language."""
_RESERVED: Final = frozenset({"cap", "saved", "limits", "within", "note"})
_BUFFER_KEYS: Final = frozenset({"size", "align", "edge", "window", "writable", "init"})
_DEVICE_KEYS: Final = frozenset({"size", "align", "at", "init"})


def compiled(source: Map) -> dict[str, Any]:
    """Return ``source``, an entry without `cases`, as a vector of the machine form; `cycles` is null.

    Raises:
        Wrong: anything in it is; its line is that of the step or part, when that is known.
    """
    _check_rules(source)
    _check_range(source)
    scene = Scene(source["id"], source["name"])
    _declare(scene, source)
    for step in steps(source["steps"]):
        _step(scene, step)
    _settle(scene)
    scene.needs.add(source.get("needs") or Map())
    vector = {
        "id": scene.id,
        "name": scene.name,
        "rules": list(source["rules"]),
        "tags": list(source.get("tags") or []),
        "hunts": " ".join(source["hunts"].split()),
        "pitfalls": list(source.get("pitfalls") or []),
        "contract": [source.get("since", FIRST_CONTRACT), source.get("until")],
        "tier": source["tier"],
        "bringup": source.get("bringup"),
        "negative": source.get("negative", scene.negative),
        "needs": scene.needs.machine(),
        "cycles": None,
        "bytes": sum(area.size for area in scene.memory.areas.values()),
        "buffers": scene.memory.buffers(),
        "steps": scene.steps,
    }
    return vector | {"hash": vector_hash(vector)}


def _check_rules(source: Map) -> None:
    for rule in source["rules"]:
        status = RULES[rule].status if rule in RULES else "unknown"
        if status != "active":
            raise Wrong(
                f"rule {rule} is {status}; a vector checks active rules of contract/rules only",
                source["rules"],
            )


def _check_range(source: Map) -> None:
    first, last = source.get("since", FIRST_CONTRACT), source.get("until")
    if last is not None and version(last) < version(first):
        raise Wrong(f"until {last} is before since {first}; both are versions it holds for", source)


def _declare(scene: Scene, source: Map) -> None:
    """Set up memory, kernels and queues, in this order, and emit what fills device memory."""
    for name, spec in (source.get("buffers") or Map()).items():
        _buffer(scene, _free(name, source), _sized(spec, _BUFFER_KEYS, name))
    for name, spec in (source.get("device") or Map()).items():
        _range(scene, _free(name, source), _sized(spec, _DEVICE_KEYS, name))
    for name, spec in (source.get("kernels") or Map()).items():
        scene.kernels[_free(name, source)] = declare(name, spec, scene)
    for area in scene.memory.areas.values():
        if area.at is not None:
            scene.emit("write_block", bar=2, at=area.term.value(), bytes=area.contents)
    for name, spec in (source.get("queues") or Map()).items():
        queue = Queue(_free(name, source), spec or Map(), scene)
        scene.queues[name] = queue
        queue.program(scene)


def _free(name: str, source: Map) -> str:
    if name in _RESERVED:
        raise Wrong(f"{name!r} has a meaning of its own; take another name", source)
    return name


def _sized(spec: Any, known: frozenset[str], name: str) -> Map:
    given = spec if isinstance(spec, Map) else Map({"size": spec})
    for key in given:
        if key not in known:
            raise Wrong(f"{name}: unknown key {key!r}; known: {', '.join(sorted(known))}", given)
    return given


def _contents(scene: Scene, name: str, spec: Map) -> Segments:
    init = spec.get("init", "random")
    size = scene.plain(spec["size"]) if "size" in spec else None
    if init in ("random", "zero"):  # bytes may be a list
        if size is None:
            raise Wrong(f"{name}: give a size", spec)
        return [
            ["r", seed_of(scene.id, scene.name, name), 0, size]
            if init == "random"
            else ["f", 0, size]
        ]
    contents = parse(init, scene.names)
    missing = 0 if size is None else size - length(contents)
    if missing < 0:
        raise Wrong(f"{name}: init has {length(contents)} bytes, size is {size}", spec)
    return [*contents, ["f", 0, missing]] if missing else contents


def _buffer(scene: Scene, name: str, spec: Map) -> None:
    keys: dict[str, Any] = {
        key: spec[key] for key in ("align", "window", "writable") if key in spec
    }
    if "edge" in spec:
        keys["edge"] = scene.plain(spec["edge"]) % 4096
        keys["align"] = math.gcd(keys["edge"], 64) or 64
    if keys.get("window") == "high":
        scene.needs.ability("high_addresses")
    if not spec.get("writable", True):
        scene.needs.ability("iommu_faults")
    scene.memory.buffer(name, _contents(scene, name, spec), **keys)


def _range(scene: Scene, name: str, spec: Map) -> None:
    at = scene.plain(spec["at"]) if "at" in spec else None
    scene.memory.device(name, _contents(scene, name, spec), align=spec.get("align", 64), at=at)


def _step(scene: Scene, step: Map) -> None:
    names = [key for key in step if key != "note"]
    if len(names) != 1 or names[0] not in STEPS:
        raise Wrong(f"a step has one of these: {', '.join(sorted(STEPS))}; this has {names}", step)
    before = len(scene.steps)
    try:
        STEPS[names[0]](scene, step[names[0]])
    except Wrong as error:
        error.line = error.line or line_of(step)
        raise
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Wrong(
            f"{names[0]}: its arguments do not have the form that README.md shows ({error})", step
        ) from error
    made = scene.steps[before:]
    if "note" in step and made:
        made[0]["note"] = step["note"]
    for op in made:
        if (fault := step_complaint(op)) is not None:
            raise Wrong(f"{names[0]}: {fault}", step)


def _settle(scene: Scene) -> None:
    """Emit the wait for every queue to be idle, which no vector may leave out; `leave` says it resets them itself."""
    for queue in scene.queues.values():
        queue.settle(scene)
        if not queue.spec.get("leave", False):
            queue.until(scene, idle=1)
    scene.needs.least(
        "device_memory", scene.memory.device_end()
    ) if scene.memory.device_end() else None
