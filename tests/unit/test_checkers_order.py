"""The order checker: silent about a right run, and red for each planted breach."""

from __future__ import annotations

import pytest
from made_trace import BAR0, DATA, RING, STATE, Maker, copied, copy, fetched, marked, started

from doorbell import encode
from doorbell.contract import QueueState, SignalMode, Space, registers
from doorbell_tb import tlp

CONTROL = BAR0 + registers.QUEUE[0].CONTROL.offset


def test_clean_run_has_no_findings():
    assert copied().findings() == []


def test_two_batches_over_the_ring_end_have_no_findings():
    maker = started()
    for lap in range(5):
        maker.submit(*(copy(value=4 * lap + n + 1, address=DATA + 256 * n) for n in range(4)))
        maker.fetch(4 * lap % 16, 4)
        for n in (2, 0, 3, 1):  # between start and retirement commands overlap
            maker.writes(DATA + 256 * n, bytes(256))
        for n in range(4):
            maker.record(4 * lap + n + 1)
            maker.interrupt()
        maker.writeback(4 * lap + 4)
    assert maker.findings() == []


def test_data_after_its_record():
    maker = fetched()
    maker.writes(DATA, bytes(128))
    maker.record(1)
    maker.writes(DATA + 128, bytes(128))
    maker.interrupt()
    assert maker.broken() == {"ORD-UP-001", "DMA-COPY-002"}
    assert "128 of 256 bytes" in str(maker.findings()[0])


def test_record_covers_earlier_commands_too():
    maker = started()
    plain = copy()
    plain["flags"] = plain["record_address"] = plain["record_value"] = 0
    maker.submit(plain, marked(encode.nop(), 2))
    maker.fetch(0, 2)
    maker.record(2)
    maker.interrupt()
    assert maker.broken() == {"ORD-UP-001"}


def test_interrupt_before_its_record():
    maker = fetched()
    maker.writes(DATA, bytes(256))
    maker.interrupt()
    maker.record(1)
    findings = maker.findings()
    assert [finding.rule for finding in findings] == ["ORD-UP-001"]
    assert "interrupt of vector 0 ahead of its record" in str(findings[0])


def test_interrupt_without_event():
    maker = copied()
    maker.interrupt()
    assert maker.broken() == {"INT-EVENT-003"}


def entry(maker: Maker, vector: int, address: int, data: int) -> None:
    table = BAR0 + registers.MSIX_TABLE.offset + 16 * vector
    maker.write(table, address)
    maker.write(table + 8, data)


def test_a_message_goes_where_its_entry_points():
    """INT-MSIX-001: a buffer, too."""
    word = (0x89ABCDEF).to_bytes(4, "little")
    maker = copied()
    entry(maker, 2, DATA + 0x1008, 0x89ABCDEF)
    maker.writes(DATA + 0x1008, word)
    entry(maker, 2, DATA + 0x2008, 0x1_89AB_CDEF)
    maker.writes(DATA + 0x1008, word)  # it was on its way
    assert maker.findings() == []


@pytest.mark.parametrize("wrong", ["address", "data", "length", "masked", "over", "early"])
def test_a_write_that_no_entry_explains(wrong: str):
    maker = copied()
    if wrong == "early":
        maker.writes(DATA + 0x1000, bytes([5, 0, 0, 0]))
    entry(maker, 2, DATA + 0x1000, (wrong == "masked") << 32 | 5)
    if wrong == "over":
        entry(maker, 2, DATA + 0x1000, 1 << 32 | 5)
        asked = maker.add(tlp.memory_read(BAR0, 4), to_host=False)
        maker.answer(asked, bytes(4), to_host=True)
    if wrong != "early":
        data = bytes([5 + (wrong == "data"), 0, 0, 0]) * (1 + (wrong == "length"))
        maker.writes(DATA + 0x1000 + 4 * (wrong == "address"), data)
    assert maker.broken() == {"DMA-COPY-002"}


def test_interrupt_of_another_vector():
    maker = copied()
    maker.interrupt(3)
    assert maker.broken() == {"INT-EVENT-003"}


def test_write_outside_every_destination():
    maker = fetched()
    maker.writes(DATA, bytes(256))
    maker.writes(DATA + 256, bytes(4))
    maker.record(1)
    maker.interrupt()
    assert maker.broken() == {"DMA-COPY-002"}


