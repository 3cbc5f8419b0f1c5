"""A short soak on every device; `make soak` runs a long one."""

from __future__ import annotations

from doorbell import Device
from doorbell_tb.soak.program import soak


async def a_short_soak(device: Device) -> None:
    """Random commands on several queues with two checks; pitfall 36 wants 10^6 of them."""
    rtl = device.transport.name == "rtl"
    result = await soak(device, *((30_000, 15_000) if rtl else (6_000, 3_000)))
    assert result["commands"] >= (30_000 if rtl else 6_000)
    assert min(result["opcodes"].values()) > 50, result
