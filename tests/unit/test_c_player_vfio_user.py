"""The portable player over vfio-user: on the served model as the Python player, and on servers that misbehave."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import struct
import threading
from pathlib import Path

import c_player
import pytest
from served import served

from doorbell import cli
from doorbell.model.variant import VARIANTS

SUITE = c_player.ROOT / "vectors" / "suites" / "directed.json"
FREE = [name for name in VARIANTS if name != "reference"]
PARTS = 48
HEADER = struct.Struct("=HHIII")
REPLY, ERROR = 1, 0x21


def verdicts(log: Path) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in c_player.rows(log) if "verdict" in row}


def python_player(out: Path, part: str, leave_out: str) -> dict[str, str]:
    """Play a part of the suite with the Python player on the model itself."""
    words = ["replay", str(SUITE), "--device", "model", "--shard", part, "--out", str(out)]
    cli.main([*words, f"--abilities={leave_out}"])
    results = json.loads((out / "results.json").read_text())["results"]
    return {result["id"]: result["verdict"] for result in results}


def test_the_layer_passes_the_self_test():
    with served("model") as device:
        played = c_player.run("--device", device, "--selftest")
    assert played.code == 0, played.out


@pytest.mark.parametrize(
    ("part", "without", "leave_out"),
    [
        (
            "1/1",
            "flr",
            "-iommu_faults,-odd_access,-completion_faults,-tlp_injection,-msix_table,-flr,-peer,-link",
        ),
        ("1/8", "high_addresses,interrupt_count", "plain"),
    ],
    ids=["all", "plain"],
)
def test_both_players_give_the_same_verdicts(tmp_path, part, without, leave_out):
    """The whole directed suite, vector by vector, with the same abilities of the host; some of it on a plain one."""
    log = tmp_path / "log"
    with served("model") as device:
        words = ["--device", device, "--log", log, "--shard", part, "--without", without, SUITE]
        played = c_player.run(*words, cwd=tmp_path, seconds=600)
    assert played.code == 0, played.comments
    own = verdicts(log)
    assert own == python_player(tmp_path / "replay", part, leave_out)
    assert list(own.values()).count("PASS") > len(own) / 2


@pytest.mark.parametrize(("number", "variant"), list(enumerate(FREE)), ids=FREE)
def test_no_legal_variant_fails(tmp_path, seed, number, variant):
    """Another sample on each, and others with another seed.

    The Python player plays the whole suite on all of them (`test_directed`), and the whole suite on
    one device shows that both players judge alike.
    """
    log = tmp_path / "log"
    part = (seed + number) % PARTS + 1
    with served(f"model:{variant}") as device:
        words = ["--device", device, "--log", log, "--shard", f"{part}/{PARTS}", SUITE]
        played = c_player.run(*words, cwd=tmp_path, seconds=600)
    assert played.code == 0, played.comments
    found = list(verdicts(log).values())
    assert set(found) <= {"PASS", "NOT_SUPPORTED", "NOT_OBSERVED"}
    assert found.count("PASS") > len(found) / 2


def test_a_server_that_ends_in_the_middle_is_an_error_of_the_host(tmp_path):
    with (
        served("model") as device,
        _cut(device.partition(":")[2], 400) as between,
    ):
        words = ["--device", f"vfio-user:{between}", "--log", tmp_path / "log", SUITE]
        played = c_player.run(*words, cwd=tmp_path)
    assert played.code == 1
    assert list(verdicts(tmp_path / "log").values())[-1] == "ERROR"
    assert "the server has closed the connection" in played.comments
    assert (tmp_path / "doorbell-player.rest").exists()


@contextlib.contextmanager
def _cut(path: str, messages: int):
    """A server that passes so many messages on and then hangs up."""
    between = Path(path).with_name("between")

    def serve(listener):
        client, _ = listener.accept()
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(path)
            for _ in range(messages):
                data, files, _, _ = socket.recv_fds(client, 1 << 16, 4)
                if not data:
                    return
                socket.send_fds(server, [data], files)
                for file in files:
                    os.close(file)
                client.sendall(server.recv(1 << 16))

    with _listening(between, serve):
        yield between


@contextlib.contextmanager
def _listening(path: Path, serve):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield
        thread.join(10)


def _answer(header: bytes, flags: int, body: bytes = b"", size: int | None = None, **other: int):
    identifier, command, _, _, _ = HEADER.unpack(header)
    length = HEADER.size + len(body) if size is None else size
    return (
        HEADER.pack(
            identifier + other.get("shift", 0), command, length, flags, other.get("error", 0)
        )
        + body
    )


VERSION = struct.pack("=HH", 0, 1) + b"{}\0"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([None], "closed the connection"),
        ([lambda h: b"\1\2\3"], "closed the connection"),
        ([lambda h: _answer(h, REPLY, size=3)], "a message of 3 bytes"),
        ([lambda h: _answer(h, REPLY, size=0xFFFFFFFF)], "a message of 4294967295 bytes"),
        ([lambda h: _answer(h, REPLY, VERSION, shift=1)], "answered 2 of kind 1 to 1 of kind 1"),
        ([lambda h: _answer(h, REPLY)], "has 0 bytes, expected 4 to"),
        ([lambda h: _answer(h, REPLY, bytes(9000))], "has 9000 bytes, expected"),
        ([lambda h: _answer(h, ERROR, error=22)], "refused command 1: Invalid argument"),
        ([lambda h: _answer(h, ERROR)], "refused command 1: no reason"),
        ([lambda h: _answer(h, REPLY, struct.pack("=HH", 1, 0))], "another major version"),
        (
            [
                lambda h: HEADER.pack(9, 11, 32, 0, 0) + bytes(16) + _answer(h, REPLY, VERSION),
                lambda h: b"" if HEADER.unpack(h) == (9, 11, 16, ERROR, errno.EOPNOTSUPP) else h,
                lambda h: _answer(h, REPLY, struct.pack("=IIII", 16, 1, 9, 5)),
            ],
            "no PCI device",
        ),
        ([lambda h: _answer(h, REPLY, VERSION), None], "closed the connection"),
    ],
)
def test_a_server_that_answers_nonsense_is_one_clear_error(tmp_path, answers, said):
    def serve(listener):
        client, _ = listener.accept()
        with client:
            for answer in answers:
                header = client.recv(HEADER.size, socket.MSG_WAITALL)
                if answer is None or len(header) < HEADER.size:
                    return
                client.recv(HEADER.unpack(header)[2] - HEADER.size, socket.MSG_WAITALL)
                client.sendall(answer(header))

    with _listening(tmp_path / "socket", serve):
        played = c_player.run("--device", f"vfio-user:{tmp_path / 'socket'}", "--selftest")
    assert played.code == 5
    (line,) = played.err.splitlines()
    assert line.startswith("doorbell-player: vfio-user: ")
    assert said in line
