"""Layouts in memory as numpy dtypes, little-endian, without padding.

Generated from contract/ by `make contract`; do not edit.

Reserved bytes have no field: an array made by `numpy.zeros` is right, `numpy.empty` is not.
"""

from typing import Final

import numpy as np

from doorbell.contract.enums import Kernel, Opcode

PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": ["opcode", "flags", "vector", "tag", "operands", "record_address", "record_value"],
        "formats": ["u1", "u1", "<u2", "<u4", "(40,)u1", "<u8", "<u8"],
        "offsets": [0, 1, 2, 4, 8, 48, 56],
        "itemsize": 64,
    }
)
"""One command in a ring slot. The operands depend on the opcode; the frame does not."""

RECORD: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": ["timestamp", "value"],
        "formats": ["<u8", "<u8"],
        "offsets": [0, 8],
        "itemsize": 16,
    }
)
"""What a command with RECORD leaves in host memory, in one TLP. Only success writes it."""

ERROR_RECORD: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": [
            "code",
            "opcode",
            "queue",
            "tag",
            "index",
            "inner_index",
            "detail",
            "address",
            "timestamp",
            "generation",
        ],
        "formats": ["<u2", "u1", "u1", "<u4", "<u8", "<u4", "<u4", "<u8", "<u8", "<u8"],
        "offsets": [0, 2, 3, 4, 8, 16, 20, 24, 32, 56],
        "itemsize": 64,
    }
)
"""What a queue leaves in host memory (and in its ERROR registers) when it halts."""

MSIX_ENTRY: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": ["address", "data", "control"],
        "formats": ["<u8", "<u4", "<u4"],
        "offsets": [0, 8, 12],
        "itemsize": 16,
    }
)
"""One entry of the MSI-X table (PCIe Base 7.7.2)."""

NOP_PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": ["opcode", "flags", "vector", "tag", "record_address", "record_value"],
        "formats": ["u1", "u1", "<u2", "<u4", "<u8", "<u8"],
        "offsets": [0, 1, 2, 4, 48, 56],
        "itemsize": 64,
    }
)
"""Does nothing; carries a record or an interrupt."""

COPY_PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": [
            "opcode",
            "flags",
            "vector",
            "tag",
            "source",
            "destination",
            "length",
            "source_space",
            "destination_space",
            "record_address",
            "record_value",
        ],
        "formats": ["u1", "u1", "<u2", "<u4", "<u8", "<u8", "<u4", "u1", "u1", "<u8", "<u8"],
        "offsets": [0, 1, 2, 4, 8, 16, 24, 28, 29, 48, 56],
        "itemsize": 64,
    }
)
"""Moves bytes from any space to any space."""

FILL_PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": [
            "opcode",
            "flags",
            "vector",
            "tag",
            "pattern",
            "destination",
            "length",
            "destination_space",
            "record_address",
            "record_value",
        ],
        "formats": ["u1", "u1", "<u2", "<u4", "<u8", "<u8", "<u4", "u1", "<u8", "<u8"],
        "offsets": [0, 1, 2, 4, 8, 16, 24, 29, 48, 56],
        "itemsize": 64,
    }
)
"""Repeats an 8-byte pattern; phase counts from the first byte."""

WRITE_PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": [
            "opcode",
            "flags",
            "vector",
            "tag",
            "length",
            "destination_space",
            "destination",
            "data",
            "record_address",
            "record_value",
        ],
        "formats": ["u1", "u1", "<u2", "<u4", "<u4", "u1", "<u8", "(24,)u1", "<u8", "<u8"],
        "offsets": [0, 1, 2, 4, 8, 13, 16, 24, 48, 56],
        "itemsize": 64,
    }
)
"""Writes 0 to 24 bytes carried in the packet."""

LAUNCH_PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": [
            "opcode",
            "flags",
            "vector",
            "tag",
            "kernel",
            "unit_mask",
            "arguments",
            "arguments_length",
            "arguments_space",
            "grid_x",
            "grid_y",
            "grid_z",
            "record_address",
            "record_value",
        ],
        "formats": [
            "u1",
            "u1",
            "<u2",
            "<u4",
            "<u2",
            "<u4",
            "<u8",
            "<u4",
            "u1",
            "<u4",
            "<u4",
            "<u4",
            "<u8",
            "<u8",
        ],
        "offsets": [0, 1, 2, 4, 8, 12, 16, 24, 28, 32, 36, 40, 48, 56],
        "itemsize": 64,
    }
)
"""Runs a grid of work-groups of a kernel."""

