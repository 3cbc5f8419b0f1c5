"""Expressions of the language: integers, and addresses that are a name plus a number.

``2**64 - 1``, ``src + 5``, ``q.put``, ``cap.queues - 1``, ``limits.GRID_MAX + 1``: Python's notation for ``+ - *
// % ** << >> | & ^ ~`` on integers; what is relative can only be shifted (capabilities) and added to.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from doorbell.contract import Space
from doorbell_vectors.authoring.source import Wrong
from doorbell_vectors.format.values import literal

__all__ = ["Lookup", "Term", "evaluate", "plain"]


@dataclass(frozen=True, slots=True)
class Term:
    """An integer, or something relative to what only the player knows.

    ``kind`` is ``buffer``, ``cap``, ``saved`` or empty; ``space`` is where it points to, if it is an
    address.
    """

    add: int = 0
    kind: str = ""
    name: str = ""
    shift: int = 0
    space: Space | None = None

    def value(self) -> int | str | dict[str, Any]:
        """Return it as the machine form holds it."""
        if not self.kind:
            return literal(self.add)
        found: dict[str, Any] = {self.kind: self.name}
        if self.add % (1 << 64):
            found["add"] = literal(self.add)
        if self.shift:
            found["shift"] = self.shift
        return found

    def plus(self, number: int) -> Term:
        """Return the term that is ``number`` more."""
        return replace(self, add=self.add + number)

    def times(self, factor: int) -> Term:
        """Return it multiplied; a capability by a power of two only.

        Raises:
            Wrong: another relative term, or another factor.
        """
        if not self.kind:
            return replace(self, add=self.add * factor)
        if self.kind != "cap" or factor <= 0 or factor & (factor - 1):
            raise Wrong(
                f"{self.kind}.{self.name} times {factor}: only capabilities, by powers of two"
            )
        more = factor.bit_length() - 1
        return replace(self, add=self.add * factor, shift=self.shift + more)


Lookup = Callable[[str], Term]
"""Finds what a name, dotted or not, stands for; raises `Wrong` with the known names."""

_BINARY: Final[dict[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
_LARGEST: Final = 4096
"""Bound of an exponent or shift: sources are not to compute large numbers."""


def evaluate(spec: object, lookup: Lookup) -> Term:
    """Return what an integer or the text of an expression stands for.

    Raises:
        Wrong: no expression, an unknown name, or arithmetic on what is relative.
    """
    if isinstance(spec, bool) or not isinstance(spec, int | str):
        raise Wrong(f"{spec!r} is no value; give an integer or an expression", spec)
    if isinstance(spec, int):
        return Term(spec)
    try:
        tree = ast.parse(spec.strip(), mode="eval").body
        return _term(tree, lookup)
    except (SyntaxError, ZeroDivisionError, ValueError, RecursionError) as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(f"{spec!r} is no expression") from error


def plain(spec: object, lookup: Lookup) -> int:
    """Return the integer that ``spec`` stands for.

    Raises:
        Wrong: as `evaluate`, or it is relative, which only the player can resolve.
    """
    term = evaluate(spec, lookup)
    if term.kind:
        raise Wrong(f"{spec!r} is relative to {term.kind} {term.name!r}; an integer is needed here")
    return term.add


def _term(node: ast.expr, lookup: Lookup) -> Term:
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return Term(number)
        case ast.Name() | ast.Attribute():
            return lookup(ast.unparse(node))
        case ast.UnaryOp(op=ast.USub() | ast.Invert() as op, operand=operand):
            inner = _term(operand, lookup)
            if inner.kind:
                raise Wrong(f"{ast.unparse(node)!r}: {inner.kind} values cannot be negated")
            return Term(-inner.add if isinstance(op, ast.USub) else ~inner.add)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _binary(node, _term(left, lookup), op, _term(right, lookup))
    raise Wrong(f"{ast.unparse(node)!r} is no expression of this language")


def _binary(node: ast.BinOp, left: Term, op: ast.operator, right: Term) -> Term:
    if not right.kind and isinstance(op, ast.LShift | ast.Pow) and not 0 <= right.add <= _LARGEST:
        raise Wrong(f"{ast.unparse(node)!r}: shift or exponent must be 0 to {_LARGEST}")
    if not left.kind and not right.kind:
        space = left.space if left.space is not None else right.space
        return Term(_BINARY[type(op)](left.add, right.add), space=space)
    match op:
        case ast.Add() if not right.kind:
            return left.plus(right.add)
        case ast.Add() if not left.kind:
            return right.plus(left.add)
        case ast.Sub() if not right.kind:
            return left.plus(-right.add)
        case ast.LShift() if not right.kind:
            return left.times(1 << right.add)
        case ast.Mult() if not right.kind:
            return left.times(right.add)
        case ast.Mult() if not left.kind:
            return right.times(left.add)
    raise Wrong(f"{ast.unparse(node)!r}: relative values can only be added to and shifted")
