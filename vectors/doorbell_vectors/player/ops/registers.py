"""Configuration space and BARs."""

from __future__ import annotations

from typing import Final

from doorbell_vectors.format.document import Step
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS"]


def _config(step: Step) -> str:
    return f"config {step.get('capability', '')}+{step['at']:#x}"


def _bar(step: Step, at: int) -> str:
    return f"BAR{step['bar']}+{at:#x}"


async def _config_read(run: Run, step: Step) -> None:
    async def look() -> int:
        return await run.hardware.config_read(step["at"], step["size"], step.get("capability"))

    await run.expect_number(step, _config(step), look)


async def _config_write(run: Run, step: Step) -> None:
    at, size, capability = step["at"], step["size"], step.get("capability")
    value = run.values(step["value"])
    if "mask" in step:
        mask = run.values(step["mask"])
        value = await run.hardware.config_read(at, size, capability) & ~mask | value & mask
    run.tell(_config(step), value)
    await run.hardware.config_write(at, value % (1 << 8 * size), size, capability)


async def _read(run: Run, step: Step) -> None:
    at = run.values(step["at"])

    async def look() -> int:
        return await run.hardware.read(step["bar"], at, step["size"])

    await run.expect_number(step, _bar(step, at), look)


async def _write(run: Run, step: Step) -> None:
    at, value = run.values(step["at"]), run.values(step["value"])
    run.tell(_bar(step, at), value)
    run.hardware.write(step["bar"], at, value, step["size"])


async def _read_block(run: Run, step: Step) -> None:
    at = run.values(step["at"])
    size = run.octets(step["bytes"]).value.size
    address = run.hardware.address(step["bar"], at)

    async def look() -> bytes:
        return await run.hardware.transport.read_block(address, size)

    await run.expect_bytes(step, _bar(step, at), step["bytes"], look)


async def _write_block(run: Run, step: Step) -> None:
    at, data = run.values(step["at"]), run.octets(step["bytes"]).exact()
    run.tell(_bar(step, at), data)
    run.hardware.transport.write_block(run.hardware.address(step["bar"], at), data)


async def _odd_read(run: Run, step: Step) -> None:
    lab = run.hardware.lab("odd_access")
    at = run.values(step["at"])
    address = run.hardware.address(step["bar"], at)

    async def look() -> bytes:
        return await lab.odd_read(address, step["length"])

    wanted = step.get("expect", [["u", step["length"]]])
    await run.expect_bytes(step, _bar(step, at), wanted, look)


async def _odd_write(run: Run, step: Step) -> None:
    lab = run.hardware.lab("odd_access")
    at, data = run.values(step["at"]), run.octets(step["bytes"]).exact()
    run.tell(_bar(step, at), data)
    lab.odd_write(run.hardware.address(step["bar"], at), data)


OPS: Final[dict[str, Op]] = {
    "config_read": _config_read,
    "config_write": _config_write,
    "read": _read,
    "write": _write,
    "read_block": _read_block,
    "write_block": _write_block,
    "odd_read": _odd_read,
    "odd_write": _odd_write,
}
