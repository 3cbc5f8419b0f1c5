"""`doorbell plan`: check the test plan, trace rules to evidence, compute the sign-off."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from doorbell.exit_codes import ExitCode
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import load as load_suite
from doorbell_vectors.format.files import write_text
from doorbell_vectors.plan.check import orphans
from doorbell_vectors.plan.document import FOLDER, load
from doorbell_vectors.plan.evidence import gather
from doorbell_vectors.plan.matrix import as_csv, matrix
from doorbell_vectors.plan.sampling.sample import sample
from doorbell_vectors.plan.signoff import State, sign_off
from doorbell_vectors.plan.trace import Trace, trace
from doorbell_vectors.player.options import SUITE, suite_path

__all__ = ["command"]

_CHECKOUT: Final = FOLDER.parents[1]


class _Plan:
    help = "check the test plan, trace each rule to its evidence, compute the sign-off"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the subcommands."""
        parser.add_argument("--folder", type=Path, default=FOLDER, help="where the plan is")
        parser.add_argument("--suite", default=SUITE, help="suite file, or a name")
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        actions.add_parser(
            "check", help="rules, vectors and testpoints that belong to nothing; 1 if there are"
        )
        for name, what in (
            ("trace", "each rule with testpoints, vectors, bins, mutants, results, as CSV"),
            ("signoff", "which criteria hold, which do not and why; 1 if one fails or is open"),
        ):
            action = actions.add_parser(name, help=what)
            add = action.add_argument
            add(
                "--replay",
                type=Path,
                action="append",
                default=[],
                help="folder of a replay (repeatable)",
            )
            add(
                "--results",
                type=Path,
                help="folder of the store that `doorbell import-results` fills",
            )
            add("--coverage", type=Path, help="folder that `make coverage` left")
            add("--mutation", type=Path, help="mutation.json")
            add("--waivers", type=Path, help="waivers, as for `doorbell replay`")
            add("--out", type=Path, help="write it there instead of printing it")

        counted = actions.add_parser("coverage", help="which bins of the plan replays have hit")
        counted.add_argument("replay", type=Path, nargs="+", help="folders of replays")
        counted.add_argument("--out", type=Path, help="write it as JSON there")
        counted.add_argument(
            "--missing", action="store_true", help="list the bins that were not hit"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Do it; 0 right, 1 something is missing, 2 a file is wrong."""
        try:
            return _ACTIONS[args.action](args)
        except VectorsError as error:
            print(f"doorbell plan: {error}", file=sys.stderr)
            return ExitCode.USAGE


def _check(args: argparse.Namespace) -> int:
    plan = load(args.folder)
    suite = load_suite(suite_path(args.suite))
    found = orphans(plan, suite, _CHECKOUT)
    for line in found:
        print(line, file=sys.stderr)
    points, bins = sum(1 for _ in plan.testpoints), sum(1 for _ in plan.coverage)
    print(
        f"{points} testpoints, {bins} coverpoints, {len(suite.vectors)} vectors; {len(found)} orphans"
    )
    return ExitCode.WRONG if found else ExitCode.RIGHT


def _traced(args: argparse.Namespace) -> Trace:
    folder = args.coverage
    code = folder / "code.json" if folder and (folder / "code.json").exists() else None
    evidence = gather(
        args.replay,
        bins=folder / "functional.json" if folder else None,
        code=code,
        mutation=args.mutation,
        waivers=args.waivers,
        store=args.results,
    )
    return trace(load(args.folder), load_suite(suite_path(args.suite)), evidence)


def _trace(args: argparse.Namespace) -> int:
    _tell(args, as_csv(matrix(_traced(args))))
    return ExitCode.RIGHT


def _coverage(args: argparse.Namespace) -> int:
    plan = load(args.folder)
    found = sample(plan, args.replay)
    data = found.data(plan)
    for name, point in data["coverpoints"].items():
        print(f"{name:24} {point['hit']:4} of {point['total']:4} bins")
        for missing in point["bins"] if args.missing else ():
            if not point["bins"][missing]:
                print(f"    {missing}")
        for strange in point["unforeseen"]:
            print(f"    though the plan says that it cannot be: {strange}")
    hit, total = (
        sum(one[part] for one in data["coverpoints"].values()) for part in ("hit", "total")
    )
    each = 1e6 * found.sample_seconds / max(found.transactions, 1)
    print(
        f"{'all':24} {hit:4} of {total:4} bins; {found.transactions} transactions, {each:.2f} us each"
    )
    if args.out:
        write_text(args.out, json.dumps(data, indent=1) + "\n")
    return ExitCode.RIGHT


def _signoff(args: argparse.Namespace) -> int:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    judged = sign_off(_traced(args), today)
    lines = [
        f"{one.criterion.id} {one.state:7} {one.criterion.text}\n    {one.why}" for one in judged
    ]
    counts = ", ".join(f"{sum(one.state is state for one in judged)} {state}" for state in State)
    _tell(args, "\n".join([*lines, counts, ""]))
    bad = any(one.state in {State.FAILS, State.OPEN} for one in judged)
    return ExitCode.WRONG if bad else ExitCode.RIGHT


def _tell(args: argparse.Namespace, text: str) -> None:
    if args.out:
        write_text(args.out, text)
    else:
        print(text, end="")


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "check": _check,
    "coverage": _coverage,
    "trace": _trace,
    "signoff": _signoff,
}

command = _Plan()
