"""The plan as tables: the same rows for spreadsheets, CSV and the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from doorbell_vectors.handoff.book import Book, sections
from doorbell_vectors.plan.matrix import Cell, Column, Table, matrix
from doorbell_vectors.player.verdict import Verdict
from doorbell_vectors.results.record import Review
from doorbell_vectors.results.sheet import RESULTS, TESTPOINTS

__all__ = ["coverage", "mutants", "plan_tables"]


_IDS: Final = 24


def plan_tables(book: Book) -> list[Table]:
    """Return the sheets of the plan; those that are read back have the columns that `results.sheet` wants."""
    return [
        _plan(book),
        _testpoints(book),
        _results(book),
        _evidence(book),
        matrix(book.trace),
        _sign_off(book),
        _coverage(book),
        *coverage(book),
        *mutants(book),
        _waivers(book),
    ]


def coverage(book: Book) -> list[Table]:
    """Return the RTL's coverage, module by module; nothing when it was not measured."""
    evidence = book.trace.evidence
    return [_code(evidence.code)] if evidence.code else []


def mutants(book: Book) -> list[Table]:
    """Return the mutation score, module by module, and the survivors; nothing when it was not measured."""
    found = book.trace.evidence.mutation
    return [_mutants(found), _survivors(found)] if found else []


def _plan(book: Book) -> Table:
    rows: list[list[Cell]] = [
        [book.trace.plan.head.title, f"Version {book.version}, contract {book.contract}", "", ""]
    ]
    for section in sections(book.trace.plan.head):
        rows.append([section.title, *_padded(section.columns)])
        rows += [["", *_padded(row)] for row in section.rows]
    columns = [Column("Part", 26), Column("", 70), Column("  ", 60), Column("   ", 40)]
    return Table("Plan", columns, rows)


def _padded(cells: Sequence[str]) -> list[Cell]:
    if cells == ["Text"]:
        return ["", "", ""]
    padded: list[Cell] = [*cells, "", "", ""]
    return padded[: max(3, len(cells))][:3]


def _testpoints(book: Book) -> Table:
    columns = [
        *(Column(TESTPOINTS.id, 12), Column("Name", 30), Column("Area", 18)),
        *(Column("Stage", 8), Column("Priority", 9), Column("Method", 14), Column("Silicon", 16)),
        *(Column("Description", 60), Column("Rules", _IDS), Column("Vectors", _IDS)),
        *(Column("Tests", _IDS), Column("Bins", 18), Column("Owner")),
        Column(TESTPOINTS.verdict, 12, list(Review)),
        *(Column(TESTPOINTS.date, 12), Column(TESTPOINTS.person), Column(TESTPOINTS.text, 40)),
    ]
    rows: list[list[Cell]] = []
    for point in book.trace.plan.testpoints:
        said = book.reviews.get(point.id)
        rows.append(
            [
                *(point.id, point.name, point.area, point.stage, point.priority, point.method),
                *(point.silicon, point.description, " ".join(point.rules)),
                *(" ".join(book.trace.vectors[point.id]), " ".join(point.tests)),
                *(" ".join(point.bins), ""),
                *((said.verdict, said.date, said.person, said.text) if said else ("",) * 4),
            ]
        )
    return Table(TESTPOINTS.sheet, columns, rows)


def _results(book: Book) -> Table:
    """One row for each vector, to be filled in on the receiver's device."""
    assert RESULTS.device is not None
    assert RESULTS.hash is not None
    columns = [
        *(Column(RESULTS.id, 10), Column("Name", 44), Column("Tier", 8), Column("Negative", 9)),
        *(Column("Rules", 30), Column(RESULTS.device, 18)),
        Column(RESULTS.verdict, 16, list(Verdict)),
        *(Column(RESULTS.date, 12), Column(RESULTS.person), Column(RESULTS.text, 40)),
        Column(RESULTS.hash, 20),
    ]
    rows = [
        [
            *(vector.id, vector.name, vector.tier, "yes" if vector.negative else "no"),
            *(" ".join(vector.rules), "", "", "", "", "", vector.hash),
        ]
        for vector in book.trace.suite.vectors
    ]
    return Table(RESULTS.sheet, columns, rows)


