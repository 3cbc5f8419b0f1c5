"""Enumerations that hardware and software share.

Generated from contract/ by `make contract`; do not edit.
"""

from enum import IntEnum, IntFlag
from typing import Final


class Opcode(IntEnum):
    """First byte of a packet. CAP_OPCODES has bit N set when opcode N is implemented."""

    INVALID = 0
    """Never legal, so that zeroed memory is not a command."""
    NOP = 1
    """Does nothing; carries a record or an interrupt."""
    COPY = 2
    """Moves bytes from any space to any space."""
    COPY_2D = 3
    """Moves rows with pitches. Planned."""
    COPY_LIST = 4
    """Moves between a list of pieces and a linear range. Planned."""
    FILL = 5
    """Repeats an 8-byte pattern; phase counts from the first byte."""
    WRITE = 6
    """Writes 0 to 24 bytes carried in the packet."""
    ATOMIC = 7
    """PCIe AtomicOp; the old value goes to an address. Planned."""
    LAUNCH = 8
    """Runs a grid of work-groups of a kernel."""
    WAIT = 9
    """Holds the queue until a semaphore satisfies a condition."""
    SIGNAL = 10
    """Sets or adds to a semaphore, or writes 8 bytes, at retirement."""
    CALL = 11
    """Runs packets of another buffer. Planned."""


class Flag(IntFlag):
    """Bits of the packet's flags byte; other bits are reserved."""

    BARRIER = 1
    """Starts when every earlier command of the queue has retired."""
    RECORD = 2
    """Writes a 16-byte record at retirement."""
    INTERRUPT = 4
    """Raises the packet's vector after the record."""


class Space(IntEnum):
    """Which address space an operand lives in."""

    HOST = 0
    """64-bit bus address: host memory through the IOMMU, or a peer's BAR."""
    DEVICE = 1
    """Device memory, from 0."""


class QueueState(IntEnum):
    """State of a queue (QUEUE.STATUS.state)."""

    DISABLED = 0
    """Configuration is writable; doorbells are dropped and reported."""
    RUNNING = 1
    """Fetches and executes."""
    DRAINING = 2
    """Starts nothing more; becomes DISABLED when the started commands have retired."""
    HALTED = 3
    """Stopped by an error; only reset leaves it."""


class SignalMode(IntEnum):
    """What SIGNAL does."""

    SEMAPHORE_SET = 0
    """Semaphore takes the value."""
    SEMAPHORE_ADD = 1
    """Value is added to the semaphore, modulo 2^64."""
    WRITE8 = 2
    """One aligned 8-byte write to an address."""


class WaitCondition(IntEnum):
    """When WAIT is satisfied."""

    GE = 0
    """signed(semaphore - value) >= 0 (circular)."""
    EQ = 1
    """semaphore == value."""


class Kernel(IntEnum):
    """Kernel numbers; CAP_KERNELS has bit N set when kernel N is implemented."""

    INVALID = 0
    """Never legal."""
    GEMM_S8 = 1
    """int32 C = int8 A x int8 B."""
    REQUANTISE = 2
    """int8 y = clamp(round((x + bias) * multiplier / 2^shift))."""
    ELEMENTWISE = 3
    """Saturating int8 add, subtract, max, min. Planned."""
    LOOKUP = 4
    """int8 through a 256-byte table. Planned."""
    REDUCE = 5
    """int32 sums or maxima of rows. Planned."""


