"""What crossed the link, where the host has an analyser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from doorbell.transport import LinkTlp
from doorbell_vectors.format import expect
from doorbell_vectors.format.document import Step
from doorbell_vectors.player.errors import Mismatch
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS"]

_FIELDS: Final = {"bytes": "length"}
_SHOWN: Final = 4


async def _link(run: Run, step: Step) -> None:
    if "link" not in run.hardware.abilities:
        run.unobserved = True
        run.tell("link", None, "an analyser")
        return
    seen = run.hardware.lab("link").link()[run.tlps :]
    await _CHECKS[step["check"]](run, step, seen)


def _matching(run: Run, wanted: Mapping[str, Any], seen: Sequence[LinkTlp]) -> list[LinkTlp]:
    return [tlp for tlp in seen if _matches(run, wanted, tlp)]


def _matches(run: Run, wanted: Mapping[str, Any], tlp: LinkTlp) -> bool:
    if "direction" in wanted and tlp.up != (wanted["direction"] == "up"):
        return False
    if "kind" in wanted and tlp.kind != wanted["kind"]:
        return False
    if "buffer" in wanted:
        buffer = run.buffer(wanted["buffer"])
        first = buffer.address + wanted.get("at", 0)
        if not _touches(tlp, first, wanted.get("length", buffer.size)):
            return False
    if "bar" in wanted:
        bar = run.hardware.function.bars[wanted["bar"]]
        return _touches(tlp, bar.address, bar.size)
    return True


def _touches(tlp: LinkTlp, first: int, length: int) -> bool:
    inside = tlp.address < first + length and first < tlp.address + tlp.length
    return tlp.kind != "completion" and inside


def _show(tlps: Sequence[LinkTlp]) -> str:
    shown = [
        f"{tlp.kind} {'up' if tlp.up else 'down'} {tlp.address:#x}, {tlp.length} bytes, cycle {tlp.cycle}"
        for tlp in tlps[:_SHOWN]
    ]
    return f"{len(tlps)}: " + "; ".join(shown) + ("; ..." if len(tlps) > _SHOWN else "")


async def _count(run: Run, step: Step, seen: Sequence[LinkTlp]) -> None:
    found = _matching(run, step["filter"], seen)

    async def look() -> int:
        return len(found)

    await run.expect_number(step, f"TLPs with {step['filter']}", look, kind="count")


async def _none(run: Run, step: Step, seen: Sequence[LinkTlp]) -> None:
    found = _matching(run, step["filter"], seen)
    run.tell(f"TLPs with {step['filter']}", len(found), "none", ok=not found)
    if found:
        raise Mismatch("count", f"TLPs with {step['filter']}", "none", _show(found))


async def _sequence(run: Run, step: Step, seen: Sequence[LinkTlp]) -> None:
    at = 0
    for number, wanted in enumerate(step["filters"]):
        hits = (place for place in range(at, len(seen)) if _matches(run, wanted, seen[place]))
        found = next(hits, None)
        cycle = None if found is None else seen[found].cycle
        run.tell(f"filter {number}: {wanted}", cycle, "a TLP", ok=found is not None)
        if found is None:
            raise Mismatch(
                "sequence", f"filter {number}: {wanted}", "a TLP after the one before", "none"
            )
        at = found + 1


async def _each(run: Run, step: Step, seen: Sequence[LinkTlp]) -> None:
    name: str = step["field"]
    wanted = expect.describe(step["expect"], run.values)
    for tlp in _matching(run, step["filter"], seen):
        value = int(getattr(tlp, _FIELDS.get(name, name)))
        if not expect.met(step["expect"], value, run.values):
            run.tell(f"{name} of {_show([tlp])}", value, wanted, ok=False)
            raise Mismatch("field", f"{name} of {_show([tlp])}", wanted, hex(value))
    run.tell(f"{name} of TLPs with {step['filter']}", None, wanted)


_CHECKS: Final = {"count": _count, "none": _none, "sequence": _sequence, "each": _each}
OPS: Final[dict[str, Op]] = {"link": _link}
