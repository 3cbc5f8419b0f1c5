"""Steps on interrupts, time, access rights, injected faults, raw TLPs, the link, and saved values."""

from __future__ import annotations

from typing import Any

from doorbell_vectors.authoring.arguments import expectation, keys
from doorbell_vectors.authoring.contents import parse
from doorbell_vectors.authoring.places import find
from doorbell_vectors.authoring.scene import Scene
from doorbell_vectors.authoring.source import Map, Wrong

__all__ = ["STEPS"]


def _publish(scene: Scene, args: Any) -> None:
    if args is not None:
        raise Wrong("publish takes nothing", args)
    scene.emit("publish")


def _vector(scene: Scene, spec: Any) -> int:
    number = scene.plain(spec)
    scene.needs.least("vectors", number + 1)
    return number


def _interrupt_setup(scene: Scene, args: Any) -> None:
    for spec in args if isinstance(args, list) else [args]:
        scene.emit("interrupt_setup", vector=_vector(scene, spec))


def _interrupt_mask(scene: Scene, args: Any) -> None:
    scene.emit("interrupt_mask", vector=_vector(scene, args), masked=True)


def _interrupt_unmask(scene: Scene, args: Any) -> None:
    scene.emit("interrupt_mask", vector=_vector(scene, args), masked=False)


def _interrupt_wait(scene: Scene, args: Any) -> None:
    given = keys(args, "vector", "count within")
    count = scene.plain(given.get("count", 1))
    if count > 1:
        scene.needs.ability("interrupt_count")
    vector = _vector(scene, given["vector"])
    scene.emit(
        "interrupt_wait", vector=vector, count=count, within=scene.within(given.get("within"))
    )


def _interrupts(scene: Scene, args: Any) -> None:
    """Expect counts by vector; hosts that merge messages can only tell none from some."""
    if not isinstance(args, Map):
        raise Wrong("say vector: count", args)
    for vector, spec in args.items():
        expect = expectation(spec, scene)
        if expect not in ({"eq": 0}, {"min": 0}, {"min": 1}):
            scene.needs.ability("interrupt_count")
        scene.emit("interrupts", vector=_vector(scene, vector), expect=expect)


def _delay(scene: Scene, args: Any) -> None:
    scene.emit("delay", cycles=scene.value(args))


def _mapping(op: str) -> Any:
    def step(scene: Scene, args: Any) -> None:
        scene.needs.ability("iommu_faults")
        scene.emit(op, buffer=_buffer(scene, args))

    return step


def _buffer(scene: Scene, name: Any) -> str:
    area = scene.area(str(name))
    if area.at is not None:
        raise Wrong(f"{name!r} is device memory; a host buffer is needed here")
    return area.name


def _faults(scene: Scene, args: Any) -> None:
    scene.needs.ability("iommu_faults")
    scene.emit("faults", expect=expectation(args, scene))


def _spoil(scene: Scene, args: Any) -> None:
    given = keys(args, "buffer kind", "at length count")
    buffer = _buffer(scene, given["buffer"])
    at = scene.plain(given.get("at", 0))
    size = scene.plain(given.get("length", scene.area(buffer).size - at))
    scene.needs.ability("completion_faults")
    count = scene.plain(given.get("count", 1))
    scene.emit("spoil", buffer=buffer, at=at, length=size, kind=given["kind"], count=count)


def _tlp(scene: Scene, args: Any) -> None:
    """Send one raw TLP; `to` is a register, `address` any value."""
    given = keys(args, "kind", "to address fields bytes expect within")
    fields = {
        key: scene.plain(value)
        for key, value in (given.get("fields") or {}).items()
        if key != "wide"
    }
    if "wide" in (given.get("fields") or {}):
        fields["wide"] = bool(given["fields"]["wide"])
    where: dict[str, Any] = {}
    if "to" in given:
        place = find(given["to"], scene.term)
        where = {"bar": place.bar, "at": place.at.value()}
    elif "address" in given:
        where = {"address": scene.value(given["address"])}
    scene.needs.ability("tlp_injection")
    answer = given.get("expect")
    if isinstance(answer, Map) and "bytes" in answer:
        answer = {**answer, "bytes": parse(answer["bytes"], scene.names)}
    elif answer == "none":
        answer = {"none": True}
    elif isinstance(answer, str):
        answer = {"status": answer}
    data = parse(given["bytes"], scene.names) if "bytes" in given else None
    within = scene.within(given.get("within")) if answer else None
    scene.emit(
        "tlp",
        kind=given["kind"],
        fields={**where, **fields},
        bytes=data,
        expect=answer,
        within=within,
    )


def _order(scene: Scene, args: Any) -> None:
    given = keys(args, "names", "strict")
    for name in given["names"]:
        scene.term(f"saved.{name}")
    scene.emit("order", names=list(given["names"]), strict=given.get("strict", False))


def _difference(scene: Scene, args: Any) -> None:
    given = keys(args, "of minus expect")
    for name in (given["of"], given["minus"]):
        scene.term(f"saved.{name}")
    scene.emit(
        "difference",
        of=given["of"],
        minus=given["minus"],
        expect=expectation(given["expect"], scene),
    )


def _link(scene: Scene, args: Any) -> None:
    given = keys(args, "check", "filter filters field expect")
    found: dict[str, Any] = {"check": given["check"]}
    if "filter" in given:
        found["filter"] = _filter(scene, given["filter"])
    if "filters" in given:
        found["filters"] = [_filter(scene, entry) for entry in given["filters"]]
    if "field" in given:
        found["field"] = given["field"]
    if "expect" in given:
        found["expect"] = expectation(given["expect"], scene)
    scene.needs.ability("link")
    scene.emit("link", **found)


def _filter(scene: Scene, spec: Map) -> dict[str, Any]:
    made = dict(spec)
    if "buffer" in made:
        made["buffer"] = _buffer(scene, made["buffer"])
    if "at" in made or "length" in made:
        made["at"] = scene.plain(made.get("at", 0))
        made["length"] = scene.plain(
            made.get("length", scene.area(str(made["buffer"])).size - made["at"])
        )
    return made


STEPS = {
    "publish": _publish,
    "interrupt_setup": _interrupt_setup,
    "interrupt_mask": _interrupt_mask,
    "interrupt_unmask": _interrupt_unmask,
    "interrupt_wait": _interrupt_wait,
    "interrupts": _interrupts,
    "delay": _delay,
    "unmap": _mapping("unmap"),
    "map": _mapping("map"),
    "faults": _faults,
    "spoil": _spoil,
    "tlp": _tlp,
    "order": _order,
    "difference": _difference,
    "link": _link,
}
"""Name of a step: what compiles it."""
