"""Holds a suite against vectors/schema/suite.json, one small validator per op for speed and clear messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import jsonschema
from jsonschema.exceptions import best_match

from doorbell_vectors.format.canonical import canonical

__all__ = ["FOLDER", "complaint", "step_complaint"]

FOLDER: Final = Path(__file__).resolve().parents[2] / "schema"
"""Where the schemas are."""


def complaint(suite: Mapping[str, Any]) -> str | None:
    """Return the first thing that the schema has against a whole suite, with its place, or None."""
    fault = best_match(_frame().iter_errors(suite))
    if fault is not None:
        return _said(fault, _place(fault.absolute_path, suite))
    for place, step in _steps(suite):
        if (found := step_complaint(step)) is not None:
            return f"{place}: {found}"
    return None


def step_complaint(step: Mapping[str, Any]) -> str | None:
    """Return what the schema has against one op, which names a known ``op``, or None."""
    return _step_complaint(canonical(step))


@lru_cache(maxsize=1 << 14)
def _step_complaint(text: str) -> str | None:
    """Vectors set up queues with the same ops over and over, so most are looked at only once."""
    step = json.loads(text)
    fault = best_match(_op(step["op"]).iter_errors(step))
    return None if fault is None else _said(fault, ".".join(map(str, fault.absolute_path)))


def _said(fault: jsonschema.ValidationError, place: str) -> str:
    message = fault.message if len(fault.message) <= 200 else fault.message[:200] + " ..."
    return f"{place}: {message}" if place else message


def _place(path: Any, suite: Mapping[str, Any]) -> str:
    """Return a path of keys as text; a vector shows by its id."""
    keys = list(path)
    if keys[:1] == ["vectors"] and len(keys) > 1:
        identifier = suite["vectors"][keys[1]]
        named = isinstance(identifier, dict) and isinstance(identifier.get("id"), str)
        keys[:2] = [identifier["id"] if named else f"vectors[{keys[1]}]"]
    return ".".join(map(str, keys))


def _steps(suite: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, steps in suite["recipes"].items():
        for index, step in enumerate(steps):
            yield f"recipe {name}: step {index} ({step['op']})", step
    for vector in suite["vectors"]:
        for index, step in enumerate(vector["steps"]):
            yield f"{vector['id']}: step {index} ({step['op']})", step


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FOLDER / "suite.json").read_text(encoding="utf-8"))
    return schema


@cache
def _frame() -> jsonschema.Draft202012Validator:
    """Everything but the ops' own keys."""
    schema = _schema()
    plain = {key: schema["$defs"]["step"][key] for key in ("type", "required", "properties")}
    return jsonschema.Draft202012Validator(schema | {"$defs": schema["$defs"] | {"step": plain}})


_right: Final[set[tuple[str, str]]] = set()
"""What has been held against a definition of the ops and found right: the definition and the text of the value."""


def _ref(
    validator: Any, ref: str, instance: object, schema: Mapping[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    """As the library's own `$ref`, but a segment or value that was right once is not looked at again."""
    key = ref, canonical(instance)
    if key in _right:
        return
    fault = None
    for fault in jsonschema.Draft202012Validator.VALIDATORS["$ref"](
        validator, ref, instance, schema
    ):
        yield fault
    if fault is None:
        _right.add(key)


def _one_of(
    validator: Any, alternatives: list[Any], instance: object, schema: Mapping[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    """As the library's own `oneOf`, which words the complaints of every alternative even when one is right."""
    possible = [one for one in alternatives if _may_be(one, instance)]
    if sum(validator.evolve(schema=one).is_valid(instance) for one in possible) != 1:
        yield from jsonschema.Draft202012Validator.VALIDATORS["oneOf"](
            validator, alternatives, instance, schema
        )


def _may_be(alternative: Mapping[str, Any], instance: object) -> bool:
    """Say whether the first item of a list, which names the kind of a segment, is the alternative's."""
    first = alternative.get("prefixItems", [{}])[0].get("const")
    return first is None or not (isinstance(instance, list) and instance) or instance[0] == first


_Remembering: Final = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator, validators={"$ref": _ref, "oneOf": _one_of}
)
"""For the ops alone: `_frame` has another definition of a step, so that what is right there is not right here."""


@cache
def _op(name: str) -> Any:
    return _Remembering({"$ref": f"#/$defs/op-{name}", "$defs": _schema()["$defs"]})
