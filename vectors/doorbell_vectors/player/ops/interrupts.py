"""MSI-X vectors as the host sees them."""

from __future__ import annotations

from typing import Final

from doorbell_vectors.format.document import Step
from doorbell_vectors.format.values import number
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS"]


def _since(run: Run, vector: int) -> int:
    return run.hardware.transport.interrupts(vector) - run.interrupts.get(vector, 0)


async def _setup(run: Run, step: Step) -> None:
    run.tell(f"vector {step['vector']}")
    await run.hardware.interrupt_setup(step["vector"])


async def _mask(run: Run, step: Step) -> None:
    run.tell(f"vector {step['vector']}", int(step["masked"]))
    await run.hardware.interrupt_mask(step["vector"], masked=step["masked"])


async def _wait(run: Run, step: Step) -> None:
    async def look() -> int:
        return _since(run, step["vector"])

    wanted = {**step, "expect": {"min": step["count"]}}
    await run.expect_number(wanted, f"vector {step['vector']}", look, kind="count")


async def _interrupts(run: Run, step: Step) -> None:
    expected = step["expect"]
    plain = set(expected) == {"min"} and number(expected["min"]) <= 1
    if not plain and expected != {"eq": 0}:
        run.hardware.require("interrupt_count")

    async def look() -> int:
        return _since(run, step["vector"])

    await run.expect_number(step, f"vector {step['vector']}", look, kind="count")


OPS: Final[dict[str, Op]] = {
    "interrupt_setup": _setup,
    "interrupt_mask": _mask,
    "interrupt_wait": _wait,
    "interrupts": _interrupts,
}
