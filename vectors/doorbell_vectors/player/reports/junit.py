"""JUnit XML, as CI systems read it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from doorbell_vectors.format.document import Suite
from doorbell_vectors.player.reports.counts import tally
from doorbell_vectors.player.verdict import Result, Verdict

__all__ = ["document"]

_ERRORS = {Verdict.ERROR, Verdict.INCONCLUSIVE}
_SKIPPED = {Verdict.NOT_SUPPORTED, Verdict.NOT_OBSERVED, Verdict.WAIVED}


def document(suite: Suite, results: Sequence[Result], seconds: float) -> str:
    """Return the report; every verdict but PASS is the ``type`` of its element."""
    counts = tally(results)
    top = ElementTree.Element(
        "testsuite",
        name=suite.suite,
        tests=str(len(results)),
        failures=str(counts[Verdict.FAIL]),
        errors=str(sum(counts[verdict] for verdict in _ERRORS)),
        skipped=str(sum(counts[verdict] for verdict in _SKIPPED)),
        time=f"{seconds:.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            top,
            "testcase",
            classname=suite.suite,
            name=f"{result.id} {result.name}",
            time=f"{result.seconds:.6f}",
        )
        properties = ElementTree.SubElement(case, "properties")
        for name, value in (
            ("id", result.id),
            ("round", str(result.round)),
            ("verdict", str(result.verdict)),
            ("rules", " ".join(suite.vector(result.id).rules)),
            ("signature", result.signature),
            ("hash", result.hash),
        ):
            ElementTree.SubElement(properties, "property", name=name, value=_clean(value))
        tag = {Verdict.FAIL: "failure", **dict.fromkeys(_ERRORS, "error")}
        tag |= dict.fromkeys(_SKIPPED, "skipped")
        if result.verdict in tag:
            first = result.text.splitlines()[0] if result.text else ""
            kind = str(result.verdict)
            element = ElementTree.SubElement(
                case, tag[result.verdict], type=kind, message=_clean(first)
            )
            element.text = _clean(result.text)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Drop what XML 1.0 cannot hold."""
    return "".join(sign for sign in text if sign in "\t\n" or sign >= " ")
