"""The register map of BAR0.

Generated from contract/ by `make contract`; do not edit.

`QUEUE[3].STATUS.offset` counts bytes from BAR0. `REGISTERS` has every register of the reference
device, `MEMORIES` every table.
"""

from dataclasses import dataclass
from typing import Final

from doorbell.contract import enums
from doorbell.contract.register_types import Blocks, Field, Memory, Register


@dataclass(frozen=True, slots=True)
class DeviceBlock:
    """Registers of the DEVICE block."""

    IDENTITY: Register
    CONTRACT_VERSION: Register
    CAP_COUNTS: Register
    CAP_SEMAPHORES: Register
    CAP_DEVICE_MEMORY: Register
    CAP_RING: Register
    CAP_TAGS: Register
    CAP_CLOCK: Register
    CAP_OPCODES: Register
    CAP_KERNELS: Register
    BOUND_RESET: Register
    BOUND_DRAIN: Register
    BOUND_WRITEBACK: Register
    BOUND_FLR: Register
    CYCLES: Register
    SCRATCH: Register
    CONTROL: Register
    STATUS: Register
    DROPPED_DOORBELLS: Register
    DROPPED_WRITES: Register
    COMPLETION_TIMEOUT: Register
    QUARANTINE: Register
    TAGS: Register
    UNEXPECTED_COMPLETIONS: Register
    SNAPSHOT: Register
    COUNTER_CYCLES: Register
    COUNTER_TX_BYTES: Register
    COUNTER_RX_BYTES: Register
    COUNTER_TX_TLPS: Register
    COUNTER_RX_TLPS: Register
    COUNTER_COMMANDS: Register
    COUNTER_INTERRUPTS: Register
    COUNTER_DOORBELLS: Register

    def registers(self) -> tuple[Register, ...]:
        """Every register, by ascending offset."""
        return (
            self.IDENTITY,
            self.CONTRACT_VERSION,
            self.CAP_COUNTS,
            self.CAP_SEMAPHORES,
            self.CAP_DEVICE_MEMORY,
            self.CAP_RING,
            self.CAP_TAGS,
            self.CAP_CLOCK,
            self.CAP_OPCODES,
            self.CAP_KERNELS,
            self.BOUND_RESET,
            self.BOUND_DRAIN,
            self.BOUND_WRITEBACK,
            self.BOUND_FLR,
            self.CYCLES,
            self.SCRATCH,
            self.CONTROL,
            self.STATUS,
            self.DROPPED_DOORBELLS,
            self.DROPPED_WRITES,
            self.COMPLETION_TIMEOUT,
            self.QUARANTINE,
            self.TAGS,
            self.UNEXPECTED_COMPLETIONS,
            self.SNAPSHOT,
            self.COUNTER_CYCLES,
            self.COUNTER_TX_BYTES,
            self.COUNTER_RX_BYTES,
            self.COUNTER_TX_TLPS,
            self.COUNTER_RX_TLPS,
            self.COUNTER_COMMANDS,
            self.COUNTER_INTERRUPTS,
            self.COUNTER_DOORBELLS,
        )


