"""The one command `doorbell`: it finds its subcommands, runs one, and returns its exit code.

Each part of the project registers its own subcommands through the entry-point group
`doorbell.commands` (`name = module:object`), so this module imports none of them until one is asked
for by name. A subcommand whose part is not installed says in one line what to install.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

from doorbell.exit_codes import ExitCode
from doorbell.version import __version__

__all__ = ["COMMAND_GROUP", "Command", "CommandUnavailable", "load_command", "main"]

COMMAND_GROUP = "doorbell.commands"
"""The entry-point group in which every subcommand is registered."""

_EXTRAS = {"doorbell": ".", "doorbell_vectors": ".[vectors]", "doorbell_tb": ".[sim]"}


class Command(Protocol):
    """What an entry point of `doorbell.commands` names: an object or module with these members."""

    help: str
    """One line for `doorbell --help`."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the subcommand's arguments to its parser."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it, and return an `ExitCode` (0 to 5). Usage errors may call `parser.error`."""


class CommandUnavailable(Exception):
    """A registered subcommand cannot be loaded; the message says what to install."""


def load_command(entry: EntryPoint) -> Command:
    """Import one subcommand.

    Raises `CommandUnavailable` when a module that it needs is not there. Any other error in the
    subcommand's own code is a bug and travels on.
    """
    try:
        command: Command = entry.load()
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(entry.module.partition(".")[0])
        remedy = f" or `pip install -e '{extra}'`" if extra else ""
        raise CommandUnavailable(
            f"`{entry.name}` needs the Python module {error.name}, which is not installed; "
            f"in the checkout run `make setup`{remedy}"
        ) from error
    return command


def _parser(entries: Sequence[EntryPoint], wanted: str | None) -> argparse.ArgumentParser:
    """Build the parser; only the wanted subcommand is imported, or all of them for the overview."""
    parser = argparse.ArgumentParser(
        prog="doorbell",
        description="Drive, simulate and check a PCIe accelerator across its doorbell.",
        epilog="exit codes: 0 right, 1 wrong, 2 usage, 3 hang, 4 protocol or leak, 5 set-up",
    )
    parser.add_argument("--version", action="version", version=f"doorbell {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for entry in entries:
        if wanted is not None and entry.name != wanted:
            commands.add_parser(entry.name)
            continue
        try:
            command = load_command(entry)
        except CommandUnavailable as error:
            if wanted is not None:
                raise
            commands.add_parser(entry.name, help=f"not available: {error}")
            continue
        sub = commands.add_parser(entry.name, help=command.help, description=command.help)
        command.configure(sub)
        sub.set_defaults(run=command.run, refuse=sub.error)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run `doorbell` with these arguments (the process's own by default); return its exit code.

    A usage error or `--help` ends the process through `SystemExit`, as argparse does, with
    `ExitCode.USAGE` or 0. Ctrl-C, SIGTERM or a closed terminal unwinds the command, so that what it
    has started is ended, and returns 130; when nobody reads its output any more, it returns 141. To be
    called from the main thread.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    entries = sorted(entry_points(group=COMMAND_GROUP), key=lambda entry: entry.name)
    first = next((text for text in arguments if not text.startswith("-")), None)
    wanted = first if first in {entry.name for entry in entries} else None
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, signal.default_int_handler)
    try:
        args, unknown = _parser(entries, wanted).parse_known_args(arguments)
        if unknown:  # the subcommand's own usage helps, not the overview that argparse would show
            args.refuse(f"unrecognized arguments: {' '.join(unknown)}")
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever reads our output (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what Python still flushes at its end
        return 128 + signal.SIGPIPE
    except CommandUnavailable as error:
        print(f"doorbell: {error}", file=sys.stderr)
        return ExitCode.SETUP
    except KeyboardInterrupt:
        print("doorbell: interrupted", file=sys.stderr)
        return 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
