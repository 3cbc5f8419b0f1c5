"""The command `doorbell`: it finds its subcommands and says plainly what is wrong."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from doorbell import cli
from doorbell.exit_codes import ExitCode
from doorbell.version import __version__


class Echo:
    """A subcommand that returns the number it was given."""

    help = "return a number"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--number", type=int, default=0)

    def run(self, args: argparse.Namespace) -> int:
        if args.number < 0:
            signal.raise_signal(-args.number)
        return args.number


echo = Echo()


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register one good subcommand, and one of a part that is not installed."""
    found = [
        EntryPoint("gone", "doorbell_tb.nowhere.command:command", cli.COMMAND_GROUP),
        EntryPoint("echo", f"{__name__}:echo", cli.COMMAND_GROUP),
        EntryPoint("foreign", "nobody_has_this:command", cli.COMMAND_GROUP),
    ]
    monkeypatch.setattr(cli, "entry_points", lambda group: found if group else [])


@pytest.mark.parametrize("code", list(ExitCode))
def test_exit_code_is_the_commands_own(code: ExitCode) -> None:
    assert cli.main(["echo", "--number", str(int(code))]) == code


def test_help_lists_all_with_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    assert "return a number" in text
    assert "not available: `gone` needs the Python module doorbell_tb.nowhere" in text


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"doorbell {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["bogus"], ["echo", "--number", "x"], ["--bogus"]])
def test_usage_errors_end_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(argv)
    assert end.value.code == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("usage: doorbell")


def test_an_unknown_option_shows_the_usage_of_its_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["echo", "--bogus", "7"])
    assert end.value.code == ExitCode.USAGE
    said = capsys.readouterr().err
    assert said.startswith("usage: doorbell echo")
    assert "unrecognized arguments: --bogus 7" in said


@pytest.mark.parametrize(
    ("name", "remedy"), [("gone", "pip install -e '.[sim]'"), ("foreign", "make setup")]
)
def test_missing_part_says_what_to_install(
    name: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([name]) == ExitCode.SETUP
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert f"doorbell: `{name}` needs the Python module" in lines[0]
    assert remedy in lines[0]


def test_one_command_does_not_import_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    load = cli.load_command
    monkeypatch.setattr(
        cli, "load_command", lambda entry: (loaded.append(entry.name), load(entry))[1]
    )
    cli.main(["echo"])
    assert loaded == ["echo"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupt_is_quiet(number: signal.Signals, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.signal(number, signal.default_int_handler)  # nohup, and `&`, have them ignored
    try:
        handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        assert cli.main(["echo", "--number", str(-number)]) == 130
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    finally:
        signal.signal(number, before)
    assert capsys.readouterr().err == "doorbell: interrupted\n"


def test_who_has_seen_enough_ends_it_quietly() -> None:
    command = Path(sys.executable).with_name("doorbell")
    with subprocess.Popen(
        [command, "replay", "directed", "--list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")


def test_every_registered_command_and_device_loads() -> None:
    """What pyproject.toml promises is there."""
    for group in (cli.COMMAND_GROUP, "doorbell.devices"):
        found = entry_points(group=group)
        assert found, group
        for entry in found:
            assert entry.load() is not None