def _evidence(book: Book) -> Table:
    """What came of each vector so far, by device; not read back."""
    columns = [Column("Vector", 10), Column("Name", 44)]
    for device in book.trace.devices:
        columns += [Column(device, 16), Column(f"{device} date", 12), Column(f"{device} text", 40)]
    rows: list[list[Cell]] = []
    for vector in book.trace.suite.vectors:
        row: list[Cell] = [vector.id, vector.name]
        for device in book.trace.devices:
            one = book.outcome(vector.id, device)
            row += [one.verdict, one.date, one.text] if one else ["", "", ""]
        rows.append(row)
    return Table("Evidence", columns, rows)


def _sign_off(book: Book) -> Table:
    columns = [
        *(Column("Id", 7), Column("Criterion", 70), Column("State", 9)),
        *(Column("Why", 70), Column("Accepted by"), Column("Date", 12)),
    ]
    rows: list[list[Cell]] = [
        [one.criterion.id, one.criterion.text, str(one.state), one.why, "", ""]
        for one in book.judged
    ]
    rows += [["", note, "", "", "", ""] for note in book.notes]
    return Table("Sign-off", columns, rows)


def _coverage(book: Book) -> Table:
    columns = [
        *(Column("Coverpoint", 26), Column("What", 60), Column("Area", 18)),
        *(Column("Bins hit", 9), Column("Bins", 7)),
    ]
    rows: list[list[Cell]] = [
        [point.id, point.what, area.name, *book.trace.bins[point.id]]
        for area in book.trace.plan.areas
        for point in area.coverage
    ]
    return Table("Coverage", columns, rows)


def _code(code: Mapping[str, Any]) -> Table:
    kinds = list(code["total"])
    columns = [Column("Module", 28)]
    for kind in kinds:
        columns += [Column(f"{kind} hit", 10), Column(kind, 10), Column(f"{kind} %", 10)]
    rows = [
        [name, *(cell for kind in kinds for cell in _hit(own[kind]))]
        for name, own in [("all", code["total"]), *sorted(code["modules"].items())]
    ]
    return Table("RTL coverage", columns, rows)


def _hit(pair: Sequence[int]) -> list[Cell]:
    hit, whole = pair
    return [hit, whole, 100 * hit // whole if whole else None]


def _mutants(found: Mapping[str, Any]) -> Table:
    classes = ("mutants", "killed", "survived", "equivalent", "legal")
    columns = [Column("Module", 28), *(Column(name) for name in classes), Column("score %")]
    modules = found.get("modules", {})
    rows: list[list[Cell]] = [
        [name, *(own.get(kind, 0) for kind in classes), _percent(own.get("score"))]
        for name, own in sorted(modules.items())
    ]
    return Table("Mutants", columns, rows)


def _percent(score: float | None) -> str:
    return "" if score is None else f"{100 * score:.1f}"


def _survivors(found: Mapping[str, Any]) -> Table:
    keys = ("id", "file", "line", "kind", "original", "mutant")
    columns = [Column(key, width) for key, width in zip(keys, (14, 30, 7, 14, 50, 50), strict=True)]
    rows = [[one.get(key) for key in keys] for one in found.get("survivors", ())]
    return Table("Survivors", columns, rows)


def _waivers(book: Book) -> Table:
    columns = [
        *(Column("Waiver", 10), Column("Vectors", 30), Column("From"), Column("To")),
        *(Column("Owner", 20), Column("Expires", 12), Column("Reason", 60)),
    ]
    rows = [
        [
            *(one.id, " ".join(sorted(one.vectors)), one.first, one.last or "still"),
            *(one.owner, one.expires.isoformat(), one.reason),
        ]
        for one in book.trace.evidence.waivers
    ]
    return Table("Waivers", columns, rows)
