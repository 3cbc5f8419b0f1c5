"""YAML with the line of everything in it: safe scalars only, no key twice, no aliases.

Plain scalars are integers (decimal, or hexadecimal after ``0x``), ``true``, ``false``, ``null`` or
text: no octal, no times of day, no dates, no floats, and no surprise with ``on`` and ``no``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from doorbell_vectors.errors import SourceError

__all__ = ["List", "Map", "Wrong", "line_of", "read", "read_list"]

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9_]*)|0x[0-9A-Fa-f_]+")
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


class Map(dict[str, Any]):
    """A mapping, the line it starts on, and the line of each key."""

    line: int = 0
    lines: Mapping[str, int] = {}


class List(list[Any]):
    """A list and the line it starts on."""

    line: int = 0


class Wrong(ValueError):
    """What is wrong with a part of a source; whoever knows file and vector adds them."""

    def __init__(self, message: str, place: object = None) -> None:
        """``place`` is the `Map` or `List` that it is about, if that is known."""
        super().__init__(message)
        self.line = line_of(place)


def line_of(place: object) -> int:
    """Return the line on which a `Map` or `List` starts, or 0."""
    return place.line if isinstance(place, Map | List) else 0


def read(path: Path, name: str) -> Map:
    """Read the mapping that is the file at ``path``, called ``name`` in messages; an empty file is an empty one.

    Raises:
        SourceError: it cannot be read, is no YAML, repeats a key, or uses tags, anchors or floats.
    """
    data = _read(path, name)
    if not isinstance(data, Map):
        raise SourceError(f"{name}:1: must be a mapping, is {type(data).__name__}")
    return data


def read_list(path: Path, name: str) -> List:
    """Read the list that is the file at ``path``; otherwise as `read`."""
    data = _read(path, name)
    if not isinstance(data, List):
        raise SourceError(f"{name}:1: must be a list, is {type(data).__name__}")
    return data


def _read(path: Path, name: str) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{name}:1: cannot be read: {error}") from error
    try:
        tree = yaml.compose(text, Loader=yaml.CSafeLoader)
        return _Reader(name).value(tree) if tree is not None else Map()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SourceError(f"{name}:{line}: is no YAML: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SourceError(f"{name}:1: is no YAML: {error}") from error


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: set[int] = set()

    def _error(self, node: yaml.Node, message: str) -> SourceError:
        return SourceError(f"{self._name}:{node.start_mark.line + 1}: {message}")

    def value(self, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            if id(node) in self._seen:
                raise self._error(node, "aliases are not taken; write it out, or use cases")
            self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._map(node)
        if isinstance(node, yaml.SequenceNode):
            items = List(self.value(item) for item in node.value)
            items.line = node.start_mark.line + 1
            return items
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node)

    def _map(self, node: yaml.MappingNode) -> Map:
        found, lines = Map(), dict[str, int]()
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "a key must be plain text")
            key = str(key_node.value)
            if key in found:
                raise self._error(
                    key_node, f"key {key!r} is repeated; it stands on line {lines[key]}"
                )
            found[key] = self.value(value_node)
            lines[key] = key_node.start_mark.line + 1
        found.line, found.lines = node.start_mark.line + 1, lines
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = str(node.value)
        if node.style:  # quoted, or a block of text
            return text
        if node.tag not in _TAGS:
            raise self._error(node, f"tag {node.tag} is not taken; plain YAML only")
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text.replace("_", ""), 0)
        return text


_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "bool", "null", "float", "timestamp", "merge", "value")
)
