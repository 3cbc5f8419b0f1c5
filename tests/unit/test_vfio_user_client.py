"""The runtime on a served device, from ordinary processes; servers and places that are not right."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from served import process, served

import doorbell
from doorbell import Device, encode
from doorbell.cli import main as cli
from doorbell.contract import registers
from doorbell.errors import (
    ArgumentError,
    DeadlineExceeded,
    DeviceLost,
    DeviceNotFound,
    IncompatibleDevice,
    UseAfterFree,
)
from doorbell.exit_codes import ExitCode
from doorbell.launch import RunOptions, launcher
from doorbell.vfio_user import waiting
from doorbell.vfio_user.messages import Header, Version
from doorbell.vfio_user.numbers import Command, HeaderFlag
from doorbell.vfio_user.server import listening
from doorbell.vfio_user.transport import VfioUserTransport


@pytest.fixture(scope="module")
def device() -> Iterator[str]:
    with served("model") as name:
        yield name


async def there_and_back(device: Device) -> int:
    data = np.arange(5000, dtype=np.uint16)
    assert np.array_equal(await device.stream().download(device.upload(data)), data)
    return int(data[-1])


def test_run(device: str) -> None:
    assert doorbell.run(there_and_back, device) == 4999


def test_under_another_event_loop(device: str) -> None:
    """As in a notebook: nothing that is awaited belongs to a loop."""

    async def notebook() -> int:
        async with doorbell.open(device) as opened:
            both = await opened.transport.together(there_and_back(opened), there_and_back(opened))
            nested = await opened.transport.together(
                opened.transport.together(there_and_back(opened)), there_and_back(opened)
            )
            assert (both, nested) == ([4999, 4999], [[4999], 4999])
            return await there_and_back(opened)

    assert asyncio.run(notebook()) == 4999


def test_programs_take_turns(device: str) -> None:
    """One waits for what the other does."""

    async def program(device: Device) -> list[str]:
        gate, order = device.semaphore(), []

        async def waits() -> None:
            stream = device.stream()
            stream.wait(gate, 1)
            await stream.synchronize()
            order.append("waited")

        async def signals() -> None:
            await device.transport.wait(device.transport.events(), device.transport.now() + 2000)
            order.append("signals")
            gate.set(1)

        await device.transport.together(waits(), signals())
        return order

    assert doorbell.run(program, device) == ["signals", "waited"]


def test_time_is_the_devices(device: str) -> None:
    async def program(device: Device) -> None:
        transport = device.transport
        for cycles in (10, 3000, 200_000):
            start = transport.now()
            before = transport.events()
            after = await transport.wait(before, start + cycles)
            assert after == before + 1
            assert start + cycles <= transport.now() < start + cycles + 200_000
        assert transport.now() <= await device.read(registers.DEVICE.CYCLES)

    doorbell.run(program, device)


def test_silence_ends_a_wait(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a limit, or when device time cannot be read because memory space is off."""
    monkeypatch.setattr(waiting, "_PATIENCE_SECONDS", 0.2)

    async def program(device: Device) -> None:
        transport = device.transport
        with pytest.raises(DeadlineExceeded, match="nothing happened"):
            await transport.wait(transport.events())
        await transport.config_write(4, 0, 2)
        with pytest.raises(DeadlineExceeded, match="nothing happened"):
            await transport.wait(transport.events(), transport.now() + 1000)
        await transport.config_write(4, 6, 2)

    doorbell.run(program, device)


def test_a_hang_is_told(device: str) -> None:
    async def program(device: Device) -> None:
        stream = device.stream()
        stream.wait(device.semaphore(), 1)
        try:
            await stream.synchronize(deadline=20_000)
        except DeadlineExceeded as error:
            assert "queue 0 is RUNNING" in str(error)
        else:
            raise AssertionError
        await stream.reset()

    doorbell.run(program, device)


