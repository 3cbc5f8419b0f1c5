"""`doorbell replay`: play a suite of vectors on a device and report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from doorbell.errors import ArgumentError
from doorbell.exit_codes import ExitCode
from doorbell.launch import check_profile, launcher
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.document import TIERS, Suite, load
from doorbell_vectors.player import session, waivers
from doorbell_vectors.player.options import SUITE, abilities, suite_path
from doorbell_vectors.player.reports import counts, files
from doorbell_vectors.player.rules import refuse_unknown
from doorbell_vectors.player.selection import Selection, listing, select
from doorbell_vectors.player.shards import Settings

__all__ = ["command"]


class _Replay:
    help = "play conformance vectors on a device"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        add = parser.add_argument
        add("suite", nargs="?", default=SUITE, help=f"suite file, or a name such as {SUITE}")
        add("--device", default="model", help="model, rtl, vfio-user:PATH, ...")
        add("--rtl", metavar="FILELIST", help="play on this RTL: a list of SystemVerilog sources")
        add("--top", metavar="NAME", help="with --rtl: its module with the device's ports")
        add("--id", action="append", default=[], help="play this vector (repeatable)")
        add("--rule", action="append", default=[], help="vectors of this rule, or its beginning")
        add("--tag", action="append", default=[], help="vectors with this label")
        add("--tier", choices=TIERS, help="vectors of this tier and the smaller ones")
        add("--bringup", action="store_true", help="level by level; stop at the first broken one")
        add("--shard", default="1/1", metavar="I/N", help="the I-th of N parts")
        add("--jobs", type=int, default=1, help="processes, each with a device of its own")
        add("--repeat", type=int, default=1, help="play everything so often")
        add("--shuffle", type=int, metavar="SEED", help="in another order")
        add("--bail", action="store_true", help="stop at the first that is not right")
        add("--resume", type=Path, metavar="FOLDER", help="go on with a replay that was stopped")
        add("--list", action="store_true", help="only say what would be played")
        add("--clock", type=float, metavar="HZ", help="with --list: the device's clock, to predict")
        add("--time-scale", type=float, default=1.0, help="stretch the host's guards")
        add("--waivers", type=Path, metavar="FILE", help="failures that are known")
        add("--seed", type=int, default=1, help="same seed, same addresses and delays")
        add("--profile", default="harsh", help="host behaviour of a simulated device")
        add("--abilities", default="", help="host abilities to leave out: =-link,-flr, or plain")
        add("--recover-hook", default="", metavar="COMMAND", help="last means to get a device back")
        add("--waves", action="store_true", help="leave waves of a simulated device")
        add("--conformance", type=Path, metavar="FILE", help="also write these figures")
        add("--out", type=Path, help="folder of the replay (out/replay/SUITE-DEVICE)")

    def run(self, args: argparse.Namespace) -> int:
        """Replay; 0 right, 1 a vector fails, 2 usage, 3 inconclusive, 5 player, host or set-up broke."""
        try:
            return _run(args)
        except (VectorsError, LookupError, ArgumentError) as error:
            print(f"doorbell replay: {error.args[0]}", file=sys.stderr)
            return ExitCode.USAGE


def _run(args: argparse.Namespace) -> int:
    _foreign(args)
    known = waivers.load(args.waivers) if args.waivers else []
    if args.jobs < 1 or args.time_scale <= 0:
        raise VectorsError("--jobs must be 1 or more, --time-scale above 0")
    if args.resume:
        plan, settings = session.resumed(args.resume)
    else:
        place = suite_path(args.suite)
        suite = load(place)
        refuse_unknown(suite, str(place))
        plan = select(suite, _selection(args))
        if args.list:
            print("\n".join(listing(suite, plan, args.clock)))
            return ExitCode.RIGHT
        settings = _settings(args, suite)
        # An unknown device or profile is refused before anything is touched.
        check_profile(launcher(settings.device), settings.profile)
        settings = session.prepare(suite, plan, settings)
    jobs = 1 if settings.bringup else args.jobs
    finished = session.replay(plan, settings, jobs=jobs, waivers=known)
    print("\n".join(session.lines(finished, settings)))
    if args.conformance:
        figures = counts.conformance(finished.suite, finished.results, finished.seconds)
        files.write(args.conformance, figures)
    return finished.code


def _foreign(args: argparse.Namespace) -> None:
    """Turn --rtl and --top into the device that they name. Raises `VectorsError` for one without the other."""
    args.label = args.device
    if bool(args.rtl) != bool(args.top):
        raise VectorsError("--rtl FILELIST and --top NAME go together: give both")
    if args.rtl:
        args.device = f"rtl:{args.top}@{Path(args.rtl).resolve()}"
        args.label = f"rtl-{args.top}"


def _selection(args: argparse.Namespace) -> Selection:
    part, separator, parts = args.shard.partition("/")
    if not (separator and part.isdecimal() and parts.isdecimal()):
        raise VectorsError(f"--shard {args.shard!r}: give i/n, such as 1/4")
    return Selection(
        ids=tuple(args.id),
        rules=tuple(args.rule),
        tags=tuple(args.tag),
        tier=args.tier,
        bringup=args.bringup,
        shard=(int(part), int(parts)),
        repeat=args.repeat,
        shuffle=args.shuffle,
    )


def _settings(args: argparse.Namespace, suite: Suite) -> Settings:
    words = "-".join([suite.suite, args.label, *args.id[:3]])
    name = "".join(sign if sign.isalnum() else "-" for sign in words)
    return Settings(
        device=args.device,
        suite="",
        out=str(args.out or Path("out") / "replay" / name),
        seed=args.seed,
        profile=args.profile,
        scale=args.time_scale,
        without=tuple(sorted(abilities(args.abilities))),
        bail=args.bail,
        bringup=args.bringup,
        hook=args.recover_hook,
        waves=args.waves,
        source=args.suite,
    )


command = _Replay()
