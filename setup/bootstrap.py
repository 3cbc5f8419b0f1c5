#!/usr/bin/env python3
"""Make `.venv` from the pinned, hashed packages; do nothing when it is up to date.

Standard library only. Called by the Makefile before every recipe, so the warm path is one
comparison of hashes. Exit status: 0 ready, 5 not (one line each says what is missing and how to
get it), 130 interrupted.

A venv is trusted only by its stamps, which are written last:

    .venv/doorbell-packages   hash of requirements.txt, Python and place  -> pip has run to its end
    .venv/doorbell-project    hash of pyproject.toml and version          -> our own commands exist

Without the first stamp the whole folder is made anew, so an interrupted set-up leaves nothing that
looks good.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
SETUP_FAILED = 5
INTERRUPTED = 130
_SHOW_EVERY = 2.0  # seconds between progress lines, if there is news
_REPEAT_EVERY = 10.0  # and if there is none
_LOG_TAIL = 15  # lines of pip's log shown on failure


class SetupError(Exception):
    """The environment cannot be made; the message says why and what to do."""


def load_needs(root: Path) -> ModuleType:
    """Load `doorbell/needs.py` by its path: the package it belongs to is not installed yet."""
    path = root / "runtime" / "doorbell" / "needs.py"
    spec = importlib.util.spec_from_file_location("doorbell_needs", path)
    if spec is None or spec.loader is None:
        raise SetupError(f"{path} cannot be loaded; is the checkout complete?")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def check_machine(root: Path) -> None:
    """Raise `SetupError` with one line for each thing the machine lacks."""
    lacking = [need for need in load_needs(root).machine_needs(root) if not need.ok]
    if lacking:
        raise SetupError("\n".join(["this machine lacks:", *(f"  {n.line()}" for n in lacking)]))


def digest(*parts: bytes) -> str:
    """Return one hash over several byte strings; their borders count."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()


class Environment:
    """The project's virtual environment: where it is, what it should hold, whether it does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.requirements = root / "setup" / "requirements.txt"
        self.log = self.folder / "setup.log"
        interpreter = f"{sys.version} {Path(sys.base_prefix).resolve()} {self.folder}".encode()
        version = root / "runtime" / "doorbell" / "version.py"
        self.stamps = {
            self.folder / "doorbell-packages": digest(self.requirements.read_bytes(), interpreter),
            self.folder / "doorbell-project": digest(
                (root / "pyproject.toml").read_bytes(), version.read_bytes()
            ),
        }

    def stale(self) -> list[Path]:
        """Return the stamps that are absent or differ from what the checkout asks for."""
        if not self.python.exists():
            return list(self.stamps)
        return [path for path, want in self.stamps.items() if _read(path) != want]

    def update(self) -> None:
        """Bring the folder up to date; a stamp is written only after its step has succeeded."""
        packages, project = self.stamps
        stale = self.stale()
        if packages in stale:
            check_machine(self.root)
            self._make_anew()
            self._pip("installing the pinned packages", "--require-hashes", "-r", self.requirements)
            self._write(packages)
        if stale:
            self._pip("installing doorbell", "--no-build-isolation", "--no-deps", "-e", self.root)
            self._write(project)

    def _make_anew(self) -> None:
        for path in self.stamps:
            path.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        # The base interpreter: this one may live in the very folder that was just removed.
        base: str = getattr(sys, "_base_executable", sys.executable)
        self._step("making .venv", [base, "-m", "venv", self.folder])

    def _pip(self, what: str, *arguments: str | Path) -> None:
        common = ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
        self._step(what, [self.python, "-m", "pip", "install", *common, *arguments])

    def _step(self, what: str, argv: list[str | Path]) -> None:
        """Run one program with its output in the log, showing progress.

        Raises `SetupError` with the log's last lines when the program fails.
        """
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        with self.log.open("ab") as log, Progress(what, self.log):
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                check=False,
            )
        if done.returncode != 0:
            tail = self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL:]
            raise SetupError(
                "\n".join(
                    [
                        f"{what} failed (status {done.returncode}); the end of {self.log}:",
                        *(f"  {line}" for line in tail),
                        "  Is the package index reachable? Then run `make setup` again.",
                    ]
                )
            )

    def _write(self, stamp: Path) -> None:
        temporary = stamp.with_suffix(".new")
        temporary.write_text(self.stamps[stamp])
        temporary.replace(stamp)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


class Progress:
    """Say what a step is doing: its last log line, looked at every two seconds, and the seconds it took.

    The same line comes again every ten.
    """

    def __init__(self, what: str, log: Path) -> None:
        self.what = what
        self.log = log
        self._begin = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> None:
        say(f"{self.what} ...")
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        say(f"{self.what}: {time.monotonic() - self._begin:.1f} s")

    def _show(self) -> None:
        told, when = None, self._begin
        while not self._over.wait(_SHOW_EVERY):
            lines = self.log.read_text(errors="replace").splitlines()
            telling = [line.strip() for line in lines if not line.startswith("WARNING")]
            doing = telling[-1].split(" (from")[0][:70] if telling else ""
            now = time.monotonic()
            if doing != told or now - when >= _REPEAT_EVERY:
                told, when = doing, now
                say(f"  {now - self._begin:3.0f} s  {doing}".rstrip())


def say(text: str) -> None:
    """Print one line of progress at once; stderr, so that output of commands stays clean."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock: of two set-ups at once the second waits, and says so."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another set-up is at work in {path.parent}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(root: Path = ROOT) -> int:
    """Make the environment ready and return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        environment = Environment(root)
        if not environment.stale():
            return 0
        with locked(root / ".venv.lock"):
            environment.update()
    except SetupError as error:
        say(str(error))
        return SETUP_FAILED
    except OSError as error:
        say(f"{error}; `make distclean` and try again")
        return SETUP_FAILED
    except KeyboardInterrupt:
        say("interrupted; `make setup` starts again")
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
