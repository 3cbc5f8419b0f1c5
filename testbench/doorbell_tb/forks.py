"""Simulators kept waiting by this process (`fork_server`), so that its further simulations start at once."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["VARIABLE", "Fork", "forked", "keep"]

VARIABLE = "DOORBELL_FORK_SERVER"
"""Environment variable with the number of the open socket on which a waiting simulator gets its jobs."""

_KEPT = 4
"""Waiting simulators at once; the one that was used longest ago goes first. Each holds about 80 MB."""


class Fork:
    """A simulator that was forked, with what `simulate` needs of a `subprocess.Popen`."""

    def __init__(self, channel: socket.socket) -> None:
        """Raises ``OSError`` or ``ValueError`` when the server that ``channel`` leads to is gone."""
        self._channel = channel
        self.pid = int(channel.recv(64))
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return the exit status as `subprocess` counts it, None while the process runs."""
        return self._await(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once it is there. Raises `subprocess.TimeoutExpired` (seconds)."""
        status = self._await(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("simulator", timeout or 0.0)
        return status

    def _await(self, timeout: float | None) -> int | None:
        if self._status is None and select.select([self._channel], [], [], timeout)[0]:
            text = self._channel.recv(64)  # nothing: the server was killed, and its forks with it
            self._status = os.waitstatus_to_exitcode(int(text)) if text else -9
        return self._status


class _Server:
    def __init__(self, program: Path, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        more = {
            VARIABLE: str(theirs.fileno()),
            "PYGPI_USERS": "doorbell_tb.fork_server:serve",  # in place of cocotb
            "OPENBLAS_NUM_THREADS": "1",  # a process with threads should not fork
        }
        with theirs:
            self._process = subprocess.Popen(
                [program],
                cwd=program.parent,
                env={**environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                process_group=0,
            )
        self._channel = ours

    def fork(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        files: Sequence[int],
    ) -> Fork | None:
        """Return the new process, None when there is no server any more."""
        request = {
            "folder": str(folder),
            "environment": dict(environment),
            "path": sys.path,
            "arguments": list(arguments),
        }
        try:
            socket.send_fds(self._channel, [json.dumps(request).encode()], list(files))
            return Fork(self._channel)
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


class _Pool:
    def __init__(self) -> None:
        self.open = False
        self._lock = threading.Lock()
        self._idle: list[tuple[Path, _Server]] = []

    def take(self, program: Path, environment: Mapping[str, str]) -> _Server:
        with self._lock:
            for entry in reversed(self._idle):
                if entry[0] == program:
                    self._idle.remove(entry)
                    return entry[1]
        return _Server(program, environment)

    def give(self, program: Path, server: _Server) -> None:
        with self._lock:
            self._idle.append((program, server))
            surplus = [one for _, one in self._idle[:-_KEPT]]
            del self._idle[:-_KEPT]
        for one in surplus:
            one.close()

    def close(self) -> None:
        self.open = False
        for _, one in self._idle:
            one.close()
        self._idle.clear()


_pool = _Pool()


def keep() -> None:
    """Keep a simulator waiting from now on, for each build that is run, until this process ends."""
    if not _pool.open:
        _pool.open = True
        atexit.register(_pool.close)


@contextlib.contextmanager
def forked(
    program: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    files: Sequence[int],
) -> Iterator[Fork | None]:
    """Give a fork of a waiting simulator; None when none is to be kept, or it cannot be started.

    ``files`` are the log's descriptor and perhaps one for standard output. Whoever asks waits for the process.
    """
    if not _pool.open:
        yield None
        return
    server = _pool.take(program, environment)
    fork = server.fork(arguments, environment, folder, files)
    if fork is None:
        server.close()
        yield None
        return
    try:
        yield fork
    finally:
        if fork.poll() is None:
            server.close()
        else:
            _pool.give(program, server)
