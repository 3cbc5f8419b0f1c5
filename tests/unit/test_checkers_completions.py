"""The completion checker: byte count, lower address, cuts, status and number of completions."""

from __future__ import annotations

import pytest
from made_trace import BAR0, DATA, Maker, started

from doorbell.contract import CompletionStatus, TlpKind
from doorbell_tb import tlp
from doorbell_tb.checkers.finding import PCIE
from doorbell_tb.trace import TlpFlag


def mmio(address: int = BAR0 + 0x10004, length: int = 8) -> tuple[Maker, int]:
    maker = started()
    return maker, maker.add(tlp.memory_read(address, length), to_host=False)


def split_read(address: int = DATA + 100, length: int = 300) -> tuple[Maker, int]:
    maker = started()
    return maker, maker.reads(address, length)


def rules(maker: Maker, **more: object) -> set[str]:
    return maker.broken(**more) - {"DMA-READ-001"}


def test_right_answer_to_mmio():
    maker, at = mmio()
    maker.answer(at, bytes(8), to_host=True, left=8, low=4)
    assert rules(maker) == set()


@pytest.mark.parametrize(("left", "low"), [(4, 4), (8, 0), (12, 4), (8, 5)])
def test_wrong_byte_count_or_lower_address(left, low):
    maker, at = mmio()
    maker.answer(at, bytes(8), to_host=True, left=left, low=low)
    assert rules(maker) == {"EP-CPL-002"}


def test_unaligned_read_of_three_bytes():
    maker, at = mmio(BAR0 + 0x10005, 3)
    maker.answer(at, bytes(4), to_host=True, left=3, low=5)
    assert rules(maker) == set()


def test_zero_length_read():
    maker, at = mmio(BAR0 + 0x10000, 0)
    maker.answer(at, bytes(4), to_host=True, left=1, low=0)
    assert rules(maker) == set()


def test_host_splits_at_64_bytes():
    maker, at = split_read()
    for low, end in ((100, 128), (128, 320), (320, 400)):
        size = end - low
        maker.answer(at, bytes(size), to_host=False, left=400 - low, low=low & 0x7F)
    assert rules(maker) == set()


def test_host_splits_off_a_boundary():
    maker, at = split_read()
    maker.answer(at, bytes(60), to_host=False, left=300, low=100)
    maker.answer(at, bytes(240), to_host=False, left=240, low=160 & 0x7F)
    assert rules(maker) == {PCIE}


def test_device_may_split_at_128_bytes_only():
    maker, at = mmio(BAR0 + 0x10000, 256)
    maker.answer(at, bytes(128), to_host=True, left=256)
    maker.answer(at, bytes(128), to_host=True, left=128)
    assert rules(maker) == set()
    wrong, at = mmio(BAR0 + 0x10000, 256)
    wrong.answer(at, bytes(64), to_host=True, left=256)
    wrong.answer(at, bytes(192), to_host=True, left=192, low=64)
    assert rules(wrong) == {"EP-CPL-002"}


def test_wrong_byte_count_in_a_later_part():
    maker, at = mmio(BAR0 + 0x10000, 256)
    maker.answer(at, bytes(128), to_host=True, left=256)
    maker.answer(at, bytes(128), to_host=True, left=256)
    assert rules(maker) == {"EP-CPL-002"}


def test_more_data_than_asked_for():
    maker, at = mmio()
    maker.answer(at, bytes(16), to_host=True, left=8, low=4)
    assert rules(maker) == {"EP-CPL-002"}


def test_completion_larger_than_mps():
    maker, at = mmio(BAR0 + 0x10000, 512)
    maker.answer(at, bytes(512), to_host=True, left=512)
    assert rules(maker) == {"EP-CPL-002"}


@pytest.mark.parametrize("status", [CompletionStatus.UR, CompletionStatus.CA])
def test_failing_answers_are_legal_without_data(status):
    maker, at = mmio()
    maker.answer(at, b"", to_host=True, left=8, status=status)
    assert rules(maker) == set()
    wrong, at = mmio()
    wrong.answer(at, bytes(8), to_host=True, left=8, low=4, status=status)
    assert rules(wrong) == {"EP-CPL-002"}


def test_reserved_status():
    maker, at = mmio()
    maker.answer(at, b"", to_host=True, left=8, status=3)
    assert rules(maker) == {"EP-CPL-001"}


def test_success_without_data():
    maker, at = mmio()
    maker.answer(at, b"", to_host=True, left=8)
    assert rules(maker) == {"EP-CPL-002"}


def test_second_answer_to_a_configuration_write():
    maker = started()
    at = maker.config(0x3C, 1, write=True)
    maker.answer(at, b"", to_host=True)
    assert rules(maker) == {"EP-CPL-001"}


def test_answer_after_a_failing_one():
    maker, at = mmio()
    maker.answer(at, b"", to_host=True, left=8, status=CompletionStatus.UR)
    maker.answer(at, bytes(8), to_host=True, left=8, low=4)
    assert rules(maker) == {"EP-CPL-001"}


def test_answer_that_nobody_waits_for():
    maker = started()
    header = (TlpKind.CPL << 24, 0x0100_0004, 0x0000_0700)
    maker.add(tlp.Tlp(header), to_host=True, flags=TlpFlag.UNKNOWN)
    assert rules(maker) == {"EP-CPL-001"}


def test_answer_to_a_raw_request_is_known():
    maker = started()
    raw = tlp.memory_read(BAR0, 4).changed(tag=7)
    maker.add(raw, to_host=False, flags=TlpFlag.INJECTED)
    header = (TlpKind.CPL << 24, 0x0100_0004, 0x0000_0700)
    maker.add(tlp.Tlp(header), to_host=True, flags=TlpFlag.UNKNOWN)
    assert rules(maker, spoiled=True) == set()


def test_wrong_completer_and_wrong_tag():
    maker, at = mmio()
    answer = maker.answer(at, bytes(8), to_host=True, left=8, low=4)
    maker.rows[answer]["header"][0, 1] = 0x0300_0008
    assert rules(maker) == {"EP-CFG-003"}
    maker.rows[answer]["header"][0, 1] = 0x0100_0008
    maker.rows[answer]["header"][0, 2] |= 0x0500
    assert rules(maker) == {"EP-CPL-002"}


def test_attributes_are_echoed():
    maker, at = mmio()
    answer = maker.answer(at, bytes(8), to_host=True, left=8, low=4)
    maker.rows[answer]["header"][0, 0] |= 0x2000
    assert rules(maker) == {PCIE}
