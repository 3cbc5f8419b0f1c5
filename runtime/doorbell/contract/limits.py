"""Sizes that the contract fixes.

Generated from contract/ by `make contract`; do not edit.

`limits.reference` holds what the reference device implements: software reads its registers instead.
"""

from typing import Final

from doorbell.contract import reference

__all__ = [
    "ARGUMENT_BYTES",
    "BAR0_BYTES",
    "CLASS_CODE",
    "CONTRACT_MAJOR",
    "CONTRACT_MINOR",
    "CONTRACT_PATCH",
    "DEVICE_ID",
    "DIMENSION_MAX",
    "ERROR_RECORD_BYTES",
    "GEMM_TILE_COLUMNS",
    "GEMM_TILE_ROWS",
    "GRID_MAX",
    "IDENTITY",
    "PACKET_BYTES",
    "RECORD_BYTES",
    "RING_ALIGN_BYTES",
    "RING_LOG2_MAX",
    "RING_LOG2_MIN",
    "SHIFT_MAX",
    "SHIFT_MIN",
    "VENDOR_ID",
    "WINDOW_MIN",
    "WRITE_MAX_BYTES",
    "reference",
]

CONTRACT_MAJOR: Final = 0
"""Contract version (semver)."""
CONTRACT_MINOR: Final = 1
CONTRACT_PATCH: Final = 0
PACKET_BYTES: Final = 64
RECORD_BYTES: Final = 16
ERROR_RECORD_BYTES: Final = 64
ARGUMENT_BYTES: Final = 64
"""Kernel arguments, also their alignment."""
WRITE_MAX_BYTES: Final = 24
"""Inline bytes of WRITE."""
RING_LOG2_MIN: Final = 1
RING_LOG2_MAX: Final = 16
RING_ALIGN_BYTES: Final = 4096
WINDOW_MIN: Final = 8
"""Commands of one queue that may be started and not retired."""
GEMM_TILE_ROWS: Final = 16
"""Rows of C of one work-group."""
GEMM_TILE_COLUMNS: Final = 64
"""Columns of C of one work-group."""
DIMENSION_MAX: Final = 65536
"""Largest m, n, k, in elements."""
GRID_MAX: Final = 65536
"""Largest grid dimension."""
SHIFT_MIN: Final = 1
SHIFT_MAX: Final = 62
IDENTITY: Final = 0x4C4C4542524F4F44
"""ASCII DOORBELL, little-endian."""
VENDOR_ID: Final = 7607
"""Configuration space; not an assigned PCI-SIG number."""
DEVICE_ID: Final = 53259
CLASS_CODE: Final = 0x120000
"""Processing accelerator."""
BAR0_BYTES: Final = 0x100000
"""Registers."""
