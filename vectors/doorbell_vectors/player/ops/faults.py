"""What the host refuses and spoils on purpose."""

from __future__ import annotations

from typing import Final

from doorbell_vectors.format.document import Step
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS"]


async def _unmap(run: Run, step: Step) -> None:
    run.hardware.require("iommu_faults")
    run.tell(step["buffer"])
    run.hardware.unmap(run.buffer(step["buffer"]))
    run.unmapped.add(step["buffer"])


async def _map(run: Run, step: Step) -> None:
    run.hardware.require("iommu_faults")
    run.tell(step["buffer"])
    run.hardware.map(run.buffer(step["buffer"]))
    run.unmapped.discard(step["buffer"])


async def _faults(run: Run, step: Step) -> None:
    run.hardware.require("iommu_faults")

    async def look() -> int:
        return len(run.hardware.transport.faults()) - run.faults

    await run.expect_number(step, "fault log", look, kind="count")


async def _spoil(run: Run, step: Step) -> None:
    lab = run.hardware.lab("completion_faults")
    address = run.buffer(step["buffer"]).address + step["at"]
    run.tell(f"{step['buffer']}+{step['at']:#x}, {step['length']} bytes: {step['kind']}")
    lab.spoil(address, step["length"], step["kind"], step["count"])


OPS: Final[dict[str, Op]] = {"unmap": _unmap, "map": _map, "faults": _faults, "spoil": _spoil}
