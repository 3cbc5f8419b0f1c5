"""`doorbell serve`: offer a device to other processes over vfio-user."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from doorbell.errors import ArgumentError
from doorbell.exit_codes import ExitCode
from doorbell.launch import RunOptions, check_profile, launcher

__all__ = ["TARGET", "command"]

TARGET = "doorbell.vfio_user.server:main"
_FOREVER = 1 << 62


class _Serve:
    help = "offer a device to other processes over vfio-user"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--device", default="model", help="model, rtl, or another")
        parser.add_argument("--socket", type=Path, required=True, help="path of the Unix socket")
        parser.add_argument("--seed", type=int, default=1, help="of the host's delays")
        parser.add_argument("--profile", default="harsh", help="host behaviour: harsh, ideal, ...")
        parser.add_argument(
            "--clients", type=int, default=0, help="end after so many clients; 0: never"
        )
        parser.add_argument(
            "--out", type=Path, default=Path("out/serve"), help="folder of log and results"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Serve until interrupted, or until ``--clients`` have left; an `ExitCode`."""
        if args.clients < 0 or not 0 <= args.seed < 1 << 64:
            return _refuse(f"--clients {args.clients}, --seed {args.seed}: give 0 or more")
        try:
            device = launcher(args.device)
        except LookupError as error:
            return _refuse(str(error.args[0]))
        try:
            check_profile(device, args.profile)
        except ArgumentError as error:
            return _refuse(str(error))
        path = args.socket.resolve()
        options = RunOptions(
            out=args.out.resolve(),
            seed=args.seed,
            profile=args.profile,
            strict=False,  # clients publish by the writes that they send, into memory shared with us
            deadline=_FOREVER,
        )
        outcome = device.launch(TARGET, {"path": str(path), "clients": args.clients}, options)
        if outcome.code is not ExitCode.RIGHT:
            print(f"doorbell serve: {outcome.message}", file=sys.stderr)
        return outcome.code


def _refuse(message: str) -> ExitCode:
    print(f"doorbell serve: {message}", file=sys.stderr)
    return ExitCode.USAGE


command = _Serve()
