"""Checkers, waves and further public signals in a real simulator, with a device that breaks rules on demand."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorbell.exit_codes import ExitCode
from doorbell_tb.build import Build, build
from doorbell_tb.sim.run import TestSettings, run_test
from doorbell_tb.simulation import Ending

TOY = Path(__file__).resolve().parents[1] / "toy" / "toy.f"

TESTS = '''
import cocotb
from doorbell_tb import link, tlp

BAR = 0x40_0000_0000


async def toy_sends(packet):
    """Have the toy send one TLP as it is."""
    transport = link.transport()
    await transport.config_write(0x10, BAR & 0xFFFF_FFFF)
    await transport.config_write(0x14, BAR >> 32)
    await transport.config_write(0x04, 6)
    words = [*packet.header, 0][:4]
    transport.write(BAR, words[1] << 32 | words[0])
    transport.write(BAR + 8, words[3] << 32 | words[2])
    transport.write(BAR + 0x10, max(1, -(-len(packet.payload) // 64)) | 1 << 8)
    await transport.wait(transport.events(), transport.now() + 500)


def write(size=64, **fields):
    return tlp.memory_write(0x1_0000_0000, bytes(size)).changed(requester=0x100, **fields)


@cocotb.test()
async def sees_the_toy_inside(dut):
    transport = link.transport()
    await transport.wait(transport.events(), transport.now() + 50)
    assert dut.u_device.hold_q.value == 0


@cocotb.test()
async def refused_write(dut):
    await toy_sends(write())


@cocotb.test()
async def refused_write_that_was_seen(dut):
    link.expect("DMA-COPY-002")
    await toy_sends(write())
    assert [fault.length for fault in link.transport().faults()] == [64]


@cocotb.test()
async def relaxed_ordering(dut):
    await toy_sends(write(attributes=2))
    link.transport().faults()


@cocotb.test()
async def too_large(dut):
    await toy_sends(write(256))
    link.transport().faults()


@cocotb.test()
async def too_large_on_purpose(dut):
    link.expect("EP-TLP-001", "DMA-COPY-002")
    await toy_sends(write(256))
    link.transport().faults()
'''


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Build:
    shown = tmp_path_factory.mktemp("public") / "more.vlt"
    shown.write_text('`verilator_config\npublic_flat_rd -module "doorbell_device" -var "hold_q"\n')
    return build("toy-public", device=TOY, public=[shown])


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "toy_user_test.py"
    file.write_text(TESTS)
    return file


@pytest.fixture
def run(program, file):
    def one(test: str) -> Ending:
        ending, _ = run_test(program, file, test, TestSettings(out=file.parent / "out"))
        return ending

    return one


def test_further_signals(run):
    ending = run("sees_the_toy_inside")
    assert ending.code is ExitCode.RIGHT, ending.message


def test_waves(file):
    program = build("toy-waves", device=TOY, waves=True)
    settings = TestSettings(out=file.parent / "out", waves=True)
    ending, folder = run_test(program, file, "refused_write_that_was_seen", settings)
    assert ending.code is ExitCode.RIGHT, ending.message
    assert (folder / f"dump.{program.waves}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("test", "rule"),
    [
        ("refused_write", "RT-FAIL-003"),
        ("relaxed_ordering", "ORD-ATTR-001"),
        ("too_large", "EP-TLP-001"),
    ],
)
def test_a_device_that_breaks_a_rule_fails_the_run(run, test, rule):
    ending = run(test)
    assert ending.code is ExitCode.PROTOCOL
    assert ending.message.startswith(f"{rule}: ") or f"\n{rule}: " in ending.message


@pytest.mark.parametrize("test", ["refused_write_that_was_seen", "too_large_on_purpose"])
def test_what_is_expected_or_seen_is_no_failure(run, test):
    ending = run(test)
    assert ending.code is ExitCode.RIGHT, ending.message
