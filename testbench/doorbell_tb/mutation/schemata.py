"""All mutants in one text: each chosen site becomes `chosen == N ? mutant : original`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doorbell_tb.mutation.sites import Site

__all__ = ["PACKAGE", "mutated"]

PACKAGE = """\
// Which mutant acts in this run: +mutant=NUMBER; without it, none.
package mutant_pkg;
  function automatic int unsigned choose();
    if ($value$plusargs("mutant=%d", choose) == 0) choose = 0;
  endfunction

  int unsigned chosen = choose();
endpackage
"""


@dataclass(slots=True)
class _Span:
    start: int
    stop: int
    mutants: list[tuple[int, Site]]


def mutated(source: bytes, mutants: Mapping[int, Site]) -> str:
    """Return ``source`` with every mutant of it, by number from 1, behind the run-time choice.

    A mutant replaces its place whole: mutants inside that place act only on the original.
    """
    spans: dict[tuple[int, int], _Span] = {}
    for number, site in mutants.items():
        key = (site.start, site.stop)
        spans.setdefault(key, _Span(*key, [])).mutants.append((number, site))
    ordered = sorted(spans.values(), key=lambda span: (span.start, -span.stop))
    text, _ = _render(source, 0, len(source), ordered, 0)
    return text


def _render(
    source: bytes, start: int, stop: int, spans: list[_Span], index: int
) -> tuple[str, int]:
    """Return the text of ``start`` to ``stop`` and the index of the first span behind it."""
    pieces: list[str] = []
    at = start
    while index < len(spans) and spans[index].stop <= stop:
        span = spans[index]
        pieces.append(source[at : span.start].decode())
        inner, index = _render(source, span.start, span.stop, spans, index + 1)
        choices = "".join(
            f"mutant_pkg::chosen == {number} ? ({site.text}) : " for number, site in span.mutants
        )
        pieces.append(f"({choices}({inner}))")
        at = span.stop
    pieces.append(source[at:stop].decode())
    return "".join(pieces), index
