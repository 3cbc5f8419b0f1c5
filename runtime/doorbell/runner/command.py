"""`doorbell run`: run the main job, or a program of your own, on a device; print its result, keep what it left."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from doorbell.errors import ArgumentError
from doorbell.exit_codes import ExitCode
from doorbell.launch import Launcher, RunOptions, check_profile, launcher, with_replay
from doorbell.runner.report import table

__all__ = ["command"]

_CHECKOUT: Final = Path(__file__).resolve().parents[3]
TARGET: Final = "doorbell.runner.digits:main"


class _Run:
    help = "run the quantised network on a device and check it bit for bit"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--device", default="rtl", help="rtl, model, or another that is installed"
        )
        parser.add_argument("--seed", type=int, default=1, help="same seed, same run, bit for bit")
        parser.add_argument(
            "--profile", default="harsh", help="host behaviour: harsh, ideal, pcie_1us, distant"
        )
        parser.add_argument("--batches", type=int, default=4, help="batches of 64 images, 1 to 8")
        parser.add_argument("--waves", action="store_true", help="leave waves in the run's folder")
        parser.add_argument(
            "--deadline", type=int, default=20_000_000, help="hang limit, device cycles"
        )
        parser.add_argument(
            "--lenient", action="store_true", help="let the device see unpublished host writes"
        )
        parser.add_argument(
            "--program", default=TARGET, metavar="MODULE:FUNCTION", help="run this instead"
        )
        parser.add_argument(
            "--arguments", metavar="JSON", help="arguments of --program, by name: '{\"size\": 7}'"
        )
        parser.add_argument(
            "--out", type=Path, default=Path("out/runs"), help="where runs are kept"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Run the job; 0 right, 1 wrong, 2 usage, 3 hang, 4 protocol or leak, 5 set-up."""
        for name, value, low, high in (
            ("--batches", args.batches, 1, 8),
            ("--seed", args.seed, 0, (1 << 64) - 1),
            ("--deadline", args.deadline, 1, (1 << 63) - 1),
        ):
            if not low <= value <= high:
                return _refuse(ExitCode.USAGE, f"{name} {value}: give {low} to {high}")
        if args.program != TARGET:  # a person's own module stands in their folder
            sys.path.insert(0, str(Path.cwd()))
        try:
            device = launcher(args.device)
        except LookupError as error:
            return _refuse(ExitCode.USAGE, str(error.args[0]))
        except ModuleNotFoundError as error:
            return _refuse(
                ExitCode.SETUP,
                f"device {args.device!r} needs the Python module {error.name}; run `make setup`",
            )
        try:
            check_profile(device, args.profile)
        except ArgumentError as error:
            return _refuse(ExitCode.USAGE, str(error))
        try:
            arguments = _arguments(args)
        except ValueError as error:
            return _refuse(
                ExitCode.USAGE, f"--arguments {args.arguments}: {error}; give a JSON object"
            )
        try:
            with _alone(
                args.out, f"{_name(args)}-{args.device.partition(':')[0]}-{args.seed}"
            ) as folder:
                return _job(device, args, arguments, folder)
        except OSError as error:
            return _refuse(ExitCode.USAGE, f"--out {args.out}: {error}; give a folder to write to")


def _refuse(code: ExitCode, message: str) -> ExitCode:
    print(f"doorbell run: {message}", file=sys.stderr)
    return code


@contextmanager
def _alone(out: Path, name: str) -> Iterator[Path]:
    """Make the run's folder anew, and keep other runs of that name waiting until the block ends."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"doorbell run: another run uses {out / name}; waiting for it", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        folder = out / name
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        yield folder


def _name(args: argparse.Namespace) -> str:
    if args.program == TARGET:
        return "digits"
    return re.sub(r"\W", "_", str(args.program).rpartition(":")[2]) or "program"


def _arguments(args: argparse.Namespace) -> dict[str, Any]:
    """Return the program's arguments; raises ValueError when they are no JSON object."""
    if args.arguments is None:
        return {"batches": args.batches} if args.program == TARGET else {}
    found = json.loads(args.arguments)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _job(
    device: Launcher, args: argparse.Namespace, arguments: dict[str, Any], folder: Path
) -> ExitCode:
    options = RunOptions(
        out=folder,
        seed=args.seed,
        profile=args.profile,
        waves=args.waves,
        deadline=args.deadline,
        strict=not args.lenient,
        replay=_replay(args) if args.program == TARGET and args.arguments is None else "",
    )
    outcome = device.launch(args.program, arguments, options)
    if outcome.code in {ExitCode.USAGE, ExitCode.SETUP} and not any(folder.iterdir()):
        folder.rmdir()  # nothing has run: nothing to keep, nothing to replay
        return _refuse(outcome.code, outcome.message)
    _link(args.out / "latest", folder)
    if args.waves and not any(folder.glob("dump.*")):
        print(f"doorbell run: device {args.device} leaves no waves", file=sys.stderr)
    if outcome.code is ExitCode.RIGHT:
        print(f"{_name(args)} on {args.device}, profile {args.profile}, seed {args.seed}:")
        print(table(outcome.result) if args.program == TARGET else json.dumps(outcome.result))
        print(f"  left in {folder}")
    else:
        told = with_replay(outcome, args.device, args.program, arguments, options)
        print(told.message, file=sys.stderr)
        print(f"left in {folder}", file=sys.stderr)
    return outcome.code


def _replay(args: argparse.Namespace) -> str:
    waves = " WAVES=1" if args.waves else ""
    lenient = " --lenient" if args.lenient else ""
    extra = f" ARGS='--batches {args.batches} --deadline {args.deadline}{lenient}'"
    place = "" if Path.cwd() == _CHECKOUT else f" -C {shlex.quote(str(_CHECKOUT))}"
    return f"make{place} run DEVICE={args.device} SEED={args.seed} PROFILE={args.profile}{waves}{extra}"


def _link(link: Path, target: Path) -> None:
    """Point ``link`` at ``target`` in one step, so that there is always a whole one."""
    fresh = link.with_name(f".latest-{os.getpid()}")
    fresh.symlink_to(target.name)
    fresh.replace(link)


command = _Run()
