"""Host memory, and time."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell_vectors.format.document import Step
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS"]


async def _put(run: Run, step: Step) -> None:
    data = run.octets(step["bytes"]).exact()
    run.tell(f"{step['buffer']}+{step['at']:#x}", data)
    run.part(step["buffer"], step["at"], len(data))[:] = np.frombuffer(data, np.uint8)


async def _publish(run: Run, _step: Step) -> None:
    run.tell("host memory")
    run.hardware.transport.publish()


async def _memory(run: Run, step: Step) -> None:
    size = run.octets(step["bytes"]).value.size
    part = run.part(step["buffer"], step["at"], size)

    async def look() -> npt.NDArray[np.uint8]:
        return part.copy()

    await run.expect_bytes(step, f"{step['buffer']}+{step['at']:#x}", step["bytes"], look)


async def _word(run: Run, step: Step) -> None:
    part = run.part(step["buffer"], step["at"], 8)

    async def look() -> int:
        return int.from_bytes(part.tobytes(), "little")

    await run.expect_number(step, f"{step['buffer']}+{step['at']:#x}", look)


async def _delay(run: Run, step: Step) -> None:
    cycles = run.values(step["cycles"])
    await run.clock.delay(cycles)
    run.tell("time", cycles)


OPS: Final[dict[str, Op]] = {
    "put": _put,
    "publish": _publish,
    "memory": _memory,
    "word": _word,
    "delay": _delay,
}
