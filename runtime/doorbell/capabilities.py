"""What a device says of itself in its capability registers (DEV rules): software assumes no count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from doorbell.contract import limits, registers
from doorbell.contract.register_types import Register
from doorbell.errors import IncompatibleDevice

__all__ = ["Capabilities", "read_capabilities"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Sizes in bytes, times in cycles; ``opcodes`` and ``kernels`` have bit N set when number N is implemented."""

    version: tuple[int, int, int]
    queues: int
    channels: int
    units: int
    vectors: int
    semaphores: int
    memory: int
    ring_log2: tuple[int, int]
    """Smallest and largest ring, as log2 of packets."""
    window: int
    tags: int
    clock_hz: int
    opcodes: int
    kernels: int
    macs_per_cycle: int
    bound_reset: int
    bound_drain: int


async def read_capabilities(read: Callable[[Register], Awaitable[int]]) -> Capabilities:
    """Read them all, the contract's version first.

    Raises:
        IncompatibleDevice: another major version, whose registers may lie elsewhere.
        DeviceLost: see `doorbell.device.Device.read`.
    """
    block = registers.DEVICE
    version = block.CONTRACT_VERSION.decode(await read(block.CONTRACT_VERSION))
    if version["major"] != limits.CONTRACT_MAJOR:
        raise IncompatibleDevice(
            f"device follows contract {version['major']}.x, this runtime {limits.CONTRACT_MAJOR}.x"
        )
    counts = block.CAP_COUNTS.decode(await read(block.CAP_COUNTS))
    ring = block.CAP_RING.decode(await read(block.CAP_RING))
    return Capabilities(
        version=(version["major"], version["minor"], version["patch"]),
        queues=counts["queues"],
        channels=counts["channels"],
        units=counts["units"],
        vectors=counts["vectors"],
        semaphores=await read(block.CAP_SEMAPHORES),
        memory=await read(block.CAP_DEVICE_MEMORY),
        ring_log2=(ring["log2_min"], ring["log2_max"]),
        window=ring["window"],
        tags=await read(block.CAP_TAGS),
        clock_hz=await read(block.CAP_CLOCK),
        opcodes=await read(block.CAP_OPCODES),
        kernels=await read(block.CAP_KERNELS),
        macs_per_cycle=await read(registers.UNIT[0].MACS),
        bound_reset=await read(block.BOUND_RESET),
        bound_drain=await read(block.BOUND_DRAIN),
    )