def test_a_client_that_dies_leaves_a_clean_device(device: str) -> None:
    code = (
        "import os, doorbell\n"
        "async def dies(device):\n"
        "    stream, buffer = device.stream(), device.empty(1 << 20)\n"
        "    host = device.pinned(1 << 20)\n"
        "    for _ in range(20): stream.copy(host, buffer)\n"
        "    stream.flush()\n"
        "    os._exit(7)\n"
        f"doorbell.run(dies, {device!r})\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7
    assert doorbell.run(there_and_back, device) == 4999


def test_memory_of_others_is_refused(device: str) -> None:
    transport = VfioUserTransport(device.partition(":")[2])
    with pytest.raises(ArgumentError, match="host_memory"):
        transport.map(0x1_0000_0000, np.zeros(4096, np.uint8))
    memory = transport.host_memory(0x4000)
    transport.map(0x1_0000_0000, memory[0x1000:])
    with pytest.raises(ArgumentError, match="DMA_MAP refused: File exists"):
        transport.map(0x1_0000_2000, memory[:0x1000])
    transport.unmap(0x1_0000_0000)
    with pytest.raises(ArgumentError, match="nothing is mapped"):
        transport.unmap(0x1_0000_0000)
    with pytest.raises(ArgumentError, match="not mapped"):
        transport.watch(0x1_0000_0000, 8)
    transport.close()
    transport.close()
    with pytest.raises(UseAfterFree, match="closed"):
        transport.write(0, 0)
    assert not memory.any(), "what the program still has stays"


def test_files_of_closed_transports_are_closed(device: str) -> None:
    def after_a_run() -> int:
        doorbell.run(there_and_back, device)
        gc.collect()  # views of memory keep it
        return len(list(Path("/proc/self/fd").iterdir()))

    assert after_a_run() == after_a_run()


# Launching -------------------------------------------------------------------------------------------
def test_launch_by_name(device: str, tmp_path: Path) -> None:
    outcome = launcher(device).launch(f"{__name__}:there_and_back", {}, RunOptions(out=tmp_path))
    assert (outcome.code, outcome.result) == (ExitCode.RIGHT, 4999)
    report = json.loads((tmp_path / "results.json").read_text())
    assert report["device"] == device
    assert report["cycles"] > 0


def test_the_main_job(device: str, tmp_path: Path) -> None:
    arguments = ["run", "--device", device, "--batches", "1", "--out", str(tmp_path)]
    assert cli(arguments) == ExitCode.RIGHT
    assert (tmp_path / "digits-vfio-user-1" / "results.json").exists()


def test_places(tmp_path: Path) -> None:
    for name, message in (
        ("vfio-user", "needs a place"),
        ("vfio-user:", "needs a place"),
        ("rtl:here", "no variant 'here'"),
        ("nothing:here", "no device 'nothing'"),
    ):
        with pytest.raises(LookupError, match=message):
            launcher(name)
    missing = f"vfio-user:{tmp_path / 'none'}"
    with pytest.raises(DeviceNotFound, match="no vfio-user server at"):
        doorbell.run(there_and_back, missing)
    outcome = launcher(missing).launch(f"{__name__}:there_and_back", {}, RunOptions(out=tmp_path))
    assert outcome.code is ExitCode.SETUP


def test_a_server_that_dies_is_a_lost_device(tmp_path: Path) -> None:
    async def program(device: Device, server: int) -> None:
        os.kill(server, 9)
        await there_and_back(device)

    with (
        pytest.raises(AssertionError, match="the server ended"),
        process("model") as (path, server),
        pytest.raises(DeviceLost, match="vfio-user server at"),
    ):
        doorbell.run(program, f"vfio-user:{path}", server=server)


@pytest.mark.parametrize(
    ("body", "flags", "error"),
    [
        (Version(0, 9).pack(), HeaderFlag.REPLY, IncompatibleDevice),
        (Version(1, 0).pack(), HeaderFlag.REPLY, IncompatibleDevice),
        (b"", HeaderFlag.REPLY, IncompatibleDevice),
        (b"", HeaderFlag.REPLY | HeaderFlag.ERROR, IncompatibleDevice),
        (Version(0, 1).pack() + b"nonsense\0", HeaderFlag.REPLY, IncompatibleDevice),
        (None, HeaderFlag.REPLY, DeviceLost),
    ],
)
def test_servers_that_are_none(
    tmp_path: Path, body: bytes | None, flags: int, error: type[Exception]
) -> None:
    with listening(tmp_path / "socket") as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            identifier, command = Header.unpack(peer.recv(1 << 16)).identifier, Command.VERSION
            if body is None:
                identifier += 1
            data = body or b""
            peer.sendall(Header(identifier, command, 16 + len(data), flags, 0).pack() + data)
            peer.recv(1)
            peer.close()

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(error):
            VfioUserTransport(str(tmp_path / "socket"))
        thread.join(10)


# The command -----------------------------------------------------------------------------------------
def test_serve_for_so_many_clients(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("doorbell"), "serve", "--socket", tmp_path / "s"]
    command += ["--clients", "1", "--out", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == f"doorbell serve: model at {tmp_path / 's'}\n"
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
        doorbell.run(there_and_back, f"vfio-user:{tmp_path / 's'}")
        said = server.stdout.read()
    assert server.returncode == 0
    assert "client 1: " in said
    assert not (tmp_path / "s").exists()
    assert json.loads((tmp_path / "results.json").read_text())["result"]["clients"] == 1


def test_paths_that_cannot_be_listened_at(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for path, message in (
        (tmp_path / "file", "no socket"),
        (Path(device.partition(":")[2]), "another server listens"),
        (tmp_path / ("long" * 30), "longer than"),
        (tmp_path / "none" / "socket", "No such file"),
    ):
        assert cli(["serve", "--socket", str(path), "--out", str(tmp_path)]) == ExitCode.USAGE
        assert message in capsys.readouterr().err
    assert doorbell.run(there_and_back, device) == 4999
    assert cli(["serve", "--socket", "s", "--device", "none"]) == ExitCode.USAGE
    assert cli(["serve", "--socket", "s", "--clients", "-1"]) == ExitCode.USAGE


def test_what_a_dead_server_left_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "socket"))
    with listening(tmp_path / "socket"), socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(tmp_path / "socket"))


