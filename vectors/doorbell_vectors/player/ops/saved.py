"""Relations between saved values."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from doorbell_vectors.format.document import Step
from doorbell_vectors.player.errors import Mismatch
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS"]

_WORD: Final = 1 << 64
_HALF: Final = 1 << 63


async def _order(run: Run, step: Step) -> None:
    found = {name: run.values({"saved": name}) for name in step["names"]}
    relation = "<" if step["strict"] else "<="
    for name, after in pairwise(step["names"]):
        ahead = (found[after] - found[name]) % _WORD
        ok = ahead < _HALF and (ahead > 0 or not step["strict"])
        run.tell(f"{name}, {after}", found[name], f"{relation} {found[after]:#x}", ok=ok)
        if not ok:
            raise Mismatch(
                "order",
                f"{name} {relation} {after}",
                f"at most {found[after]:#x}",
                hex(found[name]),
            )


async def _difference(run: Run, step: Step) -> None:
    async def look() -> int:
        of, minus = run.values({"saved": step["of"]}), run.values({"saved": step["minus"]})
        return (of - minus) % _WORD

    await run.expect_number(step, f"{step['of']} - {step['minus']}", look, kind="difference")


OPS: Final[dict[str, Op]] = {"order": _order, "difference": _difference}
