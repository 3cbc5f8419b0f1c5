"""The ops of FORMAT.md by name, each a small coroutine over a `Run`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from doorbell_vectors.format.document import Step
from doorbell_vectors.player.errors import Broken
from doorbell_vectors.player.ops import faults, interrupts, link, memory, registers, saved, tlp
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS", "perform"]

OPS: Final[dict[str, Op]] = {
    **registers.OPS,
    **memory.OPS,
    **interrupts.OPS,
    **faults.OPS,
    **saved.OPS,
    **tlp.OPS,
    **link.OPS,
}


async def perform(run: Run, steps: Sequence[Step], *, recipe: str = "") -> None:
    """Do the steps in order; ``run`` tells afterwards which one was the last. Raises what they raise."""
    for number, step in enumerate(steps):
        run.step = None if recipe else number
        run.op = f"{recipe}/{step['op']}" if recipe else step["op"]
        if step["op"] not in OPS:
            raise Broken(f"op {step['op']!r} is unknown to this player")
        await OPS[step["op"]](run, step)
