"""`doorbell soak`: very many random commands on several queues, checked all along."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from doorbell.errors import ArgumentError
from doorbell.exit_codes import ExitCode
from doorbell.invocation import doorbell_command
from doorbell.launch import RunOptions, check_profile, launcher

__all__ = ["TARGET", "command"]

TARGET = "doorbell_tb.soak.program:soak"
_MOST = 1 << 40


class _Soak:
    help = "keep several queues busy with random commands for very long, checked against numpy"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--device", default="rtl", help="rtl, model, or another installed one")
        parser.add_argument("--commands", type=int, default=1_000_000, help="how many, at least")
        parser.add_argument(
            "--checkpoint", type=int, default=25_000, help="commands between two checks"
        )
        parser.add_argument("--seed", type=int, default=1, help="same seed, same run, bit for bit")
        parser.add_argument("--profile", default="harsh", help="host behaviour (profiles.yaml)")
        parser.add_argument(
            "--deadline", type=int, default=2_000_000, help="hang limit of a wait, device cycles"
        )
        parser.add_argument(
            "--out", type=Path, default=Path("out/soak"), help="where the run is kept"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Run it; 0 right, 1 wrong, 2 usage, 3 hang, 4 protocol or leak, 5 set-up."""
        for name, value, low, high in (
            ("--commands", args.commands, 1, _MOST),
            ("--checkpoint", args.checkpoint, 1, _MOST),
            ("--seed", args.seed, 0, (1 << 64) - 1),
            ("--deadline", args.deadline, 1, (1 << 63) - 1),
        ):
            if not low <= value <= high:
                return _refuse(ExitCode.USAGE, f"{name} {value}: give {low} to {high}")
        try:
            device = launcher(args.device)
            check_profile(device, args.profile)
        except (LookupError, ArgumentError) as error:
            return _refuse(ExitCode.USAGE, str(error.args[0]))
        folder = args.out / f"{args.device}-{args.seed}-{args.profile}"
        try:
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
        except OSError as error:
            return _refuse(ExitCode.USAGE, f"--out {args.out}: {error}; give a folder to write to")
        options = RunOptions(
            out=folder, seed=args.seed, profile=args.profile, deadline=args.deadline
        )
        arguments = {"commands": args.commands, "checkpoint": args.checkpoint}
        outcome = device.launch(TARGET, arguments, options)
        if outcome.code is not ExitCode.RIGHT:
            print(outcome.message, file=sys.stderr)
            print(f"left in {folder}; to replay: {_replay(args)}", file=sys.stderr)
            return outcome.code
        result = outcome.result
        opcodes = ", ".join(f"{count:,} {name}" for name, count in result["opcodes"].items())
        print(
            f"soak on {args.device}, profile {args.profile}, seed {args.seed}: {result['commands']:,} commands "
            f"on {result['queues']} queues ({opcodes}), {result['checkpoints']} checks, "
            f"{result['cycles']:,} cycles, {result['seconds']:.0f} s, all right"
        )
        return ExitCode.RIGHT


def _refuse(code: ExitCode, message: str) -> ExitCode:
    print(f"doorbell soak: {message}", file=sys.stderr)
    return code


def _replay(args: argparse.Namespace) -> str:
    return (
        f"{doorbell_command()} soak --device {args.device} --commands {args.commands} "
        f"--checkpoint {args.checkpoint} --seed {args.seed} --profile {args.profile} --deadline {args.deadline}"
    )


command = _Soak()