def test_watched_memory_counts_events(device: str) -> None:
    async def program(device: Device) -> None:
        transport, stream = device.transport, device.stream()
        host, local = device.pinned(64), device.empty(64)
        stream.fill(local, 0x55)
        await stream.synchronize()
        transport.watch(host.address, 64)
        before = transport.events()
        assert transport.events() == before
        stream.copy(host, local)
        stream.submit(encode.nops(1))
        await stream.synchronize()
        assert transport.events() > before
        transport.unwatch(host.address)

    doorbell.run(program, device)


def test_what_the_host_can_do(device: str) -> None:
    async def program(device: Device) -> None:
        lab = device.transport.lab  # type: ignore[attr-defined] # this transport has one
        device.post(registers.DEVICE.SCRATCH, 5)
        assert await device.read(registers.DEVICE.SCRATCH) == 5
        lab.begin()
        assert await lab.reset()
        assert (await lab.settle(), lab.findings()) == ((), ())
        assert "interrupt_count" in lab.abilities
        for call, ability in (
            (lambda: lab.spoil(0, 1, "drop", 1), "completion_faults"),
            (lambda: lab.odd_write(0, b"1"), "odd_access"),
            (lab.link, "link"),
        ):
            with pytest.raises(ArgumentError, match=ability):
                call()
        for waits, ability in (
            (lab.odd_read(0, 3), "odd_access"),
            (lab.tlp((), b"", within=1, answer=True), "tlp"),
        ):
            with pytest.raises(ArgumentError, match=ability):
                await waits
        transport = device.transport
        assert await transport.config_read(0x10) == 4, "no BAR has an address"
        assert await transport.read(device.bar0) == (1 << 64) - 1

    transport = VfioUserTransport(device.partition(":")[2])

    async def session() -> None:
        await program(await Device.open(transport))

    asyncio.run(session())
    transport.close()
