"""`doorbell mutation`: how much of what can go wrong in the RTL the vectors notice."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import random
import sys
from pathlib import Path
from typing import Final

from doorbell.exit_codes import ExitCode
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.errors import BuildError, TestbenchError
from doorbell_tb.forks import keep
from doorbell_tb.job import write_json

__all__ = ["command"]

_SUITE: Final = CHECKOUT / "vectors" / "suites" / "directed.json"
_PUBLISHED: Final = CHECKOUT / "vectors" / "mutation" / "mutation.json"
_REVIEWED: Final = CHECKOUT / "vectors" / "mutation" / "reviewed.yaml"


class _Mutation:
    help = "mutation score of the vectors on this RTL; writes out/mutation.json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--suite", type=Path, default=_SUITE, help="suite file")
        parser.add_argument("--mutants", type=int, default=1400, help="how many to draw")
        parser.add_argument("--seed", type=int, default=1, help="of the draw and of every run")
        parser.add_argument("--budget", type=float, default=3600, help="seconds; go on later")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
        parser.add_argument("--profile", default="harsh", help="host behaviour")
        parser.add_argument(
            "--only", action="append", default=[], help="these modules, or M... ids"
        )
        parser.add_argument("--survivors", action="store_true", help="run survivors again")
        parser.add_argument("--out", type=Path, default=CHECKOUT / "out" / "mutation")

    def run(self, options: argparse.Namespace) -> int:
        try:
            return _run(options)
        except BuildError as error:
            print(f"mutation: {error}", file=sys.stderr)
            return ExitCode.SETUP
        except TestbenchError as error:
            print(f"mutation: {error}", file=sys.stderr)
            return ExitCode.WRONG


def _run(options: argparse.Namespace) -> int:
    # pyslang comes with the extra `mutation`: what does not measure does not need it.
    if importlib.util.find_spec("pyslang") is None:
        raise BuildError(
            "needs the Python module pyslang, which is not installed;"
            " in the checkout run `make setup` or `pip install -e '.[mutation]'`"
        )
    from doorbell_tb.mutation.campaign import Killers, campaign
    from doorbell_tb.mutation.mutants import all_mutants, draw, simulator
    from doorbell_tb.mutation.replay import Suite, read_suite
    from doorbell_tb.mutation.score import published_killers, report, table
    from doorbell_tb.mutation.verdicts import read_reviews, read_verdicts

    every = all_mutants()
    reviews = read_reviews(_REVIEWED, {one.id for one in every})
    chosen = draw(every, options.mutants, options.seed)
    document = read_suite(options.suite)
    name = hashlib.sha256("".join(one.id for one in chosen).encode()).hexdigest()[:16]
    build, numbered = simulator(chosen, options.out / f"rtl-{name}", _say)
    ledger = options.out / f"verdicts-{name}.jsonl"
    verdicts = read_verdicts(ledger)
    # In no order of modules: what a campaign has run when its budget ends is a sample, too.
    shuffled = random.Random(options.seed).sample(sorted(numbered.items()), len(numbered))
    todo = {
        number: one
        for number, one in shuffled
        if one.id not in verdicts or (options.survivors and not verdicts[one.id].killed)
        if not options.only or one.module in options.only or one.id in options.only
    }
    suite = Suite(
        build,
        options.suite.resolve(),
        document,
        options.out / "runs",
        options.seed,
        options.profile,
    )
    rules = suite.rules
    killers = Killers(rules, published_killers(_PUBLISHED))
    for one in numbered.values():
        if one.id in verdicts and verdicts[one.id].by in rules:
            killers.tell(one, verdicts[one.id].by)
    _say(f"mutation: {len(numbered)} mutants, {len(todo)} to run, {len(rules)} vectors")
    if todo:
        keep()
        campaign(
            todo, suite, killers, ledger, jobs=options.jobs, budget=options.budget, progress=_say
        )
    found = report(list(numbered.values()), read_verdicts(ledger), reviews, options.seed)
    write_json(CHECKOUT / "out" / "mutation.json", found)
    print(table(found))
    print("left in out/mutation.json")
    return ExitCode.RIGHT


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


command = _Mutation()
