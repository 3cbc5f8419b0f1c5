"""The plan as one HTML page that needs nothing beside itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import jinja2

from doorbell_vectors.handoff.book import Book, sections
from doorbell_vectors.handoff.tables import coverage, mutants
from doorbell_vectors.plan.sampling.bins import possible
from doorbell_vectors.plan.trace import DeviceResult

__all__ = ["page"]

_FOLDER: Final = Path(__file__).with_name("web")


def page(book: Book) -> str:
    """Return the page: plan, sign-off, testpoints, vectors, rules and results, linked with each other."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["worst"] = _worst
    return environment.get_template("page.html.j2").render(
        book=book,
        trace=book.trace,
        plan=book.trace.plan,
        sections=sections(book.trace.plan.head),
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        script=(_FOLDER / "page.js").read_text(encoding="utf-8"),
        measured=coverage(book),
        mutants=mutants(book),
        mutation=book.trace.evidence.mutation,
        missed=_missed(book),
    )


def _missed(book: Book) -> dict[str, list[str]]:
    """Return the bins of each coverpoint that nothing has hit; none when they were not measured."""
    hits = book.trace.evidence.bins
    if hits is None:
        return {}
    return {
        point.id: [name for name in possible(point) if not hits.get(point.id, {}).get(name)]
        for point in book.trace.plan.coverage
    }


def _worst(result: DeviceResult, vectors: list[str]) -> str:
    """Return the vector whose result says most of a rule or testpoint: the first that fails, or the first."""
    return next(iter(result.failing), vectors[0] if vectors else "")
