"""Which register reads what, and what its writes set off: nothing but connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from doorbell.contract import registers
from doorbell.contract.register_types import Register
from doorbell.model.bar0 import Bar0, Table
from doorbell.model.cells import Cell
from doorbell.model.core import Core
from doorbell.model.shape import Shape

if TYPE_CHECKING:
    from doorbell.model.device import DeviceModel

__all__ = ["COUNTERS", "connect", "implemented", "queue_cells", "tables", "take_times"]

DEVICE: Final = registers.DEVICE
COUNTERS: Final = tuple(item for item in DEVICE.registers() if ".COUNTER_" in item.name)
"""The frozen counters, by ascending offset."""
_LOCKED: Final = (
    "RING_BASE",
    "RING_LOG2",
    "START",
    "WRITEBACK",
    "ERROR_RECORD",
    "ERROR_VECTOR",
)
"""Registers of a queue that are written only in DISABLED (CP-CFG-001)."""


def implemented(shape: Shape) -> Iterator[Register]:
    """Give every register that a device of this shape has."""
    yield from DEVICE.registers()
    for blocks, count in (
        (registers.VECTOR, shape.vectors),
        (registers.UNIT, shape.units),
        (registers.QUEUE, shape.queues),
        (registers.DOORBELL, shape.queues),
    ):
        for number in range(count):
            yield from blocks[number].registers()


def tables(core: Core) -> tuple[Table, ...]:
    """Return the tables of BAR0."""
    vectors, count = core.shape.vectors, core.shape.semaphores
    semaphores, interrupts = core.semaphores, core.interrupts

    def value(index: int) -> int:
        return semaphores.values[index]

    def poison(index: int, word: int) -> None:
        semaphores.poison(index, bool(word & 1))

    def ignore(_index: int, _word: int) -> None:
        """Pending bits are read-only."""

    return (
        Table(registers.MSIX_TABLE, 2 * vectors, interrupts.read_table, interrupts.write_table),
        Table(registers.MSIX_PBA, -(-vectors // 64), interrupts.read_pending, ignore),
        Table(registers.SEMAPHORE_SET, count, value, semaphores.set, halves=False),
        Table(registers.SEMAPHORE_ADD, count, value, semaphores.add, halves=False),
        Table(registers.SEMAPHORE_POISON, count, semaphores.poisoned, poison, halves=False),
    )


def queue_cells(bar: Bar0, number: int) -> dict[str, Cell]:
    """Return the cells of a queue's registers by name without block; ERROR is an array and left out."""
    found = registers.QUEUE[number].registers()
    cells = {item.name.rpartition(".")[2]: bar.cell(item) for item in found}
    return {name: cell for name, cell in cells.items() if "[" not in name}


def connect(model: DeviceModel) -> None:
    """Connect every register to what it shows or does."""
    _connect_device(model)
    for number in range(len(model.queues)):
        _connect_queue(model, number)
    for number in range(model.core.shape.units):
        _connect_unit(model, number)
    for number in range(model.core.shape.vectors):
        _connect_vector(model, number)
    take_times(model)


def take_times(model: DeviceModel) -> None:
    """Take COMPLETION_TIMEOUT and QUARANTINE from their registers."""
    model.core.completion_timeout = model.bar.cell(DEVICE.COMPLETION_TIMEOUT).value
    model.core.quarantine = model.bar.cell(DEVICE.QUARANTINE).value


def _connect_device(model: DeviceModel) -> None:
    bar, tags = model.bar, model.core.tags

    def control(value: int, _mask: int) -> None:
        if DEVICE.CONTROL.fields["reset"].get(value):
            model.reset()

    def status() -> int:
        return DEVICE.STATUS.encode(
            fatal=int(model.core.requester.fatal),
            idle=int(model.idle),
            resetting=int(model.resetting),
            fatal_cause=model.fatal_cause,
        )

    def tags_free() -> int:
        return DEVICE.TAGS.encode(free=tags.free, quarantined=tags.quarantined)

    bar.cell(DEVICE.CYCLES).sample = lambda: model.clock.now
    bar.cell(DEVICE.STATUS).sample = status
    bar.cell(DEVICE.TAGS).sample = tags_free
    bar.cell(DEVICE.CONTROL).written = control
    bar.cell(DEVICE.SNAPSHOT).written = lambda _value, _mask: model.snapshot()
    for register in (DEVICE.COMPLETION_TIMEOUT, DEVICE.QUARANTINE):
        bar.cell(register).written = lambda _value, _mask: take_times(model)


def _connect_queue(model: DeviceModel, number: int) -> None:
    queue, block = model.queues[number], registers.QUEUE[number]
    cells = queue_cells(model.bar, number)
    doorbell = model.bar.cell(registers.DOORBELL[number].DOORBELL)

    def control(value: int, _mask: int) -> None:
        """The highest bit acts alone (CP-STATE-002); a reset forgets a staged half (CP-DB-008)."""
        asked = block.CONTROL.decode(value)
        if asked["reset"]:
            doorbell.reset()
            queue.reset()
        elif asked["drain"]:
            queue.drain()
        elif asked["enable"]:
            queue.enable()

    def status() -> int:
        return block.STATUS.encode(
            state=queue.state, idle=int(queue.idle), resetting=int(queue.resetting)
        )

    def fit_log2(value: int) -> int:
        least, most = model.core.shape.ring_log2
        return min(max(value, least), most)

    for name in _LOCKED:
        cells[name].locked = lambda: not queue.disabled
    cells["RING_LOG2"].fit = fit_log2
    cells["CONTROL"].written = control
    cells["STATUS"].sample = status
    cells["PUT"].sample = lambda: queue.put
    cells["GET"].sample = lambda: queue.get
    cells["RETIRED"].sample = lambda: queue.retired
    for at, register in enumerate(block.ERROR):
        _connect_error(model, number, at, register)

    def ring(_value: int, mask: int) -> None:
        """The cell holds the last low half; a write of the high half commits (CP-DB-007, CP-DB-008)."""
        if mask >> 32:
            model.doorbell(number, doorbell.value)

    doorbell.sample = lambda: queue.put
    doorbell.written = ring


def _connect_error(model: DeviceModel, number: int, at: int, register: Register) -> None:
    queue = model.queues[number]

    def sample() -> int:
        return int.from_bytes(queue.error[8 * at : 8 * at + 8], "little")

    model.bar.cell(register).sample = sample


def _connect_unit(model: DeviceModel, number: int) -> None:
    block, units, bar = registers.UNIT[number], model.core.units, model.bar
    bar.cell(block.STATUS).sample = lambda: int(units.busy(number))
    bar.cell(block.BUSY_CYCLES).sample = lambda: units.counts(number)[0]
    bar.cell(block.MAC_CYCLES).sample = lambda: units.counts(number)[1]
    bar.cell(block.GROUPS).sample = lambda: units.counts(number)[2]


def _connect_vector(model: DeviceModel, number: int) -> None:
    cell = model.bar.cell(registers.VECTOR[number].MODERATION)
    cell.written = lambda _value, _mask: model.core.interrupts.moderation(number, cell.value)
