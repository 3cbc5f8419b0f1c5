"""Every verdict of the player, and that no vector takes it down."""

from __future__ import annotations

import itertools
import time

import player_suite as made
import pytest
from player_suite import (
    CONTRACT_RANGES,
    DEVICE,
    nops,
    packet,
    queue_buffers,
    read,
    suite,
    vector,
    write,
)

import doorbell
from doorbell.contract import Opcode, registers
from doorbell_vectors.authoring.needs import capabilities
from doorbell_vectors.player import ops
from doorbell_vectors.player.hardware import Hardware
from doorbell_vectors.player.lacking import lacking as lacking_for
from doorbell_vectors.player.play import Player
from doorbell_vectors.player.verdict import Result, Verdict


async def _play(device, raw, without=(), scale=1.0, log=None, **keys):
    rows = log if log is not None else []
    hardware = Hardware(device.transport, device.function, without=frozenset(without))
    player = Player(suite(raw, **keys), hardware, rows.append, seed=1, scale=scale)
    await player.start()
    result = await player.play(player.suite.vectors[0])
    if result.verdict is Verdict.FAIL and "all ones" not in result.text:
        await player.recipe("reset")
    return result


def play(raw, **options) -> Result:
    return doorbell.run(_play, raw=raw, **options)


def test_a_vector_that_holds_passes_and_tells_its_cycles():
    result = play(vector("V0001", nops(), buffers=queue_buffers()))
    assert result.verdict is Verdict.PASS
    assert 100 < result.cycles < 100_000
    assert not result.text


def test_a_wrong_value_fails_and_says_where():
    result = play(
        vector("V0001", [write(DEVICE.SCRATCH, 5), read(DEVICE.SCRATCH, expect={"eq": 6})])
    )
    assert (result.verdict, result.step, result.op) == (Verdict.FAIL, 1, "read")
    assert (result.expected, result.actual) == ("0x6", "0x5")
    assert result.signature == "read / DEV-ID-001 / value"


def test_the_first_wrong_byte_is_shown():
    steps = [{"op": "memory", "buffer": "records", "at": 3, "bytes": [["f", 0xEE, 9], ["x", "00"]]}]
    result = play(vector("V0001", steps, buffers=queue_buffers()))
    assert result.verdict is Verdict.FAIL
    assert result.where == "records+0x3 byte 9"
    assert result.expected == "00"
    assert result.actual.startswith("ee")


def test_what_never_comes_fails_by_the_clock_of_the_device():
    steps = [{"op": "word", "buffer": "records", "at": 0, "expect": {"eq": 1}, "within": 3000}]
    log: list = []
    result = play(vector("V0001", steps, buffers=queue_buffers()), log=log)
    assert result.verdict is Verdict.FAIL
    assert result.signature.endswith("timeout")
    assert "3000 device cycles" in result.actual
    at = next(at for at, row in enumerate(log) if row["op"] == "word")
    assert 3000 <= log[at]["time"] - log[at - 1]["time"] < 9000


@pytest.mark.parametrize(("scale", "verdict"), [(1.0, Verdict.INCONCLUSIVE), (1e9, Verdict.PASS)])
def test_a_slow_host_is_inconclusive_and_never_fails(monkeypatch, scale, verdict):
    """Each look at the wall clock finds a minute gone: an emulator, or a host under load."""
    minutes = itertools.count(0, 60)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(minutes)))
    result = play(vector("V0001", nops(9), buffers=queue_buffers()), scale=scale)
    assert result.verdict is verdict, result.text
    if verdict is Verdict.INCONCLUSIVE:
        assert "--time-scale" in result.text


def test_a_capability_that_is_lacking_is_told_from_an_ability():
    capability = play(vector("V0001", [], needs={"device": {"queues": 9}, "host": []}))
    ability = play(vector("V0001", [], needs={"device": {}, "host": ["peer"]}))
    assert capability.verdict is ability.verdict is Verdict.NOT_SUPPORTED
    assert capability.text == "device capability queues: has 0x8, needs 0x9"
    assert ability.text.startswith("host ability peer")


def test_bit_masks_need_every_bit():
    where = {"opcodes": {"at": DEVICE.CAP_OPCODES.offset, "lsb": 0, "width": 64}}

    async def lacking(device, bits):
        raw = vector("V0001", [], needs={"device": {"opcodes": bits}, "host": []})
        hardware = Hardware(device.transport, device.function, without=frozenset())
        one = suite(raw, capabilities=where).vectors[0]
        return lacking_for(one, {"opcodes": 0b1110}, hardware.abilities)

    assert doorbell.run(lacking, bits=0b0110) == ""
    assert "opcodes" in doorbell.run(lacking, bits=0b0001)


def test_a_capability_is_bounded_from_above():
    def found(most):
        needs = {"device": {}, "most": {"queues": most}, "host": []}
        return play(vector("V0001", [], needs=needs))

    assert found(8).verdict is Verdict.PASS
    assert found(7).verdict is Verdict.NOT_SUPPORTED
    assert found(7).text == "device capability queues: has 0x8, needs at most 0x7"


@pytest.mark.parametrize(("first", "last", "holds"), CONTRACT_RANGES)
def test_a_vector_holds_for_a_range_of_contracts(first, last, holds):
    steps = [{"op": "read", "bar": 0, "at": 0, "size": 8, "expect": {"any": True}}]
    one = vector("V0001", steps, contract=[first, last])
    found = play(one, capabilities=capabilities())
    assert found.verdict is (Verdict.PASS if holds else Verdict.NOT_SUPPORTED)
    if not holds:
        until = last or "today"
        assert found.text == f"device contract 0.1.0: the vector holds from {first} to {until}"
    # A suite that does not say where the version stands is played as it is.
    assert play(one).verdict is Verdict.PASS


