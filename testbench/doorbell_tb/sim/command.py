"""`doorbell sim FILE`: run a user's own cocotb tests, each in a simulator process of its own."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from cocotb.regression import Test

from doorbell.exit_codes import ExitCode
from doorbell_tb.build import build
from doorbell_tb.errors import BuildError, ProfileError, SimulationError
from doorbell_tb.forks import keep
from doorbell_tb.profiles import profile
from doorbell_tb.sim.run import TestSettings, describe, replay, run_test
from doorbell_tb.sim.tests import load, tests_of

__all__ = ["command"]


class _Sim:
    help = "run your own cocotb tests on the RTL, one simulator process per test"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("file", type=Path, help="Python file with @cocotb.test() functions")
        parser.add_argument("--filter", default="", help="only tests whose name has this regex")
        parser.add_argument("--seed", type=int, default=1, help="same seed, same run, bit for bit")
        parser.add_argument("--profile", default="harsh", help="host behaviour (profiles.yaml)")
        parser.add_argument(
            "--waves", action="store_true", help="leave waves in each test's folder"
        )
        parser.add_argument(
            "--public",
            type=Path,
            action="append",
            default=[],
            metavar="FILE.vlt",
            help="show more signals to Python (a build of its own); may be repeated",
        )
        parser.add_argument(
            "--plusarg", action="append", default=[], help="hand +NAME=VALUE to the simulator"
        )
        parser.add_argument(
            "--out", type=Path, default=Path("out/sim"), help="where files are left"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Run the tests; 0 when all are right, else the code of the first that is not."""
        settings = TestSettings(
            out=args.out,
            seed=args.seed,
            profile=args.profile,
            waves=args.waves,
            public=tuple(args.public),
            plusargs=tuple(args.plusarg),
        )
        try:
            for path in args.public:
                if not path.is_file():
                    raise SimulationError(f"--public {path}: no such file")
            tests = _selected(args.file, args.filter, args.seed)
            profile(args.profile)
            name = "waves" if args.waves else "public" if args.public else "default"
            program = build(name, waves=args.waves, public=args.public)
        except (SimulationError, ProfileError) as error:
            print(f"doorbell sim: {error}", file=sys.stderr)
            return ExitCode.USAGE
        except BuildError as error:
            print(f"doorbell sim: {error}", file=sys.stderr)
            return ExitCode.SETUP
        if len(tests) > 1:
            keep()
        first = ExitCode.RIGHT
        passed = failed = 0
        for test in tests:
            ending, folder = run_test(program, args.file, test.name, settings, _progress)
            right = ending.code is ExitCode.RIGHT
            word = "passed" if right else "FAILED"
            print(f"{word}  {test.name}  {ending.cycles} cycles, {ending.seconds:.1f} s  {folder}")
            passed, failed = passed + right, failed + (not right)
            if not right:
                first = first or ending.code
                print(describe(ending, folder, replay(args.file, test.name, settings)))
        print(f"{passed} passed, {failed} failed, 0 skipped (seed {args.seed}, {args.profile})")
        return first


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _selected(file: Path, pattern: str, seed: int) -> list[Test]:
    if not 0 <= seed < 1 << 64:
        raise SimulationError(f"--seed {seed}: give 0 to 2**64 - 1")
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise SimulationError(f"--filter {pattern!r}: {error}") from None
    every = tests_of(load(file))
    tests = [test for test in every if wanted.search(test.name) and (pattern or not test.skip)]
    if not every:
        raise SimulationError(f"{file}: no function in it has @cocotb.test()")
    if not tests:
        names = ", ".join(test.name for test in every)
        raise SimulationError(f"{file}: no test matches {pattern!r}; there is: {names}")
    return tests


command = _Sim()
