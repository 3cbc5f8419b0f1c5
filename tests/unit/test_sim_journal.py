"""The journal: what software submitted, read from its posted writes."""

from __future__ import annotations

import numpy as np
from made_trace import BAR0, RING, Maker, copy, started

from doorbell.contract import QueueState, registers

CONTROL = BAR0 + registers.QUEUE[0].CONTROL.offset
DOORBELL = BAR0 + registers.DOORBELL[0].DOORBELL.offset


def test_nothing_is_known_before_the_bar_is_placed():
    maker = Maker()
    maker.enable()
    assert maker.journal.bar0 is None
    assert maker.journal.sessions == []


def test_sizing_writes_are_no_address():
    maker = Maker()
    maker.journal.config_write(0x10, 0xFFFF_FFFF, 4)
    maker.journal.config_write(0x14, 0xFFFF_FFFF, 4)
    assert maker.journal.bar0 is None
    maker.journal.config_write(0x10, 0x1000_0000, 4)
    maker.journal.config_write(0x14, 0x40, 4)
    assert maker.journal.bar0 == 0x40_1000_0000


def test_doorbell_in_halves():
    maker = started()
    maker.memory[:] = 7
    maker.journal.write(DOORBELL, 2, 4, 0)
    session = maker.journal.sessions[0]
    assert session.put == 0
    maker.journal.write(DOORBELL + 4, 0, 4, 0)
    assert session.put == 2
    assert maker.journal.rung[0] == 2
    assert (session.batches[0].ring, session.batches[0].first) == (1, 0)
    assert len(session.batches[0].packets) == 2


def test_duplicate_backward_and_overfull_doorbells_hand_nothing_over():
    maker = started()
    for put in (4, 4, 3, 21, 5):
        maker.journal.write(DOORBELL, put, 8, 0)
    session = maker.journal.sessions[0]
    assert [batch.first for batch in session.batches] == [0, 4]
    assert session.put == 5
    assert maker.journal.rung[0] == 5


def test_counts_wrap_at_64_bits_and_slots_at_the_ring():
    maker = Maker()
    maker.enumerate()
    maker.enable(start=(1 << 64) - 3)
    slots = maker.memory[: 16 * 64].reshape(16, 64)
    slots[:] = np.arange(16, dtype=np.uint8)[:, None]
    maker.journal.write(DOORBELL, 5, 8, 0)
    batch = maker.journal.sessions[0].batches[0]
    assert batch.first == (1 << 64) - 3
    assert batch.packets["opcode"].tolist() == [13, 14, 15, 0, 1, 2, 3, 4]


def test_packets_are_copies():
    maker = started()
    maker.submit(copy())
    taken = maker.journal.sessions[0].batches[0].packets.copy()
    maker.memory[:64] = 0xFF
    assert (maker.journal.sessions[0].batches[0].packets == taken).all()


def test_an_unmapped_ring_has_invalid_packets():
    maker = started()
    maker.journal._memory = lambda _address, _length: None
    maker.submit(copy())
    assert maker.journal.sessions[0].batches[0].packets["opcode"].tolist() == [0]


def test_a_new_session_for_each_enable():
    maker = started()
    maker.submit(copy())
    maker.journal.write(CONTROL, 4, 8, 0)
    maker.journal.write(DOORBELL, 9, 8, 0)  # dropped: the queue is DISABLED
    maker.enable(start=1)
    maker.submit(copy())
    first, second = maker.journal.sessions
    assert (first.put, second.start, second.put) == (1, 1, 2)
    assert second.base == RING


