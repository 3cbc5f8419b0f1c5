"""`doorbell vectors`: build the suites, tell free ids, report coverage, take measured cycles, freeze a release."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from doorbell.exit_codes import ExitCode
from doorbell.version import __version__
from doorbell_vectors.authoring.build import build
from doorbell_vectors.authoring.coverage import coverage
from doorbell_vectors.authoring.cycles import NAME, measured
from doorbell_vectors.authoring.sources import FOLDER, directed, reasons
from doorbell_vectors.commands import random_tier
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.files import write_text
from doorbell_vectors.format.manifest import MANIFEST

__all__ = ["command"]

REPLAY: Final = Path("out/replay/directed-rtl")


class _Vectors:
    help = "build the conformance vectors, and report what they cover"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the subcommands."""
        parser.add_argument("--folder", type=Path, default=FOLDER, help="where the sources are")
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        made = actions.add_parser(
            "build", help="compile the sources into suites/ and manifest.json"
        )
        made.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
        free = actions.add_parser("new", help="print the next free ids")
        free.add_argument("count", type=int, metavar="N")
        free.add_argument("--after", default="V0000", help="only ids above this one")
        report = actions.add_parser("coverage", help="rules with and without vectors, and shares")
        report.add_argument(
            "--check", action="store_true", help="1 if an active rule has neither vector nor reason"
        )
        report.add_argument("--json", action="store_true", help="print it as JSON")
        taken = actions.add_parser("measure", help="take cycles.json from a replay on the RTL")
        taken.add_argument(
            "replay", type=Path, nargs="?", default=REPLAY, help=f"its folder ({REPLAY})"
        )
        random_tier.configure(actions)
        actions.add_parser("release", help="freeze the vectors' hashes into released.json")

    def run(self, args: argparse.Namespace) -> int:
        """Do it; 0 right, 1 something differs or is missing, 2 the sources are wrong."""
        try:
            return _ACTIONS[args.action](args)
        except VectorsError as error:
            print(f"doorbell vectors: {error}", file=sys.stderr)
            return ExitCode.USAGE


def _build(args: argparse.Namespace) -> int:
    texts = build(args.folder)
    stale = [name for name in texts if _text(args.folder / name) != texts[name]]
    if args.check:
        for name in stale:
            print(
                f"doorbell vectors: {name} is not what the sources give; run `make vectors`",
                file=sys.stderr,
            )
        return ExitCode.WRONG if stale else ExitCode.RIGHT
    for name in stale:
        write_text(args.folder / name, texts[name])
    counts = json.loads(texts[MANIFEST])["counts"]
    print(
        f"{counts['vectors']} vectors, {counts['negative']} negative; written: {', '.join(stale) or 'nothing'}"
    )
    return ExitCode.RIGHT


def _new(args: argparse.Namespace) -> int:
    used = {vector["id"] for vector in directed(args.folder)} | set(
        reasons(args.folder, "retired.yaml")
    )
    if not re.fullmatch(r"V[0-9]+", args.after):
        raise VectorsError(f"--after {args.after!r}: give an id such as V1000")
    number = int(args.after[1:]) + 1
    for _ in range(args.count):
        while f"V{number:04}" in used:
            number += 1
        print(f"V{number:04}")
        number += 1
    return ExitCode.RIGHT


def _coverage(args: argparse.Namespace) -> int:
    found = coverage(args.folder)
    print(json.dumps(found.data(), indent=1) if args.json else found.text())
    return ExitCode.WRONG if args.check and (found.missing or found.needless) else ExitCode.RIGHT


def _measure(args: argparse.Namespace) -> int:
    hashes = json.loads(build(args.folder)[MANIFEST])["vectors"]
    cycles = measured(args.folder, args.replay, hashes)
    write_text(args.folder / NAME, json.dumps(cycles, indent=1) + "\n")
    missing = len(hashes) - len(cycles)
    print(f"{len(cycles)} vectors measured, {missing} not; now run `make vectors`")
    return ExitCode.RIGHT


def _release(args: argparse.Namespace) -> int:
    hashes = json.loads(build(args.folder)[MANIFEST])["vectors"]
    frozen = {"version": __version__, "vectors": hashes}
    write_text(args.folder / "released.json", json.dumps(frozen, indent=1) + "\n")
    print(f"{len(hashes)} vectors frozen as {__version__}; now run `make vectors`")
    return ExitCode.RIGHT


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "build": _build,
    "new": _new,
    "coverage": _coverage,
    "measure": _measure,
    "release": _release,
    "random": random_tier.run,
}

command = _Vectors()
