"""What a queue refuses to take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_transport import run, streamed

from doorbell import encode
from doorbell.contract import Flag, Opcode, Space
from doorbell.errors import ArgumentError, UseAfterFree


@pytest.mark.parametrize("flag", [Flag.RECORD, Flag.INTERRUPT])
def test_flags_of_the_runtime_are_refused(flag: Flag) -> None:
    transport, _, stream = streamed()
    packets = encode.nops(3)
    packets["flags"][1] = flag
    with pytest.raises(ArgumentError, match="RECORD"):
        stream.submit(packets)
    assert transport.did == []


@pytest.mark.parametrize(
    "packets", [np.zeros(3, np.uint8), np.zeros((2, 2), encode.nops(1).dtype), [1, 2]]
)
def test_other_arrays_are_no_packets(packets: Any) -> None:
    _, _, stream = streamed()
    with pytest.raises(ArgumentError, match="dtype"):
        stream.submit(packets)


def test_submitted_packets_are_copied() -> None:
    transport, _, stream = streamed()
    packets = encode.nops(2)
    stream.submit(packets)
    packets["opcode"] = 0
    stream.flush()
    assert transport.opcodes() == [Opcode.NOP, Opcode.NOP]
    assert not packets["tag"].any()


OWN_BAR = {
    "copy from": lambda at: encode.copies(at, 0, 8, source_space=Space.HOST),
    "copy to": lambda at: encode.copies(0, at, 8, destination_space=Space.HOST),
    "fill": lambda at: encode.fill(at, 0, 8, space=Space.HOST),
    "write": lambda at: encode.write(at, b"12345678", space=Space.HOST),
    "signal": lambda at: encode.encode(Opcode.SIGNAL, mode=2, destination=at, value=1),
    "launch": lambda at: encode.launch(1, (1, 1, 1), at, unit_mask=1, space=Space.HOST),
}


@pytest.mark.parametrize("make", OWN_BAR.values(), ids=OWN_BAR)
@pytest.mark.parametrize("number", [0, 2])
def test_the_devices_own_bars_are_no_host_memory(make: Any, number: int) -> None:
    """RT-SUBMIT-006, at both ends of the BAR."""
    transport, device, stream = streamed()
    bar = device.function.bars[number]
    before, after = bar.address - 64, bar.address + bar.size
    stream.submit(np.concatenate([make(before), make(after)]))
    for at in (bar.address - 7, bar.address, bar.address + bar.size - 64):
        if at % 64 and make is OWN_BAR["launch"]:
            continue
        with pytest.raises(
            ArgumentError, match=rf"packet 1: .*{at:#x}.*BAR{number} \[{bar.address:#x}"
        ):
            stream.submit(np.concatenate([encode.nops(1), make(at)]))
    device_space = encode.copies(bar.address, bar.address, 8)
    stream.submit(device_space)  # not HOST: the device judges it
    assert transport.did == []


def test_a_closed_stream_takes_nothing() -> None:
    transport, _, stream = streamed(latency=5)
    run(transport, stream.close())
    for use in (stream.record, lambda: stream.submit(encode.nops(1))):
        with pytest.raises(UseAfterFree, match="queue 0 is used after it was closed"):
            use()
    for use_ in (stream.close, stream.reset):
        with pytest.raises(UseAfterFree):
            run(transport, use_())
