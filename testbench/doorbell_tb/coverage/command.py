"""`doorbell coverage`: play a suite on RTL that counts, and say what of plan and RTL it exercised."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from doorbell import cli
from doorbell.exit_codes import ExitCode
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.coverage.points import countable, merged
from doorbell_tb.coverage.report import figures, lcov, table
from doorbell_tb.errors import TestbenchError
from doorbell_tb.job import write_json

__all__ = ["command"]


class _Coverage:
    help = "functional and RTL coverage of the vectors; writes out/coverage"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        add = parser.add_argument
        add("suite", nargs="?", default="directed", help="suite file, or its name")
        add("--jobs", type=int, default=1, help="processes")
        add("--seed", type=int, default=1, help="of the run")
        add("--profile", default="harsh", help="host behaviour")
        add("--tier", help="vectors of this tier and the smaller ones")
        add(
            "--from",
            dest="played",
            type=Path,
            metavar="FOLDER",
            help="a replay on rtl:coverage that has been played",
        )
        add("--out", type=Path, default=CHECKOUT / "out" / "coverage", help="where the reports go")

    def run(self, options: argparse.Namespace) -> int:
        """Do it; the exit code is the replay's, or 1 when nothing was counted."""
        played = options.played or options.out / "replay"
        code: int = ExitCode.RIGHT
        if options.played is None:
            code = _replay(options, played)
        try:
            points = countable(merged(sorted(played.glob("part-*/coverage.dat"))), CHECKOUT)
        except TestbenchError as error:
            print(f"coverage: {error}", file=sys.stderr)
            return code or ExitCode.WRONG
        options.out.mkdir(parents=True, exist_ok=True)
        found = figures(points)
        write_json(options.out / "code.json", found)
        fresh = options.out / ".lcov.info.new"
        fresh.write_text(lcov(points), encoding="utf-8")
        fresh.replace(options.out / "lcov.info")
        print(table(found))
        # Bins are the plan's matter, which is above the testbench: by its command, not by an import.
        bins = ["plan", "coverage", str(played), "--out", str(options.out / "functional.json")]
        counted = cli.main(bins)
        code = code or counted
        print(f"left in {options.out}: code.json, lcov.info, functional.json")
        return code


def _replay(options: argparse.Namespace, out: Path) -> int:
    words = ["replay", options.suite, "--device", "rtl:coverage", "--jobs", str(options.jobs)]
    words += ["--seed", str(options.seed), "--profile", options.profile, "--out", str(out)]
    words += ["--tier", options.tier] if options.tier else []
    return cli.main(words)


command = _Coverage()
