"""Messages over a socket, whole or in pieces, with descriptors, and peers that stop in the middle."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorbell.vfio_user import wire
from doorbell.vfio_user.messages import Header
from doorbell.vfio_user.numbers import Command, HeaderFlag
from doorbell.vfio_user.wire import Connection, Disconnected

Pair = tuple[Connection, socket.socket]
HEADER = Header(7, Command.DEVICE_GET_INFO, 0, 0)


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    connection = Connection(one)
    yield connection, other
    connection.close()
    other.close()


def packed(payload: bytes, size: int | None = None) -> bytes:
    whole = 16 + len(payload) if size is None else size
    return Header(7, Command.DEVICE_GET_INFO, whole, 0).pack() + payload


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_byte_by_byte(pair: Pair) -> None:
    connection, other = pair
    data = packed(b"abc") + packed(b"")
    found = []
    for octet in data:
        other.send(bytes([octet]))
        assert connection.wait(1)
        found.append(connection.receive())
    made = [message for message in found if message is not None]
    assert [message.payload for message in made] == [b"abc", b""]
    assert [at for at, message in enumerate(found) if message is not None] == [18, 34]


def test_descriptors_belong_to_the_message_they_come_with(pair: Pair) -> None:
    connection, other = pair
    before = open_files()
    read, write = os.pipe()
    socket.send_fds(other, [packed(b"first")], [read])
    other.send(packed(b"second"))
    socket.send_fds(other, [packed(b"third")], [read, write])
    found = [connection.receive() for _ in range(3)]
    counts = [len(message.descriptors) for message in found if message is not None]
    assert counts == [1, 0, 2]
    for message in found:
        assert message is not None
        message.discard()
    os.close(read)
    os.close(write)
    assert open_files() == before


def test_descriptors_of_half_a_message_are_closed(pair: Pair) -> None:
    connection, other = pair
    before = open_files()
    file = os.memfd_create("test")
    socket.send_fds(other, [packed(b"", 100)], [file] * 5)
    assert connection.receive() is None
    assert open_files() == before + 6
    os.close(file)
    connection.close()
    assert open_files() == before - 1


def test_sending_gives_the_size_and_passes_descriptors(pair: Pair) -> None:
    connection, other = pair
    file = os.memfd_create("test")
    connection.send(HEADER, b"body", (file,))
    data, files, _, _ = socket.recv_fds(other, 100, 4)
    assert data == packed(b"body")
    assert len(files) == 1
    for each in (file, *files):
        os.close(each)


def test_answers(pair: Pair) -> None:
    connection, other = pair
    other.send(packed(b"", None))
    message = connection.receive()
    assert message is not None
    connection.reply(message, b"yes")
    connection.refuse(message, 22)
    assert other.recv(19) == Header(7, 4, 19, HeaderFlag.REPLY).pack() + b"yes"
    error = Header(7, 4, 16, HeaderFlag.REPLY | HeaderFlag.ERROR, 22)
    assert other.recv(16) == error.pack()


def test_a_peer_that_goes(pair: Pair) -> None:
    connection, other = pair
    other.close()
    assert connection.wait(1)
    with pytest.raises(Disconnected, match="closed"):
        connection.receive()
    with pytest.raises(Disconnected, match="sending"):
        connection.send(HEADER)


def test_a_peer_that_stops_in_the_middle(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, other = pair
    monkeypatch.setattr(wire, "_STALL_SECONDS", 0.05)
    assert not connection.wait(0.1), "silence between messages is fine"
    other.send(packed(b"", 20)[:9])
    assert connection.receive() is None
    with pytest.raises(Disconnected, match="rest of a message"):
        connection.wait()


def test_a_peer_that_reads_later_gets_everything(pair: Pair) -> None:
    connection, other = pair
    for number in range(3000):
        connection.send(Header(number, 1, 0, 0), bytes(500))
    got = bytearray()
    while len(got) < 3000 * 516:
        assert not connection.wait(0)
        got += other.recv(1 << 20)
    numbers = [int.from_bytes(got[at : at + 2], "little") for at in range(0, len(got), 516)]
    assert numbers == list(range(3000))


def test_a_peer_that_never_reads(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, _ = pair
    monkeypatch.setattr(wire, "_STALL_SECONDS", 0.05)
    with pytest.raises(Disconnected, match="reads nothing"):
        for _ in range(20):
            connection.send(HEADER, bytes(1 << 20))