def _device(base: int, name: str) -> DeviceBlock:
    return DeviceBlock(
        IDENTITY=Register(
            f"{name}.IDENTITY",
            base + 0x00,
            "r",
            0x4C4C4542524F4F44,
            True,
            "ASCII DOORBELL; read again when any register reads all ones.",
            {"value": Field("value", 0, 64, "r", 0x4C4C4542524F4F44)},
        ),
        CONTRACT_VERSION=Register(
            f"{name}.CONTRACT_VERSION",
            base + 0x08,
            "r",
            None,
            True,
            "Contract version.",
            {
                "major": Field("major", 0, 16, "r", None),
                "minor": Field("minor", 16, 16, "r", None),
                "patch": Field("patch", 32, 16, "r", None),
            },
        ),
        CAP_COUNTS=Register(
            f"{name}.CAP_COUNTS",
            base + 0x10,
            "r",
            None,
            True,
            "Counts of queues, DMA channels, units, vectors.",
            {
                "queues": Field("queues", 0, 8, "r", None),
                "channels": Field("channels", 8, 8, "r", None),
                "units": Field("units", 16, 8, "r", None),
                "vectors": Field("vectors", 24, 16, "r", None),
            },
        ),
        CAP_SEMAPHORES=Register(
            f"{name}.CAP_SEMAPHORES",
            base + 0x18,
            "r",
            None,
            True,
            "Semaphores.",
            {"count": Field("count", 0, 32, "r", None)},
        ),
        CAP_DEVICE_MEMORY=Register(
            f"{name}.CAP_DEVICE_MEMORY",
            base + 0x20,
            "r",
            None,
            True,
            "Device memory, bytes.",
            {"size": Field("size", 0, 64, "r", None)},
        ),
        CAP_RING=Register(
            f"{name}.CAP_RING",
            base + 0x28,
            "r",
            None,
            True,
            "Ring sizes as log2 of packets, and the in-flight window in commands.",
            {
                "log2_min": Field("log2_min", 0, 8, "r", None),
                "log2_max": Field("log2_max", 8, 8, "r", None),
                "window": Field("window", 16, 8, "r", None),
            },
        ),
        CAP_TAGS=Register(
            f"{name}.CAP_TAGS",
            base + 0x30,
            "r",
            None,
            True,
            "Read tags.",
            {"tags": Field("tags", 0, 16, "r", None)},
        ),
        CAP_CLOCK=Register(
            f"{name}.CAP_CLOCK",
            base + 0x38,
            "r",
            None,
            True,
            "Clock frequency, Hz.",
            {"hz": Field("hz", 0, 64, "r", None)},
        ),
        CAP_OPCODES=Register(
            f"{name}.CAP_OPCODES",
            base + 0x40,
            "r",
            None,
            True,
            "Bit N: opcode N is implemented.",
            {"opcodes": Field("opcodes", 0, 64, "r", None)},
        ),
        CAP_KERNELS=Register(
            f"{name}.CAP_KERNELS",
            base + 0x48,
            "r",
            None,
            True,
            "Bit N: kernel N is implemented.",
            {"kernels": Field("kernels", 0, 64, "r", None)},
        ),
        BOUND_RESET=Register(
            f"{name}.BOUND_RESET",
            base + 0x50,
            "r",
            None,
            True,
            "Queue or device reset ends within this many cycles.",
            {"cycles": Field("cycles", 0, 64, "r", None)},
        ),
        BOUND_DRAIN=Register(
            f"{name}.BOUND_DRAIN",
            base + 0x58,
            "r",
            None,
            True,
            "DRAINING ends within this many cycles.",
            {"cycles": Field("cycles", 0, 64, "r", None)},
        ),
        BOUND_WRITEBACK=Register(
            f"{name}.BOUND_WRITEBACK",
            base + 0x60,
            "r",
            None,
            True,
            "get is written back after this many cycles or packets.",
            {
                "cycles": Field("cycles", 0, 32, "r", None),
                "packets": Field("packets", 32, 32, "r", None),
            },
        ),
        BOUND_FLR=Register(
            f"{name}.BOUND_FLR",
            base + 0x68,
            "r",
            None,
            True,
            "Ready after FLR within this many cycles.",
            {"cycles": Field("cycles", 0, 64, "r", None)},
        ),
        CYCLES=Register(
            f"{name}.CYCLES",
            base + 0x70,
            "r",
            None,
            False,
            "Cycles since reset; not affected by FLR or device reset.",
            {"cycles": Field("cycles", 0, 64, "r", None)},
        ),
        SCRATCH=Register(
            f"{name}.SCRATCH",
            base + 0x78,
            "rw",
            0,
            False,
            "No effect; for bring-up.",
            {"value": Field("value", 0, 64, "rw", 0)},
        ),
        CONTROL=Register(
            f"{name}.CONTROL",
            base + 0x80,
            "w",
            0,
            False,
            "Writing 1 to reset resets the whole device except configuration space.",
            {"reset": Field("reset", 0, 1, "w", 0)},
        ),
        STATUS=Register(
            f"{name}.STATUS",
            base + 0x88,
            "r",
            2,
            False,
            (
                "fatal: all queues stopped. idle: no request, completion or write is in flight and "
                "nothing waits. resetting: a device reset is under way."
            ),
            {
                "fatal": Field("fatal", 0, 1, "r", 0),
                "idle": Field("idle", 1, 1, "r", 1),
                "resetting": Field("resetting", 2, 1, "r", 0),
                "fatal_cause": Field("fatal_cause", 8, 8, "r", 0, enums.FatalCause),
            },
        ),
        DROPPED_DOORBELLS=Register(
            f"{name}.DROPPED_DOORBELLS",
            base + 0x90,
            "rw",
            0,
            False,
            "Bit N: a doorbell of queue N was dropped while DISABLED. Write 1 to clear.",
            {"queues": Field("queues", 0, 64, "rw1c", 0)},
        ),
        DROPPED_WRITES=Register(
            f"{name}.DROPPED_WRITES",
            base + 0x98,
            "r",
            0,
            False,
            "Inbound writes dropped for their size, alignment or address, since reset.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COMPLETION_TIMEOUT=Register(
            f"{name}.COMPLETION_TIMEOUT",
            base + 0xA0,
            "rw",
            12500,
            False,
            "Cycles until an unanswered read fails.",
            {"cycles": Field("cycles", 0, 32, "rw", 12500)},
        ),
        QUARANTINE=Register(
            f"{name}.QUARANTINE",
            base + 0xA8,
            "rw",
            50000,
            False,
            "Cycles a timed-out tag rests when no late completion comes.",
            {"cycles": Field("cycles", 0, 32, "rw", 50000)},
        ),
        TAGS=Register(
            f"{name}.TAGS",
            base + 0xB0,
            "r",
            None,
            False,
            "Tags free and tags in quarantine.",
            {
                "free": Field("free", 0, 16, "r", None),
                "quarantined": Field("quarantined", 16, 16, "r", None),
            },
        ),
        UNEXPECTED_COMPLETIONS=Register(
            f"{name}.UNEXPECTED_COMPLETIONS",
            base + 0xB8,
            "r",
            0,
            False,
            "Completions that answered no outstanding request, since reset.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        SNAPSHOT=Register(
            f"{name}.SNAPSHOT",
            base + 0xC0,
            "w",
            0,
            False,
            "Any write copies the running counters to the registers below, all in one cycle.",
            {"take": Field("take", 0, 1, "w", 0)},
        ),
        COUNTER_CYCLES=Register(
            f"{name}.COUNTER_CYCLES",
            base + 0x100,
            "r",
            0,
            False,
            "Frozen: cycles since reset.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COUNTER_TX_BYTES=Register(
            f"{name}.COUNTER_TX_BYTES",
            base + 0x108,
            "r",
            0,
            False,
            "Frozen: payload bytes of memory writes sent.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COUNTER_RX_BYTES=Register(
            f"{name}.COUNTER_RX_BYTES",
            base + 0x110,
            "r",
            0,
            False,
            "Frozen: payload bytes of completions received.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COUNTER_TX_TLPS=Register(
            f"{name}.COUNTER_TX_TLPS",
            base + 0x118,
            "r",
            0,
            False,
            "Frozen: TLPs sent.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COUNTER_RX_TLPS=Register(
            f"{name}.COUNTER_RX_TLPS",
            base + 0x120,
            "r",
            0,
            False,
            "Frozen: TLPs received.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COUNTER_COMMANDS=Register(
            f"{name}.COUNTER_COMMANDS",
            base + 0x128,
            "r",
            0,
            False,
            "Frozen: commands retired.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COUNTER_INTERRUPTS=Register(
            f"{name}.COUNTER_INTERRUPTS",
            base + 0x130,
            "r",
            0,
            False,
            "Frozen: MSI-X messages sent.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        COUNTER_DOORBELLS=Register(
            f"{name}.COUNTER_DOORBELLS",
            base + 0x138,
            "r",
            0,
            False,
            "Frozen: doorbells that moved put.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
    )


@dataclass(frozen=True, slots=True)
class VectorBlock:
    """Registers of one VECTOR block."""

    MODERATION: Register

    def registers(self) -> tuple[Register, ...]:
        """Every register, by ascending offset."""
        return (self.MODERATION,)


def _vector(base: int, name: str) -> VectorBlock:
    return VectorBlock(
        MODERATION=Register(
            f"{name}.MODERATION",
            base + 0x00,
            "rw",
            0,
            False,
            (
                "Send at `count` events (0 and 1: at once), or `timer` cycles after the first "
                "unsent event."
            ),
            {"count": Field("count", 0, 16, "rw", 0), "timer": Field("timer", 16, 32, "rw", 0)},
        ),
    )


@dataclass(frozen=True, slots=True)
class UnitBlock:
    """Registers of one UNIT block."""

    STATUS: Register
    BUSY_CYCLES: Register
    MAC_CYCLES: Register
    GROUPS: Register
    MACS: Register

    def registers(self) -> tuple[Register, ...]:
        """Every register, by ascending offset."""
        return (self.STATUS, self.BUSY_CYCLES, self.MAC_CYCLES, self.GROUPS, self.MACS)


def _unit(base: int, name: str) -> UnitBlock:
    return UnitBlock(
        STATUS=Register(
            f"{name}.STATUS",
            base + 0x00,
            "r",
            0,
            False,
            "busy: a work-group is running.",
            {"busy": Field("busy", 0, 1, "r", 0)},
        ),
        BUSY_CYCLES=Register(
            f"{name}.BUSY_CYCLES",
            base + 0x08,
            "r",
            0,
            False,
            "Cycles with a work-group, since reset.",
            {"cycles": Field("cycles", 0, 64, "r", 0)},
        ),
        MAC_CYCLES=Register(
            f"{name}.MAC_CYCLES",
            base + 0x10,
            "r",
            0,
            False,
            "Cycles in which the MAC array took part, since reset.",
            {"cycles": Field("cycles", 0, 64, "r", 0)},
        ),
        GROUPS=Register(
            f"{name}.GROUPS",
            base + 0x18,
            "r",
            0,
            False,
            "Work-groups finished, since reset; those outside the output matrix may be left out.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        MACS=Register(
            f"{name}.MACS",
            base + 0x20,
            "r",
            None,
            True,
            "Multiply-accumulates per cycle.",
            {"per_cycle": Field("per_cycle", 0, 32, "r", None)},
        ),
    )


@dataclass(frozen=True, slots=True)
class QueueBlock:
    """Registers of one QUEUE block."""

    CONTROL: Register
    STATUS: Register
    RING_BASE: Register
    RING_LOG2: Register
    START: Register
    PUT: Register
    GET: Register
    WRITEBACK: Register
    ERROR_RECORD: Register
    ERROR_VECTOR: Register
    WAIT_LIMIT: Register
    WATCHDOG_LIMIT: Register
    WEIGHT: Register
    RETIRED: Register
    ERROR: tuple[Register, ...]

    def registers(self) -> tuple[Register, ...]:
        """Every register, by ascending offset."""
        return (
            self.CONTROL,
            self.STATUS,
            self.RING_BASE,
            self.RING_LOG2,
            self.START,
            self.PUT,
            self.GET,
            self.WRITEBACK,
            self.ERROR_RECORD,
            self.ERROR_VECTOR,
            self.WAIT_LIMIT,
            self.WATCHDOG_LIMIT,
            self.WEIGHT,
            self.RETIRED,
            *self.ERROR,
        )


def _queue(base: int, name: str) -> QueueBlock:
    return QueueBlock(
        CONTROL=Register(
            f"{name}.CONTROL",
            base + 0x00,
            "w",
            0,
            False,
            (
                "Write 1 to act; several bits in one write: the highest acts. enable: DISABLED to "
                "RUNNING. drain: RUNNING to DISABLED when started commands have retired. reset: "
                "any state to DISABLED."
            ),
            {
                "enable": Field("enable", 0, 1, "w", 0),
                "drain": Field("drain", 1, 1, "w", 0),
                "reset": Field("reset", 2, 1, "w", 0),
            },
        ),
        STATUS=Register(
            f"{name}.STATUS",
            base + 0x08,
            "r",
            256,
            False,
            (
                "idle: nothing of this queue is started, fetched or outstanding. resetting: a "
                "queue reset is under way."
            ),
            {
                "state": Field("state", 0, 2, "r", 0, enums.QueueState),
                "idle": Field("idle", 8, 1, "r", 1),
                "resetting": Field("resetting", 9, 1, "r", 0),
            },
        ),
        RING_BASE=Register(
            f"{name}.RING_BASE",
            base + 0x10,
            "rw",
            0,
            False,
            (
                "HOST address of slot 0, 4 KiB-aligned; low bits read as zero. Written only in "
                "DISABLED."
            ),
            {"address": Field("address", 12, 52, "rw", 0)},
        ),
        RING_LOG2=Register(
            f"{name}.RING_LOG2",
            base + 0x18,
            "rw",
            1,
            False,
            (
                "log2 of the ring's packets; out of range is stored as the nearest limit. Written "
                "only in DISABLED."
            ),
            {"log2": Field("log2", 0, 8, "rw", 1)},
        ),
        START=Register(
            f"{name}.START",
            base + 0x20,
            "rw",
            0,
            False,
            "put and get take this value when the queue is enabled. Written only in DISABLED.",
            {"count": Field("count", 0, 64, "rw", 0)},
        ),
        PUT=Register(
            f"{name}.PUT",
            base + 0x28,
            "r",
            0,
            False,
            "Packets published so far.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        GET=Register(
            f"{name}.GET",
            base + 0x30,
            "r",
            0,
            False,
            "Packets whose slot is not read again.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        WRITEBACK=Register(
            f"{name}.WRITEBACK",
            base + 0x38,
            "rw",
            0,
            False,
            "Where get is written back: HOST address, 8-aligned. Written only in DISABLED.",
            {"enable": Field("enable", 0, 1, "rw", 0), "address": Field("address", 3, 61, "rw", 0)},
        ),
        ERROR_RECORD=Register(
            f"{name}.ERROR_RECORD",
            base + 0x40,
            "rw",
            0,
            False,
            "Where the error record goes: HOST address, 64-aligned. Written only in DISABLED.",
            {"enable": Field("enable", 0, 1, "rw", 0), "address": Field("address", 6, 58, "rw", 0)},
        ),
        ERROR_VECTOR=Register(
            f"{name}.ERROR_VECTOR",
            base + 0x48,
            "rw",
            0,
            False,
            (
                "Vector raised after the error record. A vector at or above the vector count "
                "disables it. Written only in DISABLED."
            ),
            {"vector": Field("vector", 0, 16, "rw", 0), "enable": Field("enable", 31, 1, "rw", 0)},
        ),
        WAIT_LIMIT=Register(
            f"{name}.WAIT_LIMIT",
            base + 0x50,
            "rw",
            0,
            False,
            "Deadline of a WAIT whose own is 0, cycles; 0: none.",
            {"cycles": Field("cycles", 0, 64, "rw", 0)},
        ),
        WATCHDOG_LIMIT=Register(
            f"{name}.WATCHDOG_LIMIT",
            base + 0x58,
            "rw",
            0,
            False,
            "Cycles a command other than WAIT may take from start to retirement; 0: no limit.",
            {"cycles": Field("cycles", 0, 64, "rw", 0)},
        ),
        WEIGHT=Register(
            f"{name}.WEIGHT",
            base + 0x60,
            "rw",
            1,
            False,
            "Packets this queue may start in its turn of the round-robin; 0 acts as 1.",
            {"weight": Field("weight", 0, 8, "rw", 1)},
        ),
        RETIRED=Register(
            f"{name}.RETIRED",
            base + 0x68,
            "r",
            0,
            False,
            "Commands retired since the queue was enabled.",
            {"count": Field("count", 0, 64, "r", 0)},
        ),
        ERROR=tuple(
            Register(
                f"{name}.ERROR[{i}]",
                base + 0x80 + 8 * i,
                "r",
                0,
                False,
                "Mirror of the error record, qword by qword. Zero unless HALTED.",
                {"qword": Field("qword", 0, 64, "r", 0)},
            )
            for i in range(8)
        ),
    )


@dataclass(frozen=True, slots=True)
class DoorbellBlock:
    """Registers of one DOORBELL block."""

    DOORBELL: Register

    def registers(self) -> tuple[Register, ...]:
        """Every register, by ascending offset."""
        return (self.DOORBELL,)


def _doorbell(base: int, name: str) -> DoorbellBlock:
    return DoorbellBlock(
        DOORBELL=Register(
            f"{name}.DOORBELL",
            base + 0x00,
            "rw",
            0,
            False,
            (
                "New put. An 8-byte write acts; a 4-byte write of the low half stages, of the high "
                "half commits with the staged low. Reads return put."
            ),
            {"put": Field("put", 0, 64, "rw", 0)},
        ),
    )


DEVICE: Final = _device(0x0, "DEVICE")
VECTOR: Final[Blocks[VectorBlock]] = Blocks(
    "VECTOR",
    offset=0x800,
    stride=0x8,
    count=32,
    room=256,
    build=_vector,
)
UNIT: Final[Blocks[UnitBlock]] = Blocks(
    "UNIT",
    offset=0x4000,
    stride=0x100,
    count=2,
    room=192,
    build=_unit,
)
QUEUE: Final[Blocks[QueueBlock]] = Blocks(
    "QUEUE",
    offset=0x10000,
    stride=0x1000,
    count=8,
    room=112,
    build=_queue,
)
DOORBELL: Final[Blocks[DoorbellBlock]] = Blocks(
    "DOORBELL",
    offset=0x80000,
    stride=0x1000,
    count=8,
    room=64,
    build=_doorbell,
)
MSIX_TABLE: Final = Memory("MSIX_TABLE", 0x1000, 64, "rw", "MSI-X table: 16 bytes an entry.")
MSIX_PBA: Final = Memory("MSIX_PBA", 0x2000, 1, "r", "MSI-X pending bits.")
SEMAPHORE_SET: Final = Memory(
    "SEMAPHORE_SET",
    0xC0000,
    1024,
    "rw",
    "Semaphores: read returns the value, write sets it; 8 bytes only; 64-bit AtomicOps work here.",
)
SEMAPHORE_ADD: Final = Memory(
    "SEMAPHORE_ADD",
    0xD0000,
    1024,
    "rw",
    "Semaphores: write adds; read returns the value.",
)
SEMAPHORE_POISON: Final = Memory(
    "SEMAPHORE_POISON",
    0xE0000,
    1024,
    "rw",
    "Semaphores: write 1 poisons, 0 clears; read returns the poison bit.",
)
REGISTERS: Final[tuple[Register, ...]] = (
    *DEVICE.registers(),
    *(register for block in VECTOR for register in block.registers()),
    *(register for block in UNIT for register in block.registers()),
    *(register for block in QUEUE for register in block.registers()),
    *(register for block in DOORBELL for register in block.registers()),
)
"""Every register of the reference device, block by block."""
MEMORIES: Final[tuple[Memory, ...]] = (
    MSIX_TABLE,
    MSIX_PBA,
    SEMAPHORE_SET,
    SEMAPHORE_ADD,
    SEMAPHORE_POISON,
)
"""Every table of BAR0, by ascending offset."""
