"""The protocol checker: each illegal TLP, planted into a clean trace, is found under its rule."""

from __future__ import annotations

import pytest
from made_trace import DATA, RING, Maker, copied, started

from doorbell_tb import tlp
from doorbell_tb.checkers.finding import PCIE
from doorbell_tb.host_types import FaultKind
from doorbell_tb.trace import TlpFlag


def change(maker: Maker, at: int, **fields: int) -> None:
    """Replace header fields of a TLP in the trace."""
    words = tuple(int(word) for word in maker.rows[at]["header"][0])
    maker.rows[at]["header"][0] = tlp.Tlp(words).changed(**fields).header


def data_write(length: int = 256, address: int = DATA) -> tuple[Maker, int]:
    maker = started()
    return maker, maker.writes(address, bytes(length))


def only_protocol(maker: Maker, **more: object) -> set[str]:
    """Rules broken, without what the order checker says about TLPs that no command explains."""
    return maker.broken(**more) - {"DMA-COPY-002", "DMA-READ-001"}


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"kind": 0x7B}, PCIE),
        ({"length": 63}, PCIE),
        ({"attributes": 1}, "ORD-ATTR-001"),
        ({"attributes": 2}, "ORD-ATTR-001"),
        ({"attributes": 4}, "ORD-ATTR-001"),
        ({"traffic_class": 3}, "ORD-ATTR-001"),
        ({"requester": 0x0208}, "EP-CFG-003"),
        ({"first_be": 0}, "EP-TLP-005"),
        ({"last_be": 0}, "EP-TLP-005"),
        ({"first_be": 0x5}, "EP-TLP-005"),
        ({"last_be": 0x8}, "EP-TLP-005"),
    ],
)
def test_bad_header_field(fields, rule):
    maker, at = data_write()
    assert only_protocol(maker) == set()
    change(maker, at, **fields)
    assert rule in only_protocol(maker)


def test_write_larger_than_mps():
    maker, _ = data_write(260)
    assert only_protocol(maker) == {"EP-TLP-001"}


def test_mps_goes_down_with_its_write():
    maker, _ = data_write()
    maker.config(0x48, 2 << 12, write=True)
    assert only_protocol(maker) == set()
    maker.writes(DATA, bytes(256))
    assert only_protocol(maker) == {"EP-TLP-001"}


def test_read_larger_than_mrrs():
    maker = started()
    maker.reads(DATA, 516)
    assert only_protocol(maker) == {"EP-TLP-002"}


@pytest.mark.parametrize("lead", [4, 60, 252])
def test_request_over_a_page(lead):
    maker, _ = data_write(256, DATA + 0x1000 - lead)
    assert only_protocol(maker) == {"EP-TLP-003"}
    legal, _ = data_write(lead, DATA + 0x1000 - lead)
    assert only_protocol(legal) == set()


def test_wide_form_below_four_gigabytes():
    maker, at = data_write(64, 0x1000)
    assert only_protocol(maker) == set()
    words = maker.rows[at]["header"][0]
    words[:] = (int(words[0]) | 0x20 << 24, words[1], 0, words[2])
    assert only_protocol(maker) == {"EP-TLP-006"}


def test_single_dword_with_a_gap():
    maker, at = data_write(4)
    change(maker, at, first_be=0x9)
    assert only_protocol(maker) == {"EP-TLP-005"}


def test_request_while_bus_master_is_off():
    maker, _ = data_write()
    maker.config(0x04, 2, write=True)
    maker.writes(DATA, bytes(64))
    assert only_protocol(maker) == {"EP-BM-001"}
    maker.config(0x04, 6, write=True)
    maker.writes(DATA, bytes(64))
    assert len([one for one in maker.findings() if one.rule == "EP-BM-001"]) == 1


def test_request_between_write_and_completion_of_the_setting_is_legal():
    maker, _ = data_write()
    maker.config(0x04, 2, write=True)
    answer = maker.rows.pop()
    maker.writes(DATA, bytes(64))
    maker.rows.append(answer)
    assert only_protocol(maker) == set()


def test_requests_after_a_reset_of_the_link():
    maker, _ = data_write(128)
    reset = len(maker.rows)
    maker.writes(DATA, bytes(128))
    assert only_protocol(maker) == set()
    assert only_protocol(maker, resets=(reset,)) == {"EP-BM-001"}


def test_tag_used_again_too_early():
    maker = started()
    first = maker.reads(DATA, 128, 9)
    maker.answer(first, bytes(64), to_host=False, left=128)
    second = maker.reads(DATA + 128, 64, 9)
    maker.answer(second, bytes(64), to_host=False, left=64)
    maker.answer(first, bytes(64), to_host=False, left=64, low=64)
    assert only_protocol(maker) == {"EP-TAG-001"}


def test_tag_used_again_after_its_last_completion_is_legal():
    maker = started()
    for _ in range(3):
        maker.answer(maker.reads(DATA, 64, 9), bytes(64), to_host=False, left=64)
    assert only_protocol(maker) == set()


@pytest.mark.parametrize(
    ("headers", "data", "broken"), [(0, 100, True), (1, 15, True), (1, 16, False)]
)
def test_credits(headers, data, broken):
    maker, at = data_write()
    maker.rows[at]["credit_headers"], maker.rows[at]["credit_data"] = headers, data
    assert only_protocol(maker) == ({"EP-CREDIT-001"} if broken else set())


def test_message_that_is_none():
    maker = copied()
    maker.writes(0xFEE0_0000, bytes(8), TlpFlag.MESSAGE)
    assert "INT-MSIX-001" in only_protocol(maker)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (FaultKind.CREDITS, "EP-CREDIT-001"),
        (FaultKind.TAG_REUSE, "EP-TAG-001"),
        (FaultKind.UNEXPECTED, "EP-CPL-001"),
        (FaultKind.BAD_COMPLETION, "EP-CPL-002"),
        (FaultKind.MMIO_TIMEOUT, "EP-CPL-001"),
        (FaultKind.BAD_MESSAGE, "INT-MSIX-001"),
        (FaultKind.FRAMING, PCIE),
        (FaultKind.UNSUPPORTED, PCIE),
    ],
)
def test_host_log_becomes_findings(kind, rule):
    maker = copied()
    maker.fault(kind)
    assert maker.broken() == {rule}


def test_refused_access_that_the_program_never_saw():
    maker = copied()
    maker.fault(FaultKind.WRITE_REFUSED)
    assert maker.broken() == {"RT-FAIL-003"}
    assert maker.broken(faults_told=1) == set()


def test_injected_tlps_are_not_judged():
    maker = copied()
    at = maker.add(
        tlp.memory_read(RING, 8).changed(kind=0x7B), to_host=False, flags=TlpFlag.INJECTED
    )
    assert maker.broken(spoiled=True) == set()
    maker.rows[at]["flags"] = 0
    assert PCIE in maker.broken()


def test_a_finding_says_rule_place_cycle_and_sentence():
    maker, at = data_write(260)
    finding = next(one for one in maker.findings() if one.rule == "EP-TLP-001")
    text = str(finding)
    assert f"TLP {at}" in text
    assert f"cycle {finding.cycle}" in text
    assert "No memory write of the device shall carry more payload" in text