class Error(IntEnum):
    """Error codes in checking order, so the smallest code of several faults is the one reported."""

    NONE = 0x00
    """No error."""
    DOORBELL_BACKWARDS = 0x10
    """New put is behind put."""
    DOORBELL_OVERFLOW = 0x11
    """New put is more than the ring size ahead of get."""
    FETCH_UR = 0x20
    """Ring read was answered Unsupported Request."""
    FETCH_CA = 0x21
    """Ring read was answered Completer Abort."""
    FETCH_TIMEOUT = 0x22
    """Ring read was not answered in time."""
    FETCH_POISONED = 0x23
    """Ring read returned poisoned data."""
    FETCH_MALFORMED = 0x24
    """Ring read got a completion that does not fit the request."""
    BAD_OPCODE = 0x30
    """Opcode is INVALID, unknown or not in CAP_OPCODES."""
    BAD_FLAGS = 0x31
    """A reserved flag bit is set."""
    RESERVED_FIELD = 0x32
    """A field that the opcode and flags do not use is not zero."""
    BAD_VECTOR = 0x33
    """Vector is not below the vector count."""
    RECORD_ALIGNMENT = 0x34
    """Record address is not a multiple of 16."""
    BAD_SPACE = 0x35
    """A space is neither HOST nor DEVICE."""
    BAD_MODE = 0x36
    """Signal mode or wait condition is unknown."""
    BAD_LENGTH = 0x37
    """A length is outside what the opcode or kernel allows."""
    BAD_ALIGNMENT = 0x38
    """An address is not aligned as the opcode asks."""
    OUT_OF_RANGE = 0x39
    """A DEVICE range ends past device memory, or a HOST range wraps past 2^64."""
    BAD_SEMAPHORE = 0x3A
    """Semaphore is not below the semaphore count."""
    BAD_KERNEL = 0x3B
    """Kernel is unknown or not in CAP_KERNELS."""
    BAD_GRID = 0x3C
    """A grid dimension is 0 or above the limit."""
    BAD_UNITS = 0x3D
    """Unit mask is empty or names an absent unit."""
    ARGUMENT_RESERVED = 0x40
    """A reserved field of the kernel's arguments is not zero."""
    ARGUMENT_SHAPE = 0x41
    """A dimension, pitch, shift or clamp is outside its limits."""
    ARGUMENT_ALIGNMENT = 0x42
    """An operand's address or pitch is not aligned as the kernel asks."""
    ARGUMENT_RANGE = 0x43
    """An operand ends past device memory."""
    DMA_UR = 0x50
    """A read was answered Unsupported Request."""
    DMA_CA = 0x51
    """A read was answered Completer Abort."""
    DMA_TIMEOUT = 0x52
    """A read was not answered in time."""
    DMA_POISONED = 0x53
    """A read returned poisoned data."""
    DMA_MALFORMED = 0x54
    """A completion did not fit its request."""
    WAIT_TIMEOUT = 0x60
    """WAIT was not satisfied within its deadline."""
    WAIT_POISONED = 0x61
    """The semaphore was poisoned while WAIT was unsatisfied."""
    WATCHDOG = 0x62
    """A command other than WAIT ran longer than WATCHDOG_LIMIT."""
    ABORTED = 0x63
    """Stopped by a queue or device reset."""


class FatalCause(IntEnum):
    """Why the whole device stopped (DEVICE.STATUS.fatal_cause). A closed list."""

    NONE = 0
    """Not fatal."""
    MALFORMED_TLP = 1
    """A malformed TLP was received."""
    RECEIVER_OVERFLOW = 2
    """The host sent beyond its credits."""
    TAGS_EXHAUSTED = 3
    """Every tag is quarantined."""
    INTERNAL = 4
    """An internal check failed."""


class CompletionStatus(IntEnum):
    """PCIe completion status (PCIe Base 2.2.9)."""

    SC = 0
    """Successful completion."""
    UR = 1
    """Unsupported request."""
    CRS = 2
    """Configuration request retry."""
    CA = 4
    """Completer abort."""


class TlpKind(IntEnum):
    """fmt[2:0] and type[4:0] of a TLP's first DW (PCIe Base 2.2.1)."""

    MRD32 = 0x00
    """Memory read, 32-bit address."""
    MRD64 = 0x20
    """Memory read, 64-bit address."""
    MWR32 = 0x40
    """Memory write, 32-bit address."""
    MWR64 = 0x60
    """Memory write, 64-bit address."""
    CFGRD0 = 0x04
    """Type 0 configuration read."""
    CFGWR0 = 0x44
    """Type 0 configuration write."""
    CPL = 0x0A
    """Completion without data."""
    CPLD = 0x4A
    """Completion with data."""
    FETCHADD32 = 0x4C
    """FetchAdd, 32-bit address."""
    FETCHADD64 = 0x6C
    """FetchAdd, 64-bit address."""
    SWAP32 = 0x4D
    """Swap, 32-bit address."""
    SWAP64 = 0x6D
    """Swap, 64-bit address."""
    CAS32 = 0x4E
    """Compare and swap, 32-bit address."""
    CAS64 = 0x6E
    """Compare and swap, 64-bit address."""


OPCODE_IMPLEMENTED: Final = 0x766
"""CAP_OPCODES of the reference device: bit N for number N."""

KERNEL_IMPLEMENTED: Final = 0x6
"""CAP_KERNELS of the reference device: bit N for number N."""

