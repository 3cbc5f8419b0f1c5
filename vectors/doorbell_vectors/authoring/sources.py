"""The sources below vectors/: reading them all, and what holds across files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
from jsonschema.exceptions import best_match

from doorbell_vectors.authoring.expand import cases
from doorbell_vectors.authoring.source import Map, Wrong, read
from doorbell_vectors.authoring.vector import compiled
from doorbell_vectors.errors import SourceError
from doorbell_vectors.format.schema import FOLDER as SCHEMAS

__all__ = ["FOLDER", "directed", "reasons"]

FOLDER: Final = SCHEMAS.parent
"""`vectors/` of this checkout."""
_ID: Final = re.compile(r"V[0-9]{4,6}")


def directed(folder: Path) -> list[dict[str, Any]]:
    """Return every directed vector below ``folder``, compiled, by ascending id.

    Raises:
        SourceError: file and line of the first thing wrong.
    """
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for path in sorted((folder / "directed").glob("*.yaml")):
        name = f"{folder.name}/directed/{path.name}"
        for entry, vector in _file(path, name):
            where = f"{name}:{entry.line}"
            if vector["id"] in found:
                raise SourceError(
                    f"{where}: {vector['id']} stands at {found[vector['id']][1]} already"
                )
            found[vector["id"]] = (vector, where)
    return [found[identifier][0] for identifier in sorted(found, key=_number)]


def _number(identifier: str) -> int:
    return int(identifier[1:])


def _file(path: Path, name: str) -> Iterator[tuple[Map, dict[str, Any]]]:
    source = read(path, name)
    _check(source, name)
    for entry in source["vectors"]:
        what = str(entry.get("id") or entry.get("template"))
        try:
            for case in cases(entry):
                what = str(case["id"])
                yield case, compiled(case)
        except Wrong as error:
            raise SourceError(f"{name}:{error.line or entry.line}: {what}: {error}") from error


def _check(source: Map, name: str) -> None:
    """Hold a file against vectors/schema/directed.json."""
    fault = best_match(_schema().iter_errors(source))
    if fault is None:
        return
    node: Any = source
    line, what = source.line, ""
    for key in fault.absolute_path:
        if isinstance(node, Map):
            line = node.lines.get(str(key), line)
        node = node[key]
        line = getattr(node, "line", line) or line
        if isinstance(node, Map) and ("id" in node or "template" in node):
            what = f"{node.get('id') or node.get('template')}: "
    keys = ".".join(str(key) for key in fault.absolute_path)
    raise SourceError(f"{name}:{line or 1}: {what}{keys}: {fault.message[:300]}")


@cache
def _schema() -> jsonschema.Draft202012Validator:
    text = (SCHEMAS / "directed.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def reasons(folder: Path, name: str) -> dict[str, str]:
    """Return a file of reasons (``retired.yaml``, ``untestable.yaml``): a mapping of text to text.

    Raises:
        SourceError: a value that is no text.
    """
    shown = f"{folder.name}/{name}"
    source = read(folder / name, shown)
    for key, why in source.items():
        if not isinstance(why, str) or not why.strip():
            raise SourceError(f"{shown}:{source.lines[key]}: {key}: give the reason as text")
        if name == "retired.yaml" and not _ID.fullmatch(key):
            raise SourceError(f"{shown}:{source.lines[key]}: {key} is no id such as V0001")
    return {key: " ".join(why.split()) for key, why in source.items()}
