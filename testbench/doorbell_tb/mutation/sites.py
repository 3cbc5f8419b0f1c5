"""Where SystemVerilog can be made wrong: every place that one small edit of an expression turns into another circuit.

Only what a clock cycle evaluates is touched: right-hand sides, conditions and returned values in
always blocks, continuous assignments and functions. Declarations, parameters, widths, indexes, loop
bounds, case labels and assertions stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pyslang.syntax import SyntaxNode, SyntaxTree

__all__ = ["Site", "sites"]

Node = Any
"""A node of slang's syntax tree; its members depend on its kind."""


@dataclass(frozen=True, slots=True)
class Site:
    """One possible mutant: the bytes ``start`` to ``stop`` of ``file`` read ``text`` instead."""

    file: Path
    line: int
    start: int
    stop: int
    kind: str
    """``condition``, ``operator``, ``constant``, ``negation``, ``drop`` or ``stuck``."""
    original: str
    text: str


_SWAPS: Final = {
    "AddExpression": ("+", "-"),
    "SubtractExpression": ("-", "+"),
    "EqualityExpression": ("==", "!="),
    "InequalityExpression": ("!=", "=="),
    "LessThanExpression": ("<", "<="),
    "LessThanEqualExpression": ("<=", "<"),
    "GreaterThanExpression": (">", ">="),
    "GreaterThanEqualExpression": (">=", ">"),
    "LogicalAndExpression": ("&&", "||"),
    "LogicalOrExpression": ("||", "&&"),
    "BinaryAndExpression": ("&", "|"),
    "BinaryOrExpression": ("|", "&"),
    "BinaryXorExpression": ("^", "|"),
    "LogicalShiftLeftExpression": ("<<", ">>"),
    "LogicalShiftRightExpression": (">>", "<<"),
}
_ASSIGNMENTS: Final = {"AssignmentExpression", "NonblockingAssignmentExpression"}
_PASSIVE: Final = {
    "ParameterDeclarationStatement",
    "ConcurrentAssertionMember",
    "ImmediateAssertStatement",
    "HierarchyInstantiation",
    "TypedefDeclaration",
    "PropertyDeclaration",
    "ModuleHeader",
}
"""Not entered at all."""
_LITERAL: Final = re.compile(rb"(?:(\d+)\s*'([bdh])\s*)?([0-9a-fA-F_]+)")


def sites(path: Path) -> tuple[Site, ...]:
    """Return every site of one source file in the order of the text. Raises ``ValueError`` when it does not parse."""
    tree = SyntaxTree.fromFile(str(path))
    errors = [one for one in tree.diagnostics if one.isError()]
    if errors:
        raise ValueError(f"{path}: {errors[0].code} at offset {errors[0].location.offset}")
    found = _Finder(path, path.read_bytes())
    found.member(tree.root)
    return tuple(sorted(found.sites, key=lambda site: (site.start, -site.stop, site.kind)))


def _name(node: Node) -> str:
    return str(node.kind).removeprefix("SyntaxKind.")


def _children(node: Node) -> Iterator[Node]:
    for child in node:
        if isinstance(child, SyntaxNode):
            yield child