ERROR_DOCS: Final[dict[Error, str]] = {
    Error.NONE: "No error.",
    Error.DOORBELL_BACKWARDS: "New put is behind put.",
    Error.DOORBELL_OVERFLOW: "New put is more than the ring size ahead of get.",
    Error.FETCH_UR: "Ring read was answered Unsupported Request.",
    Error.FETCH_CA: "Ring read was answered Completer Abort.",
    Error.FETCH_TIMEOUT: "Ring read was not answered in time.",
    Error.FETCH_POISONED: "Ring read returned poisoned data.",
    Error.FETCH_MALFORMED: "Ring read got a completion that does not fit the request.",
    Error.BAD_OPCODE: "Opcode is INVALID, unknown or not in CAP_OPCODES.",
    Error.BAD_FLAGS: "A reserved flag bit is set.",
    Error.RESERVED_FIELD: "A field that the opcode and flags do not use is not zero.",
    Error.BAD_VECTOR: "Vector is not below the vector count.",
    Error.RECORD_ALIGNMENT: "Record address is not a multiple of 16.",
    Error.BAD_SPACE: "A space is neither HOST nor DEVICE.",
    Error.BAD_MODE: "Signal mode or wait condition is unknown.",
    Error.BAD_LENGTH: "A length is outside what the opcode or kernel allows.",
    Error.BAD_ALIGNMENT: "An address is not aligned as the opcode asks.",
    Error.OUT_OF_RANGE: "A DEVICE range ends past device memory, or a HOST range wraps past 2^64.",
    Error.BAD_SEMAPHORE: "Semaphore is not below the semaphore count.",
    Error.BAD_KERNEL: "Kernel is unknown or not in CAP_KERNELS.",
    Error.BAD_GRID: "A grid dimension is 0 or above the limit.",
    Error.BAD_UNITS: "Unit mask is empty or names an absent unit.",
    Error.ARGUMENT_RESERVED: "A reserved field of the kernel's arguments is not zero.",
    Error.ARGUMENT_SHAPE: "A dimension, pitch, shift or clamp is outside its limits.",
    Error.ARGUMENT_ALIGNMENT: "An operand's address or pitch is not aligned as the kernel asks.",
    Error.ARGUMENT_RANGE: "An operand ends past device memory.",
    Error.DMA_UR: "A read was answered Unsupported Request.",
    Error.DMA_CA: "A read was answered Completer Abort.",
    Error.DMA_TIMEOUT: "A read was not answered in time.",
    Error.DMA_POISONED: "A read returned poisoned data.",
    Error.DMA_MALFORMED: "A completion did not fit its request.",
    Error.WAIT_TIMEOUT: "WAIT was not satisfied within its deadline.",
    Error.WAIT_POISONED: "The semaphore was poisoned while WAIT was unsatisfied.",
    Error.WATCHDOG: "A command other than WAIT ran longer than WATCHDOG_LIMIT.",
    Error.ABORTED: "Stopped by a queue or device reset.",
}
"""What each code means, as a sentence."""

ERROR_GROUPS: Final[dict[Error, str]] = {
    Error.NONE: "none",
    Error.DOORBELL_BACKWARDS: "doorbell",
    Error.DOORBELL_OVERFLOW: "doorbell",
    Error.FETCH_UR: "fetch",
    Error.FETCH_CA: "fetch",
    Error.FETCH_TIMEOUT: "fetch",
    Error.FETCH_POISONED: "fetch",
    Error.FETCH_MALFORMED: "fetch",
    Error.BAD_OPCODE: "packet",
    Error.BAD_FLAGS: "packet",
    Error.RESERVED_FIELD: "packet",
    Error.BAD_VECTOR: "packet",
    Error.RECORD_ALIGNMENT: "packet",
    Error.BAD_SPACE: "packet",
    Error.BAD_MODE: "packet",
    Error.BAD_LENGTH: "packet",
    Error.BAD_ALIGNMENT: "packet",
    Error.OUT_OF_RANGE: "packet",
    Error.BAD_SEMAPHORE: "packet",
    Error.BAD_KERNEL: "packet",
    Error.BAD_GRID: "packet",
    Error.BAD_UNITS: "packet",
    Error.ARGUMENT_RESERVED: "argument",
    Error.ARGUMENT_SHAPE: "argument",
    Error.ARGUMENT_ALIGNMENT: "argument",
    Error.ARGUMENT_RANGE: "argument",
    Error.DMA_UR: "dma",
    Error.DMA_CA: "dma",
    Error.DMA_TIMEOUT: "dma",
    Error.DMA_POISONED: "dma",
    Error.DMA_MALFORMED: "dma",
    Error.WAIT_TIMEOUT: "wait",
    Error.WAIT_POISONED: "wait",
    Error.WATCHDOG: "watchdog",
    Error.ABORTED: "abort",
}
"""What found the error: a packet, a doorbell, a fetch and so on."""