def test_settings_of_a_queue_that_runs_stay():
    maker = started()
    maker.submit(copy())
    ring = BAR0 + registers.QUEUE[0].RING_BASE.offset
    maker.journal.write(ring, 0x7000, 8, 0)  # ignored, as is the second enable
    maker.journal.write(CONTROL, 1, 8, 0)
    maker.submit(copy())
    assert [batch.first for batch in maker.journal.sessions[0].batches] == [0, 1]
    assert len(maker.journal.sessions) == 1
    maker.journal.write(CONTROL, 6, 8, 0)
    maker.journal.write(CONTROL, 1, 8, 0)
    assert maker.journal.sessions[1].base == RING
    maker.journal.write(CONTROL, 2, 8, 0)
    maker.journal.write(ring, 0x7000, 8, 0)
    maker.journal.write(CONTROL, 1, 8, 0)
    assert maker.journal.sessions[2].base == 0x7000


def test_a_look_at_a_draining_queue_takes_back_enable_and_settings():
    """CP-STATE-001, CP-CFG-001: neither has an effect before the queue is DISABLED."""
    maker = started()
    maker.submit(copy())
    ring = BAR0 + registers.QUEUE[0].RING_BASE.offset
    for address, value in ((CONTROL, 2), (ring, 0x7000), (CONTROL, 1)):
        maker.journal.write(address, value, 8, 9)
    assert [session.doubt for session in maker.journal.sessions] == [9, 9]
    maker.status(QueueState.DRAINING)
    assert [session.doubt for session in maker.journal.sessions] == [None]
    maker.status(QueueState.DISABLED)
    maker.journal.write(CONTROL, 1, 8, 0)
    assert [session.base for session in maker.journal.sessions] == [RING, RING]
    assert maker.journal.sessions[1].doubt is None


def test_a_queue_that_halts_while_draining_takes_no_enable():
    maker = started()
    maker.submit(copy())
    maker.journal.write(CONTROL, 2, 8, 0)
    maker.status(QueueState.HALTED)
    maker.journal.write(CONTROL, 1, 8, 0)
    assert len(maker.journal.sessions) == 1
    maker.journal.write(CONTROL, 4, 8, 0)
    maker.journal.write(CONTROL, 1, 8, 0)
    assert len(maker.journal.sessions) == 2


def test_a_look_that_was_asked_for_before_the_enable_tells_nothing():
    maker = started()
    maker.journal.write(CONTROL, 2, 8, 0)
    look = maker.journal.asks(BAR0 + registers.QUEUE[0].STATUS.offset)
    maker.journal.write(CONTROL, 1, 8, 0)
    maker.journal.told(look, QueueState.DRAINING)
    assert len(maker.journal.sessions) == 2
    assert maker.journal.asks(BAR0 + registers.QUEUE[1].STATUS.offset) is None


def test_address_bits_of_no_field_count_as_zero():
    """CP-CFG-004."""
    maker = started()
    block = registers.QUEUE[0]
    maker.journal.write(CONTROL, 4, 8, 0)
    for register, value in (
        (block.RING_BASE, RING + 0x2FFF),
        (block.WRITEBACK, RING + 0x3007),
        (block.ERROR_RECORD, RING + 0x403F),
    ):
        maker.journal.write(BAR0 + register.offset, value, 8, 0)
    maker.journal.write(CONTROL, 1, 8, 0)
    session = maker.journal.sessions[-1]
    assert session.base == RING + 0x2000
    assert session.writeback == RING + 0x3000
    assert session.error_record == RING + 0x4000


def test_a_device_reset_forgets_every_setting():
    maker = started()
    maker.journal.write(BAR0 + registers.DEVICE.CONTROL.offset, 1, 8, 0)
    maker.journal.write(DOORBELL, 1, 8, 0)
    maker.journal.write(CONTROL, 1, 8, 0)
    first, second = maker.journal.sessions
    assert not first.batches
    assert (second.base, second.writeback, second.error_record) == (0, None, None)


def test_message_data_of_the_table_is_noted():
    maker = started()
    table = BAR0 + registers.MSIX_TABLE.offset
    maker.journal.write(table + 16 * 3 + 8, 3, 8, 0)
    maker.journal.write(table + 16 * 3 + 8, 9, 4, 0)
    assert maker.journal.vector_data == {3: {3, 9}}
