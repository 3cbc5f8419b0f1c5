"""The plan as a document to print and sign: PDF, A4 landscape, the same bytes for the same plan."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from doorbell_vectors.handoff.book import Book, Section, sections

__all__ = ["document"]

_INK: Final = colors.HexColor("#1B2430")
_HEAD: Final = colors.HexColor("#1F3A5F")
_LINE: Final = colors.HexColor("#C9D1DB")
_BODY: Final = ParagraphStyle(
    "body", fontName="Helvetica", fontSize=8.5, leading=11, textColor=_INK
)
_SMALL: Final = ParagraphStyle("small", parent=_BODY, fontSize=7.2, leading=9)
_WHITE: Final = ParagraphStyle("head", parent=_SMALL, fontName="Helvetica-Bold", textColor="white")
_H1: Final = ParagraphStyle("h1", parent=_BODY, fontName="Helvetica-Bold", fontSize=18, leading=23)
_H2: Final = ParagraphStyle(
    "h2", parent=_H1, fontSize=13, leading=17, spaceBefore=12, spaceAfter=4, textColor=_HEAD
)
_H3: Final = ParagraphStyle("h3", parent=_H2, fontSize=10, leading=13, spaceBefore=7, spaceAfter=2)
_WIDTH: Final = landscape(A4)[0] - 30 * mm
_IDS: Final = 14
"""Ids shown in a cell; the matrix has all."""
_PLAIN: Final = str.maketrans({"≥": ">=", "≤": "<=", "→": "->", "−": "-", "≈": "~", "⊂": "in"})
_GRID: Final = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, 0), _HEAD),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("GRID", (0, 0), (-1, -1), 0.4, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)


def document(book: Book) -> bytes:
    """Return the PDF: the plan's head, sign-off, testpoints, traceability."""
    made = io.BytesIO()
    title = _text(book.trace.plan.head.title)
    foot = f"{title}, version {book.version}, contract {book.contract}"

    def footer(canvas: Any, template: Any) -> None:
        canvas.setFont("Helvetica", 7)
        canvas.setFillColor(_INK)
        canvas.drawString(15 * mm, 9 * mm, foot)
        canvas.drawRightString(landscape(A4)[0] - 15 * mm, 9 * mm, str(template.page))

    template = SimpleDocTemplate(
        made,
        pagesize=landscape(A4),
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=14 * mm,
        bottomMargin=16 * mm,
        invariant=1,
        title=title,
        author="",
        lang="en",
    )
    template.build(list(_story(book)), onFirstPage=footer, onLaterPages=footer)
    return made.getvalue()


def _text(text: object) -> str:
    """Return text with only what the standard fonts can show."""
    plain = str(text).translate(_PLAIN)
    return plain.encode("cp1252", "replace").decode("cp1252")


def _paragraph(text: object, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(escape(_text(text)), style)


def _grid(
    heads: Sequence[str], rows: Sequence[Sequence[object]], shares: Sequence[int]
) -> Flowable:
    """Return a table whose columns are as wide as ``shares`` of the page."""
    cells = [[_paragraph(head, _WHITE) for head in heads]]
    cells += [[_paragraph("" if cell is None else cell, _SMALL) for cell in row] for row in rows]
    widths = [_WIDTH * share / sum(shares) for share in shares]
    return LongTable(cells, colWidths=widths, repeatRows=1, style=_GRID)


def _ids(names: Sequence[str]) -> str:
    more = f" and {len(names) - _IDS} more" if len(names) > _IDS else ""
    return " ".join(names[:_IDS]) + more


def _story(book: Book) -> Iterator[Flowable]:
    trace = book.trace
    yield _paragraph(trace.plan.head.title, _H1)
    counts = f"{len(trace.suite.vectors)} vectors, {len(trace.rows)} rules"
    points = sum(1 for _ in trace.plan.testpoints)
    yield _paragraph(
        f"Version {book.version}, contract {book.contract}: {points} testpoints, {counts}."
    )
    for section in sections(trace.plan.head):
        yield KeepTogether(list(_section(section))) if len(section.rows) < 12 else Spacer(1, 1)
        if len(section.rows) >= 12:
            yield from _section(section)
    yield _paragraph("Sign-off, computed from the evidence", _H2)
    for note in book.notes:
        yield _paragraph(note)
    judged = [(o.criterion.id, o.criterion.text, o.state, o.why, "") for o in book.judged]
    yield _grid(["Id", "Criterion", "State", "Why", "Accepted by"], judged, [4, 34, 6, 40, 16])
    yield from _areas(book)
    yield from _matrix(book)


def _section(section: Section) -> Iterator[Flowable]:
    yield _paragraph(section.title, _H2)
    if section.columns == ["Text"]:
        for row in section.rows:
            yield Paragraph(f"• {escape(_text(row[0]))}", _BODY)
        return
    shares = {"Id": 1, "Criterion": 12, "Name": 4, "Date": 3, "Planned": 3, "Done": 3}
    yield _grid(section.columns, section.rows, [shares.get(name, 6) for name in section.columns])


def _areas(book: Book) -> Iterator[Flowable]:
    devices = book.trace.devices
    heads = ["Testpoint", "Stage", "Method", "Rules", "Vectors", "Tests", *devices, "Reviewed"]
    shares = [34, 6, 10, 16, 16, 14, *[11 for _ in devices], 10]
    for area in book.trace.plan.areas:
        yield _paragraph(area.title, _H2)
        rows = []
        for point in area.testpoints:
            results = book.trace.results[point.id]
            rows.append(
                [
                    f"{point.id} {point.name}: {point.description}",
                    f"{point.stage} {point.priority}",
                    f"{point.method}; {point.silicon}",
                    " ".join(point.rules),
                    _ids(book.trace.vectors[point.id]),
                    " ".join(point.tests),
                    *(_result(results[device]) for device in devices),
                    _review(book, point.id),
                ]
            )
        yield _grid(heads, rows, shares)


def _result(one: Any) -> str:
    return f"{one.verdict} {one.right}/{one.total}" if one.verdict else "not played"


def _review(book: Book, point: str) -> str:
    said = book.reviews.get(point)
    return " ".join(filter(None, (said.verdict, said.person, said.date))) if said else ""


def _matrix(book: Book) -> Iterator[Flowable]:
    devices = book.trace.devices
    yield _paragraph("Traceability", _H2)
    killed = book.trace.killed
    whole = "" if killed is None else f" The campaign killed {killed} in all."
    yield _paragraph(
        "The full matrix, with all ids, is trace/matrix.xlsx and trace/matrix.csv. First kills: mutants whose first"
        f" killer is a vector of the rule; later ones are not known.{whole}"
    )
    yield Spacer(1, 4)
    heads = ["Rule", "Text", "Status", "Testpoints", "Vectors", "Bins", "First kills", *devices]
    rows = [
        [
            *(row.rule, row.text, row.status, " ".join(row.testpoints), _ids(row.vectors)),
            f"{'-' if row.bins_hit is None else row.bins_hit}/{row.bins}",
            "-" if row.mutants_killed is None else row.mutants_killed,
            *(_result(row.results[device]) for device in devices),
        ]
        for row in book.trace.rows
    ]
    yield _grid(heads, rows, [13, 40, 6, 12, 16, 6, 7, *[11 for _ in devices]])
