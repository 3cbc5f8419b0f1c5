"""`doorbell serve`: the program that offers the device where it lives, one client after another."""

from __future__ import annotations

import contextlib
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doorbell import Device
from doorbell.errors import ArgumentError, FaultError, WrongResult
from doorbell.transport import HasLab
from doorbell.vfio_user.handover import hand_over
from doorbell.vfio_user.session import Session, Tally
from doorbell.vfio_user.wire import Connection

__all__ = ["listening", "main"]

_PATH_MAX = 107 - len(".new")


async def main(device: Device, *, path: str, clients: int = 0) -> dict[str, Any]:
    """Offer ``device`` at the Unix socket ``path`` to ``clients`` clients in turn, 0: without end.

    Each gets the device in its first state (`hand_over`), however the one before it left.

    Raises:
        ArgumentError: the path cannot be listened at.
        DeadlineExceeded, DeviceLost: the device cannot be reset any more.
        WrongResult: the host's checkers found the device at fault.
    """
    device.host.close()  # bus addresses are the client's
    served, messages, refused = 0, 0, 0
    findings: list[str] = []
    with listening(Path(path)) as listener:
        await hand_over(device)
        print(f"doorbell serve: {device.transport.name} at {path}", flush=True)
        while not clients or served < clients:
            peer, _ = listener.accept()
            served += 1
            tally = await _serve(device, Connection(peer))
            messages, refused = messages + tally.messages, refused + tally.refused
            findings += tally.findings
            print(
                f"doorbell serve: client {served}: {tally.messages} messages, {tally.refused} refused, "
                f"{_faults(device)} device accesses refused; {tally.ending}",
                *tally.findings,
                sep="\n",
                flush=True,
            )
    if findings:
        raise WrongResult(
            f"{len(findings)} findings, the first: {findings[0]}", findings[0].partition(":")[0]
        )
    return {"clients": served, "messages": messages, "refused": refused}


async def _serve(device: Device, connection: Connection) -> Tally:
    """Serve one client from a device in its first state to the same."""
    if isinstance(device.transport, HasLab):
        device.transport.lab.begin()
        await hand_over(device)
    session = Session(device, connection)
    try:
        await session.serve()
    finally:
        await session.end()
    return session.tally


def _faults(device: Device) -> int:
    """Count what the host has refused since the last call: the client's mistakes, not ours."""
    try:
        device.check_faults()
    except FaultError as error:
        return len(error.faults)
    return 0


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """Give a socket that listens at ``path``, which is there once it does, and gone afterwards.

    Raises:
        ArgumentError: the path is too long, cannot be made, is no socket, or somebody serves there.
    """
    if len(str(path).encode()) > _PATH_MAX:
        raise ArgumentError(
            f"socket path {path} is longer than {_PATH_MAX} bytes; give a shorter one"
        )
    _clear(path)
    fresh = path.with_name(path.name + ".new")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            fresh.unlink(missing_ok=True)
            listener.bind(str(fresh))
            fresh.chmod(0o600)
            listener.listen(8)
            fresh.rename(path)
        except OSError as error:
            raise ArgumentError(
                f"socket {path}: {error.strerror}; give a path to write to"
            ) from None
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Remove a socket that a server left behind."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise ArgumentError(f"{path} is there and no socket; give another path")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.connect(str(path))
        raise ArgumentError(f"another server listens at {path}; give another path, or end that one")
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ArgumentError(f"socket {path}: {error.strerror}") from None
