"""What the reference device implements.

Generated from contract/ by `make contract`; do not edit.

For models, tests and examples: software reads the capability registers, never these values.
"""

from typing import Final

QUEUES: Final = 8
CHANNELS: Final = 8
"""Copies that the DMA engine moves at once."""
UNITS: Final = 2
VECTORS: Final = 32
SEMAPHORES: Final = 1024
DEVICE_MEMORY_BYTES: Final = 0x4000000
"""64 MiB; BAR2 has the same size."""
WINDOW: Final = 16
TAGS: Final = 256
CLOCK_HZ: Final = 250_000_000
MPS_BYTES_MAX: Final = 256
"""Largest payload the device supports."""
MRRS_BYTES_MAX: Final = 512
"""Largest read request the device issues."""
MACS_PER_CYCLE: Final = 256
"""Per unit."""
BOUND_RESET_CYCLES: Final = 65_536
"""Queue or device reset ends within this, outstanding reads included."""
BOUND_DRAIN_CYCLES: Final = 65_536
"""DRAINING ends within this after the last started command could finish."""
BOUND_WRITEBACK_CYCLES: Final = 256
"""get is written back at the latest this long after it moved."""
BOUND_WRITEBACK_PACKETS: Final = 8
"""get is written back at the latest after moving this far."""
BOUND_FLR_CYCLES: Final = 16_384
"""Ready again this long after FLR."""
COMPLETION_TIMEOUT_CYCLES: Final = 12_500
"""Default; 50 us at 250 MHz."""
QUARANTINE_CYCLES: Final = 50_000
"""Default time a timed-out tag rests."""
