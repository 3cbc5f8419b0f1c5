"""What the capability registers read (DEV-CAP-001)."""

from __future__ import annotations

from doorbell.contract import KERNEL_IMPLEMENTED, OPCODE_IMPLEMENTED, limits
from doorbell.contract.registers import DEVICE, UNIT
from doorbell.model.bar0 import Bar0
from doorbell.model.shape import Shape

__all__ = ["fill"]


def fill(bar: Bar0, shape: Shape) -> None:
    """Give every capability register of ``bar`` its constant."""
    reference = limits.reference
    for register, value in (
        (
            DEVICE.CONTRACT_VERSION,
            DEVICE.CONTRACT_VERSION.encode(
                major=limits.CONTRACT_MAJOR,
                minor=limits.CONTRACT_MINOR,
                patch=limits.CONTRACT_PATCH,
            ),
        ),
        (
            DEVICE.CAP_COUNTS,
            DEVICE.CAP_COUNTS.encode(
                queues=shape.queues,
                channels=shape.channels,
                units=shape.units,
                vectors=shape.vectors,
            ),
        ),
        (
            DEVICE.CAP_RING,
            DEVICE.CAP_RING.encode(
                log2_min=shape.ring_log2[0], log2_max=shape.ring_log2[1], window=shape.window
            ),
        ),
        (
            DEVICE.BOUND_WRITEBACK,
            DEVICE.BOUND_WRITEBACK.encode(
                cycles=shape.writeback_cycles, packets=shape.writeback_packets
            ),
        ),
        (DEVICE.CAP_SEMAPHORES, shape.semaphores),
        (DEVICE.CAP_DEVICE_MEMORY, shape.memory),
        (DEVICE.CAP_TAGS, shape.tags),
        (DEVICE.CAP_CLOCK, shape.clock_hz),
        (DEVICE.CAP_OPCODES, OPCODE_IMPLEMENTED),
        (DEVICE.CAP_KERNELS, KERNEL_IMPLEMENTED),
        (DEVICE.BOUND_RESET, shape.bound_reset),
        (DEVICE.BOUND_DRAIN, reference.BOUND_DRAIN_CYCLES),
        (DEVICE.BOUND_FLR, reference.BOUND_FLR_CYCLES),
        *((UNIT[number].MACS, shape.macs) for number in range(shape.units)),
    ):
        bar.cell(register).value = value
