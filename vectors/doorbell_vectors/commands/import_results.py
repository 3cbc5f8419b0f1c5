"""`doorbell import-results`: merge what came back from devices into a results store."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from doorbell.exit_codes import ExitCode
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import load
from doorbell_vectors.plan.document import load as load_plan
from doorbell_vectors.player.options import suite_path
from doorbell_vectors.player.verdict import Verdict
from doorbell_vectors.results.known import Known, known
from doorbell_vectors.results.record import VECTOR, Record, a_date
from doorbell_vectors.results.reports import read_all
from doorbell_vectors.results.store import NAME, Store

__all__ = ["command"]

FOLDER: Final = Path("results")
_SHOWN: Final = 20


class _Import:
    help = "merge reports of devices and reviewed spreadsheets into a results store"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        add = parser.add_argument
        add("files", nargs="+", type=Path, metavar="FILE", help="JUnit, KTAP, JSON (lines), XLSX")
        add("--into", type=Path, default=FOLDER, metavar="FOLDER", help=f"the store ({FOLDER})")
        add("--device", default="", help="what the device is called that the reports are of")
        add("--date", default=None, help="day of the results, YYYY-MM-DD, where a report has none")
        add("--suite", action="append", default=[], help="suite that was played (all of ours)")
        add(
            "--supersede",
            action="store_true",
            help="these results replace earlier ones of the same ids and device, which are kept",
        )

    def run(self, args: argparse.Namespace) -> int:
        """Merge; 0 right, 1 there are conflicts, 2 a file is wrong and nothing was written."""
        try:
            return _run(args)
        except (VectorsError, LookupError) as error:
            print(f"doorbell import-results: {error.args[0]}", file=sys.stderr)
            return ExitCode.USAGE


def _run(args: argparse.Namespace) -> int:
    date = a_date(args.date, "--date") if args.date else None
    ids = _known(args.suite)
    fresh = read_all(args.files, ids, args.device, date)
    before = Store.load(args.into)
    after = before.merged(fresh, supersede=args.supersede)
    after.save(args.into)
    added = len(after.records) - len(before.records)
    print(f"{len(fresh)} results read, {added} new; {len(after.records)} in {args.into / NAME}")
    print("\n".join(_summary(after, ids)))
    return ExitCode.WRONG if after.conflicts() else ExitCode.RIGHT


def _known(names: list[str]) -> Known:
    if names:
        suites = [load(suite_path(name)) for name in names]
    else:  # our own, which are checked when they are built
        ours = sorted(suite_path("directed").parent.glob("*.json"))
        suites = [load(path, trusted=True) for path in ours]
    return known(suites, [point.id for point in load_plan().testpoints])


def _summary(store: Store, ids: Known) -> Iterator[str]:
    counts = Counter((record.device or "testpoints", record.verdict) for record in store.standing())
    for (device, verdict), count in sorted(counts.items()):
        yield f"  {device}: {verdict} {count}"
    conflicts = store.conflicts()
    for group in conflicts[:_SHOWN]:
        yield _conflict(group)
    if len(conflicts) > _SHOWN:
        yield f"  ... and {len(conflicts) - _SHOWN} conflicts more"
    if conflicts:
        heaviest = f"the heaviest counts, in the order {', '.join(Verdict)}"
        yield f"  {len(conflicts)} conflicts; {heaviest}; --supersede lets later results replace earlier ones"
    stale = [record for record in store.standing() if ids.stale(record)]
    for record in stale[:_SHOWN]:
        yield f"  play again: {record.id} on {record.device}: {ids.stale(record)}"
    if len(stale) > _SHOWN:
        yield f"  ... and {len(stale) - _SHOWN} to play again more"


def _conflict(group: tuple[Record, ...]) -> str:
    first = group[0]
    what = f"{first.id} on {first.device}" if first.kind == VECTOR else first.id
    said = "; ".join(
        f"{record.verdict} ({', '.join(filter(None, (record.date, record.source)))})"
        for record in group
    )
    return f"  conflict: {what}: {said}"


command = _Import()
