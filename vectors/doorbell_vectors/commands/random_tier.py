"""`doorbell vectors random`: grow the random tier from a seed."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from doorbell.exit_codes import ExitCode
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.files import write_text
from doorbell_vectors.random.tier import grow, suite_of

__all__ = ["configure", "run"]


def configure(actions: Any) -> None:
    """Add the subcommand to ``actions``, what `add_subparsers` gave."""
    parser = actions.add_parser("random", help="grow random vectors from a seed")
    parser.add_argument("--seed", type=int, default=1, help="the vectors follow from it alone (1)")
    much = parser.add_mutually_exclusive_group(required=True)
    much.add_argument("--count", type=int, metavar="N", help="the first N vectors")
    much.add_argument(
        "--budget", type=float, metavar="SECONDS", help="as many as come in this time"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="suite (out/vectors/random-SEED.json)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the suite; print how many vectors and features so many candidates gave.

    Raises:
        VectorsError: a count, budget or seed that is none.
    """
    if not 0 <= args.seed < 1 << 64:
        raise VectorsError(f"--seed {args.seed}: give 0 to 2^64 - 1")
    if (args.count is not None and args.count < 1) or (
        args.budget is not None and not args.budget > 0
    ):
        raise VectorsError("--count and --budget: give a number above 0")
    began = time.monotonic()
    grown = grow(args.seed, count=args.count, budget=args.budget)
    seconds = time.monotonic() - began
    path = args.out or Path("out/vectors") / f"random-{args.seed}.json"
    write_text(path, suite_of(grown))
    print("candidates  vectors  features")
    for candidates, vectors, features in grown.curve:
        print(f"{candidates:10}  {vectors:7}  {features:8}")
    made = len(grown.vectors)
    print(
        f"{made} vectors in {seconds:.0f} s ({made / seconds:.1f}/s), {grown.racy} candidates left open: {path}"
    )
    return ExitCode.RIGHT
