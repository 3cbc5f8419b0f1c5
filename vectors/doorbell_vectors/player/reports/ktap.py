"""KTAP, the kernel's test protocol, version 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doorbell_vectors.player.verdict import Result, Verdict

__all__ = ["lines"]

_OK = {Verdict.PASS, Verdict.WAIVED, Verdict.NOT_SUPPORTED, Verdict.NOT_OBSERVED}


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield the report, a line each; what was not judged is skipped, each with its reason."""
    yield "KTAP version 1"
    yield f"1..{len(results)}"
    for number, result in enumerate(results, 1):
        state = "ok" if result.verdict in _OK else "not ok"
        first = result.text.splitlines()[0] if result.text else ""
        said = "" if result.verdict is Verdict.PASS else f"{result.verdict} {first}".rstrip()
        skipped = result.verdict in _OK and result.verdict is not Verdict.PASS
        directive = f" # SKIP {said}" if skipped else ""
        if not skipped and said:
            yield f"# {result.id}: {said}"
        yield f"{state} {number} {result.id}-{result.name}{directive}"
