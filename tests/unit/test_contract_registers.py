"""The emitted register map: addresses, fields, reset values, blocks."""

import random
from itertools import pairwise

import pytest

from doorbell import contract
from doorbell.contract import limits, registers


def test_addresses_that_must_not_move():
    assert registers.DEVICE.IDENTITY.offset == 0
    assert registers.QUEUE[3].RING_BASE.offset == 0x13010
    assert registers.QUEUE[7].ERROR[7].offset == 0x170B8
    assert registers.DOORBELL[1].DOORBELL.offset == 0x81000
    assert registers.UNIT[1].MACS.offset == 0x4120
    assert registers.VECTOR[31].MODERATION.offset == 0x8F8
    assert registers.SEMAPHORE_ADD.word(5) == 0xD0028


def test_registers_do_not_overlap():
    spans = [(register.offset, register.offset + 8) for register in registers.REGISTERS]
    spans += [(table.offset, table.offset + 8 * table.words) for table in registers.MEMORIES]
    spans.sort()
    assert all(end <= following for (_, end), (following, _) in pairwise(spans))
    assert spans[-1][1] <= limits.BAR0_BYTES
    assert all(first % 8 == 0 for first, _ in spans)
    names = [register.name for register in registers.REGISTERS]
    assert len(set(names)) == len(names)


def test_fields_do_not_overlap_and_make_the_reset_value():
    for register in registers.REGISTERS:
        seen = 0
        reset: int | None = 0
        for name, field in register.fields.items():
            assert field.name == name
            assert not seen & field.mask
            seen |= field.mask
            missing = reset is None or field.reset is None
            reset = None if missing else reset | field.reset << field.lsb
        assert seen < 1 << 64
        assert register.reset == reset


def test_encode_and_decode_agree(seed):
    draw = random.Random(seed)
    for register in registers.REGISTERS:
        numbers = {key: draw.getrandbits(field.width) for key, field in register.fields.items()}
        value = register.encode(**numbers)
        assert value == sum(n << register.fields[key].lsb for key, n in numbers.items())
        assert register.decode(value) == numbers


def test_encode_refuses_what_does_not_fit():
    status = registers.QUEUE[2].STATUS
    with pytest.raises(ValueError, match=r"QUEUE\[2\]\.STATUS\.state=4 .* 2 bits: give 0 to 3"):
        status.encode(state=4)
    with pytest.raises(ValueError, match="state=-1"):
        status.encode(state=-1)
    with pytest.raises(KeyError, match="no field stat; it has state, idle, resetting"):
        status.encode(stat=1)


def test_field_knows_its_enumeration():
    assert registers.QUEUE[0].STATUS.fields["state"].enum is contract.QueueState
    assert registers.DEVICE.STATUS.fields["fatal_cause"].enum is contract.FatalCause


def test_blocks_past_the_reference_device_have_addresses_up_to_their_room():
    assert len(registers.QUEUE) == len(list(registers.QUEUE)) == limits.reference.QUEUES
    last = registers.QUEUE.room - 1
    assert registers.QUEUE[last].CONTROL.offset == 0x7F000
    assert registers.QUEUE[last] is registers.QUEUE[last]
    for wrong in (-1, registers.QUEUE.room):
        with pytest.raises(IndexError, match=rf"QUEUE\[{wrong}\].*room for 112 blocks"):
            registers.QUEUE[wrong]
    with pytest.raises(IndexError, match=r"SEMAPHORE_SET\[-1\]"):
        registers.SEMAPHORE_SET.word(-1)


def test_access_kinds():
    assert registers.DEVICE.SCRATCH.access == "rw"
    assert registers.DEVICE.CONTROL.access == "w"
    assert registers.DEVICE.DROPPED_DOORBELLS.fields["queues"].access == "rw1c"
    assert registers.DEVICE.CAP_TAGS.capability
    assert registers.DEVICE.CAP_TAGS.reset is None
