"""Address ranges and pinned host memory: no overlap, nothing lost, typed errors."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from fake_transport import SEED, FakeTransport
from hypothesis import seed, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from doorbell.errors import ArgumentError, OutOfMemory, UseAfterFree
from doorbell.memory import ARENA_BYTES, PAGE, HostPool, RangeAllocator, round_up

BASE, SIZE = 0x1000, 1 << 13


class Ranges(RuleBasedStateMachine):
    """Any order of allocations and frees, against a byte map."""

    @initialize()
    def start(self) -> None:
        self.allocator = RangeAllocator(BASE, SIZE, "test memory")
        self.taken: dict[int, int] = {}
        self.map = np.zeros(SIZE, bool)

    @rule(size=st.integers(0, SIZE // 4), align=st.sampled_from([1, 2, 64, 4096]))
    def allocate(self, size: int, align: int) -> None:
        try:
            address = self.allocator.allocate(size, align)
        except OutOfMemory:
            want = max(size, 1)
            starts = range(round_up(BASE, align) - BASE, SIZE - want + 1, align)
            assert all(self.map[at : at + want].any() for at in starts), "there was room"
            return
        at = address - BASE
        assert address % align == 0
        assert 0 <= at <= SIZE - max(size, 1)
        assert not self.map[at : at + max(size, 1)].any(), "handed out twice"
        self.map[at : at + max(size, 1)] = True
        self.taken[address] = max(size, 1)

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def free(self, data: st.DataObject) -> None:
        address = data.draw(st.sampled_from(sorted(self.taken)))
        self.allocator.free(address)
        size = self.taken.pop(address)
        self.map[address - BASE : address - BASE + size] = False
        with pytest.raises(UseAfterFree, match=f"{address:#x}"):
            self.allocator.free(address)

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def free_all(self, data: st.DataObject) -> None:
        for address in data.draw(st.permutations(sorted(self.taken))):
            self.allocator.free(address)
        self.taken.clear()
        self.map[:] = False
        whole = self.allocator.allocate(SIZE, 1)  # pieces that were not merged would not do
        assert whole == BASE
        self.allocator.free(whole)

    @invariant()
    def counted(self) -> None:
        assert self.allocator.used == int(self.map.sum())


TestRanges = seed(SEED)(Ranges).TestCase
TestRanges.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, database=None
)


def test_out_of_memory_names_the_figures() -> None:
    allocator = RangeAllocator(0, 1000, "device memory")
    allocator.allocate(600)
    with pytest.raises(OutOfMemory, match="device memory: 500 bytes asked, 600 of 1000 in use"):
        allocator.allocate(500)


def test_pool_hands_out_zeroed_mapped_memory() -> None:
    transport = FakeTransport()
    pool = HostPool(transport)
    first = pool.allocate(100)
    first.view[:] = 0xAA
    pool.free(first)
    again = pool.allocate(100)
    assert again.iova == first.iova
    assert not again.view.any()
    assert np.shares_memory(again.view, transport.memory(again.iova, 100, live=True))


def test_pool_maps_an_arena_only_when_it_must() -> None:
    transport = FakeTransport()
    pool = HostPool(transport)
    assert not transport.live
    small = [pool.allocate(ARENA_BYTES // 4, 4096) for _ in range(4)]
    assert len(transport.live) == 1
    large = pool.allocate(3 * ARENA_BYTES + 1)
    assert len(transport.live) == 2
    assert pool.used == ARENA_BYTES + 3 * ARENA_BYTES + 1
    for buffer in (*small, large):
        pool.free(buffer)
    assert pool.used == 0


def test_an_overrun_meets_no_neighbour() -> None:
    transport = FakeTransport()
    pool = HostPool(transport)
    for _ in range(3):
        pool.allocate(ARENA_BYTES)
    spans = sorted((base, base + memory.size) for base, memory in transport.live.items())
    for (_, end), (start, _) in pairwise(spans):
        assert start - end >= PAGE


@pytest.mark.parametrize(("size", "align"), [(-1, 64), (8, 0), (8, 3), (8, 8192), (8, -64)])
def test_pool_refuses_bad_sizes(size: int, align: int) -> None:
    with pytest.raises(ArgumentError, match=f"size {size}, align {align}"):
        HostPool(FakeTransport()).allocate(size, align)


def test_pool_frees_once() -> None:
    pool = HostPool(FakeTransport())
    buffer = pool.allocate(1)
    pool.free(buffer)
    with pytest.raises(UseAfterFree, match=f"{buffer.iova:#x}"):
        pool.free(buffer)


def test_pool_says_when_the_machine_has_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    pool = HostPool(FakeTransport())
    monkeypatch.setattr(np, "zeros", refuse)
    for _ in range(100):  # the bus addresses come back each time
        with pytest.raises(OutOfMemory, match=str(1 << 30)):
            pool.allocate(1 << 30)


def test_pool_has_an_end_of_bus_addresses() -> None:
    with pytest.raises(OutOfMemory, match="bus addresses"):
        HostPool(FakeTransport()).allocate(1 << 40)


def test_closed_pool_is_unmapped_and_hands_out_nothing() -> None:
    transport = FakeTransport()
    pool = HostPool(transport)
    pool.allocate(1)
    pool.close()
    assert not transport.live
    with pytest.raises(UseAfterFree, match="closed"):
        pool.allocate(1)
