"""`doorbell contract-diff`: what a new contract and its vectors mean for results that are there."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from doorbell.exit_codes import ExitCode
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.results.diff import diff
from doorbell_vectors.results.edition import load

__all__ = ["command"]


class _Diff:
    help = "compare two editions: rules and vectors added, changed, retired, and what to play again"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        what = "checkout, hand-off (archive or folder), or suite"
        parser.add_argument("old", type=Path, metavar="OLD", help=what)
        parser.add_argument("new", type=Path, metavar="NEW", help=what)
        parser.add_argument("--json", action="store_true", help="print it as JSON")

    def run(self, args: argparse.Namespace) -> int:
        """Compare; 0 nothing differs, 1 something does, 2 one of them is wrong."""
        try:
            found = diff(load(args.old), load(args.new))
        except VectorsError as error:
            print(f"doorbell contract-diff: {error}", file=sys.stderr)
            return ExitCode.USAGE
        print(json.dumps(found.data(), indent=1) if args.json else "\n".join(found.lines()))
        return ExitCode.RIGHT if found.same else ExitCode.WRONG


command = _Diff()
