"""Tables of the reference page."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table as Markdown lines, with an empty line after it."""
    lines = [_row(head), "|" + " --- |" * len(head)]
    return [*lines, *(_row(row) for row in rows), ""]


def code(text: str) -> str:
    """`text` in code type."""
    return f"`{text}`"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
