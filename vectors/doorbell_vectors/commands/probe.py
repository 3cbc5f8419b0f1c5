"""`doorbell probe`: what a device and its host can do, to `device.json`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from doorbell.exit_codes import ExitCode
from doorbell.launch import RunOptions, launcher
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import load
from doorbell_vectors.player.options import SUITE, abilities, suite_path
from doorbell_vectors.player.reports.files import write

__all__ = ["command"]


class _Probe:
    help = "write down what a device and its host can do"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--device", default="model", help="model, rtl, vfio-user:PATH, ...")
        parser.add_argument("--suite", default=SUITE, help="suite that says where to look")
        parser.add_argument(
            "--abilities", default="", help="host abilities to leave out: =-link,-flr"
        )
        parser.add_argument(
            "--out", type=Path, default=Path("out/device.json"), help="file to write"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Probe; 0 right, 2 usage, 5 another contract major or no such device."""
        try:
            suite = load(suite_path(args.suite))
            without = sorted(abilities(args.abilities))
            device = launcher(args.device)
        except (VectorsError, LookupError) as error:
            print(f"doorbell probe: {error.args[0]}", file=sys.stderr)
            return ExitCode.USAGE
        folder = args.out.resolve().parent / "probe"
        outcome = device.launch(
            "doorbell_vectors.player.job:probe",
            {"suite": str(suite_path(args.suite).resolve()), "without": without},
            RunOptions(out=folder),
        )
        if outcome.code is not ExitCode.RIGHT:
            print(f"doorbell probe: {outcome.message}", file=sys.stderr)
            return outcome.code
        found = {"name": args.device, "suite": suite.suite, "contract": suite.contract}
        write(args.out, {**found, **outcome.result})
        print(json.dumps({**found, **outcome.result}, indent=2))
        print(f"left in {args.out}")
        return ExitCode.RIGHT


command = _Probe()
