"""Reading the arguments of a step: which keys there may be, and expectations as the sources write them."""

from __future__ import annotations

from typing import Any, Final

from doorbell_vectors.authoring.places import Place, image
from doorbell_vectors.authoring.scene import Scene
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.format.values import literal

__all__ = ["expectation", "keys", "options"]

_BOUNDS: Final = frozenset({"eq", "in", "min", "max", "mask", "any"})


def keys(args: Any, needed: str, optional: str = "") -> Map:
    """Return ``args`` when it is a mapping with all ``needed`` keys and none but them and the ``optional`` ones.

    Raises:
        Wrong: otherwise; the message lists the keys.
    """
    want, may = needed.split(), optional.split()
    listed = f"needed: {', '.join(want) or 'none'}; optional: {', '.join(may) or 'none'}"
    if not isinstance(args, Map):
        raise Wrong(f"{args!r}: a mapping is needed here; {listed}", args)
    for key in want:
        if key not in args:
            raise Wrong(f"key {key!r} is missing; {listed}", args)
    for key in args:
        if key not in want and key not in may:
            raise Wrong(f"unknown key {key!r}; {listed}", args)
    return args


def options(args: Any, allowed: str) -> tuple[Map, Map]:
    """Split a mapping of names into the entries themselves and the options among them.

    Raises:
        Wrong: no mapping, or no entry.
    """
    if not isinstance(args, Map):
        raise Wrong(f"{args!r}: a mapping is needed here", args)
    words = set(allowed.split())
    entries = Map({key: args[key] for key in args if key not in words})
    entries.line = args.line
    if not entries:
        raise Wrong("nothing is named here", args)
    return entries, Map({key: args[key] for key in args if key in words})


def expectation(spec: Any, scene: Scene, place: Place | None = None) -> dict[str, Any]:
    """Return an expectation in machine form: of a number, a range, one of several, fields, or anything.

    Raises:
        Wrong: none of these, or a range for one of several fields.
    """
    if spec == "any":
        return {"any": True}
    if not isinstance(spec, Map):
        return {"eq": scene.value(spec)}
    if set(spec) <= _BOUNDS and spec:
        return _bounds(spec, scene)
    if place is None:
        raise Wrong(
            f"{dict(spec)!r}: give a number, any, or some of {', '.join(sorted(_BOUNDS))}", spec
        )
    ranged = [name for name in spec if isinstance(spec[name], Map)]
    if not ranged:
        value, mask = image(place, spec, scene.term)
        return {"eq": value.value(), "mask": literal(mask)}
    if len(spec) > 1 or place.register is None or ranged[0] not in place.register.fields:
        raise Wrong(
            "a range or choice for one field stands alone: read the other fields in a step of their own",
            spec,
        )
    return _ranged(place, ranged[0], spec[ranged[0]], scene)


def _bounds(spec: Map, scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if key == "in":
            found[key] = [scene.value(item) for item in value]
        else:
            found[key] = True if key == "any" else scene.value(value)
    if set(found) == {"mask"}:
        raise Wrong("a mask alone expects nothing; add eq, in, min or max", spec)
    return found


def _ranged(place: Place, name: str, spec: Map, scene: Scene) -> dict[str, Any]:
    """Return the expectation of one field's range, with everything shifted to where the field is."""

    def shifted(value: Any) -> Any:
        return image(place, Map({name: value}), scene.term)[0].value()

    found: dict[str, Any] = {"mask": literal(image(place, Map({name: 0}), scene.term)[1])}
    for key, value in spec.items():
        if key not in {"eq", "in", "min", "max"}:
            raise Wrong(f"unknown key {key!r} for a field; give eq, in, min or max", spec)
        found[key] = [shifted(item) for item in value] if key == "in" else shifted(value)
    return found
