"""Python expressions, laid out as `ruff format` lays them out."""

from collections.abc import Iterable
from dataclasses import dataclass

from emit.text import WIDTH, wrapped


@dataclass(frozen=True, slots=True)
class Group:
    """Items between brackets: on one line when they fit, else one line each."""

    opening: str
    items: tuple["str | Group | Text", ...]
    closing: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string, in several pieces when it is too long for a line; `key` is `name=` or `key: `."""

    key: str
    value: str


Expression = str | Group | Text


def quoted(text: str) -> str:
    """`text` as a string literal in the quotes that ruff prefers."""
    plain = text.replace("\\", "\\\\")
    if '"' in text and "'" not in text:
        return f"'{plain}'"
    return '"' + plain.replace('"', '\\"') + '"'


def sorted_names(names: Iterable[str]) -> list[str]:
    """The order of sorted imports: CONSTANTS, then Classes, then functions."""
    return sorted(names, key=lambda name: (not name.isupper(), name.islower(), name))


def call(name: str, *items: Expression) -> Group:
    """A call, or `key=Name(...)` when `name` says so."""
    return Group(f"{name}(", items, ")")


def lay_out(item: Expression, indent: int = 0, tail: str = "") -> list[str]:
    """Lines of `item` at `indent` columns, followed by `tail`."""
    space = " " * indent
    flat = space + _flat(item) + tail
    if len(flat) <= WIDTH:
        return [flat]
    if isinstance(item, Group):
        lines = [space + item.opening]
        for inner in item.items:
            lines += lay_out(inner, indent + 4, ",")
        return [*lines, space + item.closing + tail]
    if isinstance(item, Text):
        lines = [f"{space}{item.key}("]
        whole = quoted(item.value)
        fits = indent + 4 + len(whole) <= WIDTH
        pieces = [item.value] if fits else wrapped(item.value, "", WIDTH - indent - 4 - 3)
        for index, piece in enumerate(pieces):
            gap = " " if index + 1 < len(pieces) else ""
            lines.append(f"{space}    {quoted(piece + gap)}")
        return [*lines, f"{space}){tail}"]
    return [flat]


def _flat(item: Expression) -> str:
    if isinstance(item, Group):
        inner = ", ".join(_flat(inner) for inner in item.items)
        return f"{item.opening}{inner}{item.closing}"
    if isinstance(item, Text):
        return item.key + quoted(item.value)
    return item


def docstring(text: str, indent: int) -> list[str]:
    """A docstring of one or more lines at `indent` columns."""
    space = " " * indent
    safe = text.replace("\\", "\\\\").replace('"""', "'''")
    if len(safe) + indent + 6 <= WIDTH and not safe.endswith('"'):
        return [f'{space}"""{safe}"""']
    lines = wrapped(f'"""{safe}', space)
    return [*lines, f'{space}"""']