def test_write_before_the_doorbell():
    maker = started()
    maker.writes(DATA, bytes(256))
    maker.submit(copy())
    maker.fetch()
    assert maker.broken() == {"DMA-COPY-002"}


def test_record_with_a_value_of_no_command():
    maker = fetched()
    maker.writes(DATA, bytes(256))
    maker.record(7)
    assert maker.broken() == {"DMA-COPY-002"}


def test_second_record_of_a_command():
    maker = copied()
    maker.record(1)
    assert maker.broken() == {"DMA-COPY-002"}


def test_records_of_a_queue_out_of_order():
    maker = started()
    other = marked(encode.nop(), 2)
    other["record_address"] = STATE + 256
    maker.submit(marked(encode.nop(), 1), other)
    maker.fetch(0, 2)
    maker.writes(STATE + 256, (5).to_bytes(8, "little") + (2).to_bytes(8, "little"))
    maker.record(1)
    assert "CP-RETIRE-001" in maker.broken()


def test_failed_command_leaves_no_record_and_the_next_lap_is_matched():
    maker = started()
    maker.submit(copy(value=1), copy(value=2))
    maker.fetch(0, 2)
    maker.writes(DATA, bytes(64))  # the first one fails on its way
    maker.writes(STATE + 64, bytes(64))
    maker.interrupt()
    maker.enable(start=2)
    maker.submit(copy(value=3))
    maker.fetch(2)
    maker.writes(DATA, bytes(256))
    maker.record(3)
    maker.interrupt()
    assert maker.findings() == []


def test_ring_read_of_a_slot_that_was_not_handed_over():
    maker = started()
    maker.submit(copy())
    maker.fetch(0, 2)
    assert maker.broken() == {"CP-RING-001"}


def test_read_of_nothing_that_a_command_names():
    maker = copied()
    maker.answer(maker.reads(DATA + 0x1000, 64, 1), bytes(64), to_host=False, left=64)
    assert maker.broken() == {"DMA-READ-001"}


def test_read_of_a_source_after_retirement():
    maker = started()
    source = encode.copies(DATA, 0, 64, source_space=Space.HOST, destination_space=Space.DEVICE)
    maker.submit(marked(source, 1))
    maker.fetch()
    maker.answer(maker.reads(DATA, 64, 1), bytes(64), to_host=False, left=64)
    maker.record(1)
    assert maker.findings() == []
    maker.answer(maker.reads(DATA, 64, 2), bytes(64), to_host=False, left=64)
    assert maker.broken() == {"DMA-READ-001"}


def test_signal_between_data_and_record():
    def run(*order: str) -> set[str]:
        maker = started()
        signal = encode.encode(
            encode.Opcode.SIGNAL,
            mode=SignalMode.WRITE8,
            destination_space=Space.HOST,
            destination=STATE + 512,
            value=77,
        )
        maker.submit(copy(value=1), marked(signal, 2))
        maker.fetch(0, 2)
        steps = {
            "data": lambda: maker.writes(DATA, bytes(256)),
            "first": lambda: maker.record(1),
            "signal": lambda: maker.writes(STATE + 512, (77).to_bytes(8, "little")),
            "second": lambda: maker.record(2),
        }
        for step in order:
            steps[step]()
        return maker.broken()

    assert run("data", "first", "signal", "second") == set()
    assert "ORD-UP-001" in run("signal", "data", "first", "second")
    assert "CP-RETIRE-002" in run("data", "first", "second", "signal")


@pytest.mark.parametrize("recorded", [True, False])
def test_a_reset_stops_signals_and_records(recorded: bool):
    """Equal ones of the next session are that session's."""
    maker = started()
    signal = encode.encode(
        encode.Opcode.SIGNAL,
        mode=SignalMode.WRITE8,
        destination_space=Space.HOST,
        destination=STATE + 512,
        value=77,
    )
    last = marked(signal.copy(), 2)
    maker.submit(copy(value=1), last if recorded else signal)
    maker.fetch(0, 2)
    maker.write(BAR0 + registers.QUEUE[0].CONTROL.offset, 4)
    maker.enable()
    maker.submit(copy(value=1), last)
    maker.fetch(0, 2)
    maker.writes(DATA, bytes(256))
    maker.record(1)
    maker.writes(STATE + 512, (77).to_bytes(8, "little"))
    maker.record(2)
    assert maker.findings() == []
    maker.writes(STATE + 512, (77).to_bytes(8, "little"))
    maker.record(2)
    assert maker.broken() == {"DMA-COPY-002"}


