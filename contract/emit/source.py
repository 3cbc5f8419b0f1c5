"""YAML files with the line of every key, so that an error can name it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from emit.errors import ContractError

Key = str | int


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file: its data, and the line of each path of keys."""

    name: str
    data: dict[str, Any]
    lines: dict[tuple[Key, ...], int]

    def error(self, keys: tuple[Key, ...], message: str) -> ContractError:
        """An error at `keys`; a path without a line of its own takes its parent's."""
        known = keys
        while known and known not in self.lines:
            known = known[:-1]
        where = ": ".join(str(key) for key in keys)
        return ContractError(f"{self.name}:{self.lines.get(known, 1)}: {where}: {message}")


def read(path: Path, name: str, schema: Path) -> Source:
    """Read `path`, refuse repeated keys, and hold it against its JSON Schema.

    Raises ContractError, calling the file `name`.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.CSafeLoader)
        data = yaml.load(text, yaml.CSafeLoader)
    except OSError as error:
        raise ContractError(f"{name}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{name}: is not YAML: {error}") from error
    if not isinstance(data, dict):
        raise ContractError(f"{name}:1: must be a mapping, is {type(data).__name__}")
    source = Source(name, data, {})
    _note_lines(source, tree, ())
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    for fault in sorted(validator.iter_errors(data), key=lambda fault: list(map(str, fault.path))):
        raise source.error(tuple(fault.absolute_path), fault.message)
    return source


def _note_lines(source: Source, node: yaml.Node | None, keys: tuple[Key, ...]) -> None:
    """Record where `node` and everything below it stands."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = (*keys, str(key.value))
            if path in source.lines:
                first = source.lines[path]
                source.lines[path] = key.start_mark.line + 1
                raise source.error(path, f"key is repeated; it stands on line {first} already")
            source.lines[path] = key.start_mark.line + 1
            _note_lines(source, value, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            source.lines[*keys, index] = value.start_mark.line + 1
            _note_lines(source, value, (*keys, index))