WAIT_PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": [
            "opcode",
            "flags",
            "vector",
            "tag",
            "semaphore",
            "condition",
            "value",
            "deadline",
            "record_address",
            "record_value",
        ],
        "formats": ["u1", "u1", "<u2", "<u4", "<u4", "u1", "<u8", "<u8", "<u8", "<u8"],
        "offsets": [0, 1, 2, 4, 8, 12, 16, 24, 48, 56],
        "itemsize": 64,
    }
)
"""Holds the queue until a semaphore satisfies a condition."""

SIGNAL_PACKET: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": [
            "opcode",
            "flags",
            "vector",
            "tag",
            "mode",
            "destination_space",
            "semaphore",
            "destination",
            "value",
            "record_address",
            "record_value",
        ],
        "formats": ["u1", "u1", "<u2", "<u4", "u1", "u1", "<u4", "<u8", "<u8", "<u8", "<u8"],
        "offsets": [0, 1, 2, 4, 8, 9, 12, 16, 24, 48, 56],
        "itemsize": 64,
    }
)
"""Sets or adds to a semaphore, or writes 8 bytes, at retirement."""

GEMM_S8_ARGUMENTS: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": ["a", "b", "c", "m", "n", "k", "lda", "ldb", "ldc"],
        "formats": ["<u8", "<u8", "<u8", "<u4", "<u4", "<u4", "<u4", "<u4", "<u4"],
        "offsets": [0, 8, 16, 24, 28, 32, 36, 40, 44],
        "itemsize": 64,
    }
)
"""int32 C = int8 A x int8 B."""

REQUANTISE_ARGUMENTS: Final[np.dtype[np.void]] = np.dtype(
    {
        "names": ["x", "bias", "y", "m", "n", "ldx", "ldy", "multiplier", "shift", "lo", "hi"],
        "formats": ["<u8", "<u8", "<u8", "<u4", "<u4", "<u4", "<u4", "<u4", "u1", "i1", "i1"],
        "offsets": [0, 8, 16, 24, 28, 32, 36, 40, 44, 45, 46],
        "itemsize": 64,
    }
)
"""int8 y = clamp(round((x + bias) * multiplier / 2^shift))."""

PACKETS: Final[dict[Opcode, np.dtype[np.void]]] = {
    Opcode.NOP: NOP_PACKET,
    Opcode.COPY: COPY_PACKET,
    Opcode.FILL: FILL_PACKET,
    Opcode.WRITE: WRITE_PACKET,
    Opcode.LAUNCH: LAUNCH_PACKET,
    Opcode.WAIT: WAIT_PACKET,
    Opcode.SIGNAL: SIGNAL_PACKET,
}
"""Layout of the whole packet of each opcode."""

ARGUMENTS: Final[dict[Kernel, np.dtype[np.void]]] = {
    Kernel.GEMM_S8: GEMM_S8_ARGUMENTS,
    Kernel.REQUANTISE: REQUANTISE_ARGUMENTS,
}
"""Layout of the argument block of each kernel."""

RESERVED: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "NOP": ((8, 48),),
    "COPY": ((30, 48),),
    "FILL": ((28, 29), (30, 48)),
    "WRITE": ((12, 13), (14, 16)),
    "LAUNCH": ((10, 12), (29, 32), (44, 48)),
    "WAIT": ((13, 16), (32, 48)),
    "SIGNAL": ((10, 12), (32, 48)),
}
"""Bytes that are zero in a packet of the opcode, whatever its flags are: half-open ranges."""

ARGUMENTS_RESERVED: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "GEMM_S8": ((48, 64),),
    "REQUANTISE": ((47, 64),),
}
"""Bytes that are zero in the kernel's arguments: half-open ranges."""

LAYOUT_RESERVED: Final[dict[str, tuple[tuple[int, int], ...]]] = {
    "packet": (),
    "record": (),
    "error_record": ((40, 56),),
    "msix_entry": (),
}
"""Bytes that are zero in the other layouts: half-open ranges."""