def test_an_enable_does_not_end_a_drain():
    """CP-STATE-001: a DRAINING queue takes no notice of it, and finishes what it has started."""
    maker = started()
    maker.submit(copy(value=1))
    maker.fetch()
    for control in (2, 1):
        maker.write(CONTROL, control)
    maker.writes(DATA, bytes(256))
    maker.record(1)
    assert maker.findings() == []


@pytest.mark.parametrize("looks", [(), (QueueState.DRAINING,), (QueueState.DISABLED,)])
def test_an_enable_while_draining_begins_no_count(looks: tuple[QueueState, ...]):
    """CP-WB-002, CP-RING-001: the fetch and the count that come after it are the session's that drains."""
    maker = started()
    maker.submit(copy(value=1), copy(value=2))
    for control in (2, 1):
        maker.write(CONTROL, control)
    for state in looks:
        maker.status(state)
    maker.fetch(0, 2)
    maker.writes(DATA, bytes(256))
    maker.record(1)
    maker.writeback(1)
    assert maker.findings() == []
    maker.writeback(3)  # a count that neither session has reached
    maker.status(QueueState.DISABLED)
    assert maker.broken() == {"CP-WB-002"}


@pytest.mark.parametrize(
    ("before", "after"), [(QueueState.DISABLED, None), (QueueState.DRAINING, QueueState.RUNNING)]
)
def test_an_enable_after_a_drain_begins_a_count(before: QueueState, after: QueueState | None):
    """Software saw that the drain had ended, or that the enable took effect."""
    maker = copied()
    maker.write(CONTROL, 2)
    maker.status(before)
    maker.enable(start=5)
    if after is not None:
        maker.status(after)
    maker.submit(copy())
    maker.fetch(5)
    maker.writes(DATA, bytes(256))
    maker.record(1)
    maker.interrupt()
    maker.writeback(6)
    assert maker.findings() == []
    maker.writeback(5)
    assert maker.broken() == {"CP-WB-002"}


def test_writeback_that_runs_ahead_or_back():
    ahead = started()
    ahead.submit(copy())
    ahead.fetch()
    ahead.writeback(2)
    assert ahead.broken() == {"CP-WB-002"}
    back = copied()
    back.writeback(0)
    assert back.broken() == {"CP-WB-002"}


def test_a_raw_doorbell_makes_ownership_unknown():
    maker = copied()
    journal = maker.journal.rung[0]
    maker.write(BAR0 + registers.DOORBELL[0].DOORBELL.offset, 2)
    maker.journal.rung[0] = journal  # as if the journal had not seen it
    maker.writes(DATA + 0x800, bytes(64))
    assert maker.findings() == []


def test_ring_base_is_known_to_the_journal():
    maker = copied()
    session = maker.journal.sessions[0]
    assert (session.base, session.size, session.start, session.put) == (RING, 16, 0, 1)
    assert session.writeback == STATE + 128
    assert session.error_record == STATE + 64


def test_a_ring_that_a_device_reset_ended_is_plain_memory():
    """Whoever comes next may use its addresses for something else, such as the next client of a served device."""
    for reset in (False, True):
        maker = started()
        maker.submit(copy())
        maker.fetch()
        maker.writes(DATA, bytes(256))
        maker.record(1)
        maker.interrupt()
        if reset:
            maker.write(BAR0 + registers.DEVICE.CONTROL.offset, 1)
        maker.write(BAR0 + registers.QUEUE[1].RING_BASE.offset, RING + 0x100000)
        maker.fetch(slot=5)
        maker.writeback(9)
        assert ({"CP-RING-001", "CP-WB-002"} <= maker.broken()) is not reset


def test_a_doorbell_during_a_device_reset_hands_nothing_over():
    maker = started()
    maker.write(BAR0 + registers.DEVICE.CONTROL.offset, 1)
    maker.submit(copy())
    assert maker.journal.sessions[0].batches == []