def test_a_capability_that_the_device_refuses_to_read_is_none():
    async def units(device):
        where = {"absent": {"at": 0x6000, "lsb": 4, "width": 8}}
        hardware = Hardware(device.transport, device.function, without=frozenset())
        player = Player(suite(capabilities=where), hardware, print, seed=1, scale=1.0)
        await player.start()
        return player.capabilities

    assert doorbell.run(units) == {"absent": 0}


def test_an_ability_that_is_taken_away_is_not_used():
    steps = [{"op": "faults", "expect": {"eq": 0}}]
    assert play(vector("V0001", steps)).verdict is Verdict.PASS
    result = play(vector("V0001", steps), without=["iommu_faults"])
    assert result.verdict is Verdict.NOT_SUPPORTED
    assert "iommu_faults" in result.text


def test_the_link_needs_an_analyser():
    steps = [{"op": "link", "check": "none", "filter": {"kind": "memory_write"}}]
    needs = {"device": {}, "host": ["link"]}
    assert play(vector("V0001", steps, needs=needs)).verdict is Verdict.NOT_OBSERVED
    failing = [*steps, read(DEVICE.SCRATCH, expect={"eq": 1})]
    assert play(vector("V0001", failing)).verdict is Verdict.FAIL


def test_what_the_host_cannot_do_is_an_error_of_the_host():
    steps = [{"op": "put", "buffer": "records", "at": 250, "bytes": [["f", 0, 16]]}]
    result = play(vector("V0001", steps, buffers=queue_buffers()))
    assert result.verdict is Verdict.ERROR
    assert result.text.startswith("host: 16 bytes at 250 of buffer 'records'")


def test_an_unknown_saved_value_is_an_error():
    result = play(vector("V0001", [write(DEVICE.SCRATCH, {"saved": "nothing"})]))
    assert result.verdict is Verdict.ERROR
    assert "nothing" in result.text


def test_an_exception_of_the_player_is_an_error_with_its_trace(monkeypatch):
    async def broken(_run, _step):
        raise RuntimeError("planted")

    monkeypatch.setitem(ops.OPS, "publish", broken)
    log: list = []
    result = play(vector("V0001", [{"op": "publish"}]), log=log)
    assert result.verdict is Verdict.ERROR
    assert result.text == "player: RuntimeError: planted"
    assert any("planted" in row.get("trace", "") for row in log)


def test_a_write_next_to_a_buffer_is_found():
    """A record that goes 16 bytes past the end of its buffer: the guard bytes there change."""
    buffers = queue_buffers() | {"records": {"size": 16, "edge": 64, "init": [["f", 0, 16]]}}
    outside = packet(record=1)
    steps = [
        *made.enabled(),
        {"op": "put", "buffer": "ring", "at": 0, "bytes": outside},
        {"op": "publish"},
        write(registers.DOORBELL[0].DOORBELL, 1),
        read(made.QUEUE.GET, expect={"eq": 1}, within=20000),
        read(made.QUEUE.STATUS, expect={"eq": 256, "mask": 256}, within=20000),
        write(made.QUEUE.CONTROL, 4),
    ]
    result = play(vector("V0001", steps, buffers=buffers))
    assert result.verdict is Verdict.FAIL
    assert result.op == "guard bytes"
    assert "outside buffer 'records'" in result.where


def test_a_device_that_is_left_unhealthy_fails_its_vector():
    """A queue that still runs when the vector ends: `health` wants an idle device."""
    waiting = packet(opcode=Opcode.WAIT)  # on semaphore 0, until it is 1
    head = bytearray(bytes.fromhex(waiting[0][1]))
    head[16] = 1
    steps = [
        *made.enabled(),
        {"op": "put", "buffer": "ring", "at": 0, "bytes": [["x", bytes(head).hex()]]},
        {"op": "publish"},
        write(registers.DOORBELL[0].DOORBELL, 1),
        {"op": "delay", "cycles": 2000},
    ]
    result = play(vector("V0001", steps, buffers=queue_buffers()))
    assert result.verdict is Verdict.FAIL
    assert result.op.startswith("health/")


def test_a_device_that_has_gone_fails(monkeypatch):
    """All registers read all ones after the vector's reset."""

    async def gone(self, bar, at, size):
        return (1 << 8 * size) - 1

    real = Hardware.read

    async def leaving(self, bar, at, size):
        if at == DEVICE.SCRATCH.offset:
            monkeypatch.setattr(Hardware, "read", gone)
        return await real(self, bar, at, size)

    monkeypatch.setattr(Hardware, "read", leaving)
    steps = [read(DEVICE.SCRATCH), read(DEVICE.SCRATCH, expect={"eq": 1}, within=100_000)]
    result = play(vector("V0001", steps))
    assert result.verdict is Verdict.FAIL
    assert "all ones" in result.text


def test_save_order_and_difference():
    steps = [
        read(DEVICE.CYCLES, save="a"),
        read(DEVICE.CYCLES, save="b"),
        {"op": "order", "names": ["a", "b"], "strict": True},
        {"op": "difference", "of": "b", "minus": "a", "expect": {"min": 1, "max": 100_000}},
    ]
    assert play(vector("V0001", steps)).verdict is Verdict.PASS
    backwards = [*steps[:2], {"op": "order", "names": ["b", "a"], "strict": False}]
    assert play(vector("V0001", backwards)).signature == "order / DEV-ID-001 / order"
    far = [*steps[:2], {"op": "difference", "of": "b", "minus": "a", "expect": {"eq": 0}}]
    assert play(vector("V0001", far)).signature.endswith("difference")