class _Finder:
    """Walks one file. Text that a macro wrote has no place in it and is left alone."""

    def __init__(self, path: Path, source: bytes) -> None:
        self.sites: list[Site] = []
        self._path, self._source = path, source
        self._resets = False
        """In what `rst_i` does: two-state simulation starts from zero, so that a dropped reset would not show."""

    def member(self, node: Node) -> None:
        """Enter declarations and generate blocks down to what a clock cycle evaluates."""
        name = _name(node)
        if name in _PASSIVE:
            return
        if name in ("AlwaysFFBlock", "AlwaysCombBlock"):
            self._statement(node.statement)
        elif name == "FunctionDeclaration":
            for item in _children(node.items):
                self._statement(item)
        elif name == "ContinuousAssign":
            for assignment in _children(node.assignments):
                self._assignment(assignment)
        elif name == "LoopGenerate":
            self.member(node.block)
        elif name == "IfGenerate":
            self.member(node.block)
            if node.elseClause is not None:
                self.member(node.elseClause.clause)
        elif name not in ("DataDeclaration", "NetDeclaration", "CaseGenerate"):
            for child in _children(node):
                self.member(child)

    def _statement(self, node: Node) -> None:
        name = _name(node)
        if name in _PASSIVE:
            return
        if name == "ConditionalStatement":
            self._condition(node.predicate)
            outside, self._resets = self._resets, str(node.predicate).strip() == "rst_i"
            self._statement(node.statement)
            self._resets = outside
            if node.elseClause is not None:
                self._statement(node.elseClause.clause)
        elif name == "CaseStatement":
            for item in _children(node.items):
                self._statement(item.clause)
        elif name == "ForLoopStatement":
            self._statement(node.statement)
        elif name == "ExpressionStatement":
            if _name(node.expr) in _ASSIGNMENTS:
                self._assignment(node.expr)
        elif name == "ReturnStatement":
            if node.returnValue is not None:
                self._expression(node.returnValue)
        elif name == "DataDeclaration":
            for declarator in _children(node.declarators):
                if declarator.initializer is not None:
                    self._expression(declarator.initializer.expr)
        else:  # blocks, lists, timing controls
            for child in _children(node):
                if _name(child) != "EventControlWithExpression":
                    self._statement(child)

    def _assignment(self, node: Node) -> None:
        left, right = node.left, node.right
        constant = _name(right) in ("UnbasedUnsizedLiteralExpression", "IntegerVectorExpression")
        if _name(node) == "NonblockingAssignmentExpression":
            if not self._resets and "Concatenation" not in _name(left):
                self._add(right, "drop", self._text(left))
        elif not constant and "Pattern" not in _name(right):
            self._add(right, "stuck", "'0")
        self._expression(right)

    def _condition(self, predicate: Node) -> None:
        for pattern in _children(predicate.conditions):
            expression = pattern.expr
            self._add(expression, "condition", f"!({self._text(expression)})")
            self._expression(expression)

    def _expression(self, node: Node) -> None:
        name = _name(node)
        if name in _SWAPS:
            self._swap(node, *_SWAPS[name])
        elif name in {"UnaryLogicalNotExpression", "UnaryBitwiseNotExpression"}:
            self._add(node, "negation", self._text(node.operand))
            self._expression(node.operand)
        elif name == "ConditionalExpression":
            self._condition(node.predicate)
            self._expression(node.left)
            self._expression(node.right)
        elif name in ("IntegerLiteralExpression", "IntegerVectorExpression"):
            self._constant(node)
        elif name == "InvocationExpression":
            if _name(node.left) != "SystemName" and node.arguments is not None:
                for argument in _children(node.arguments.parameters):
                    if _name(argument) == "OrderedArgument":
                        for inner in _children(argument):
                            self._property(inner)
        elif name == "CastExpression":
            self._expression(node.right)
        elif name in ("MultipleConcatenationExpression", "StreamingConcatenationExpression"):
            return  # a replication's count is no value
        elif "Select" in name or "Name" in name or "Pattern" in name or name == "InsideExpression":
            return
        else:  # parentheses, concatenations, further binary operators
            for child in _children(node):
                self._expression(child)

    def _property(self, node: Node) -> None:
        """An argument is wrapped as if it could be a property."""
        if _name(node) in ("SimplePropertyExpr", "SimpleSequenceExpr"):
            for child in _children(node):
                self._property(child)
        else:
            self._expression(node)

    def _swap(self, node: Node, old: str, new: str) -> None:
        left, right = node.left, node.right
        if self._here(left) and self._here(right):
            between = self._source[
                left.sourceRange.end.offset : right.sourceRange.start.offset
            ].decode()
            if between.count(old) == 1:
                changed = between.replace(old, new)
                self._add(node, "operator", f"({self._text(left)}){changed}({self._text(right)})")
        self._expression(left)
        self._expression(right)

    def _constant(self, node: Node) -> None:
        match = _LITERAL.fullmatch(self._text(node).encode())
        if not match:
            return
        width, base, digits = match.groups()
        radix = {b"b": 2, b"d": 10, b"h": 16, None: 10}[base]
        value = int(digits, radix) + 1
        if width is None:
            self._add(node, "constant", str(value))
        else:
            bits = int(width)
            self._add(node, "constant", f"{bits}'d{value % (1 << bits)}" if bits <= 64 else "'0")

    def _here(self, node: Node) -> bool:
        """Whether the node's text stands in the file itself, written by no macro."""
        span = node.sourceRange
        if span.start.buffer != span.end.buffer or span.end.offset > len(self._source):
            return False
        text = self._source[span.start.offset : span.end.offset].decode(errors="replace")
        return bool(text) and text in str(node)

    def _text(self, node: Node) -> str:
        span = node.sourceRange
        return self._source[span.start.offset : span.end.offset].decode()

    def _add(self, node: Node, kind: str, text: str) -> None:
        if not self._here(node):
            return
        span = node.sourceRange
        start, stop = span.start.offset, span.end.offset
        line = self._source.count(b"\n", 0, start) + 1
        original = self._text(node)
        if text != original:
            self.sites.append(Site(self._path, line, start, stop, kind, original, text))
