"""Raw TLPs."""

from __future__ import annotations

from typing import Final

from doorbell_vectors.format.document import Step
from doorbell_vectors.player.errors import Broken, Mismatch
from doorbell_vectors.player.raw import make
from doorbell_vectors.player.run import Op, Run

__all__ = ["OPS"]

_WITHIN: Final = 20_000
"""Device cycles in which an answer comes, where the step names no limit."""
_SEEN: Final = 8
"""Bytes of an answer that the host shows."""


async def _tlp(run: Run, step: Step) -> None:
    lab = run.hardware.lab("tlp_injection")
    fields = {
        name: int(value) if isinstance(value, bool) else run.values(value)
        for name, value in step["fields"].items()
    }
    if "bar" in fields:
        fields["address"] = run.hardware.address(fields.pop("bar"), fields.pop("at"))
    data = run.octets(step.get("bytes", [])).exact()
    where = f"{step['kind']} {fields.get('address', 0):#x}"
    wanted = step.get("expect")
    limit = run.within(step) or _WITHIN
    header, payload = make(step["kind"], fields, data)
    answer = await lab.tlp(header, payload, within=limit, answer=wanted is not None)
    if wanted is None:
        run.tell(where, data)
        return
    expected = wanted.get("status", "no answer")
    found = answer.status if answer else "no answer"
    run.tell(where, answer.data if answer else data, expected, ok=found == expected)
    if found != expected:
        raise Mismatch("answer", where, expected, found)
    if answer is None or "bytes" not in wanted:
        return
    octets = run.octets(wanted["bytes"])
    if octets.value.size > _SEEN:
        raise Broken(f"{octets.value.size} bytes of an answer: this host shows the first {_SEEN}")
    size = octets.value.size
    found_bytes = answer.data[:size].ljust(size, b"\0")
    difference = octets.difference(found_bytes)
    if answer.length < size or difference is not None:
        raise Mismatch("bytes", where, octets.value.tobytes().hex(), answer.data.hex())


OPS: Final[dict[str, Op]] = {"tlp": _tlp}
