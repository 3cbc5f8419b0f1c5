"""A device served over vfio-user by a process of its own, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import socket as sockets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def process(device: str, *options: str, seconds: float = 300.0) -> Iterator[tuple[Path, int]]:
    """Serve ``device``; give the socket's path and the server's process id."""
    with tempfile.TemporaryDirectory(prefix="doorbell-") as folder:
        socket, log = Path(folder) / "socket", Path(folder) / "log"
        doorbell = Path(sys.executable).with_name("doorbell")
        command = [str(doorbell), "serve", "--device", device]
        command += ["--socket", str(socket), "--out", folder, *options]
        with log.open("wb") as output:
            server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            limit = time.monotonic() + seconds
            while not socket.exists():
                assert server.poll() is None, f"the server ended: {log.read_text()}"
                assert time.monotonic() < limit, f"no socket: {log.read_text()}"
                time.sleep(0.02)
            yield socket, server.pid
            try:
                with client_of(
                    socket
                ) as peer:  # once this one is served, all others have been judged
                    peer.shutdown(sockets.SHUT_WR)
                    assert not peer.recv(1)
            except OSError:
                raise AssertionError(f"the server ended: {log.read_text()}") from None
            said = log.read_text().splitlines()
            found = [line for line in said if not line.startswith(("doorbell serve:", "simulat"))]
            assert not found, "what the checkers found, after each client"
        finally:
            server.terminate()
            server.wait(30)


@contextlib.contextmanager
def client_of(path: Path) -> Iterator[sockets.socket]:
    """A connection that says nothing yet."""
    with sockets.socket(sockets.AF_UNIX) as peer:
        peer.settimeout(60)
        peer.connect(str(path))
        yield peer


@contextlib.contextmanager
def served(device: str, *options: str) -> Iterator[str]:
    """Serve ``device`` and give the name under which the runtime opens it."""
    with process(device, *options) as (socket, _):
        yield f"vfio-user:{socket}"
