"""Checks over a whole run, made when the simulation has ended: protocol, order, leaks.

Each looks at the TLP trace as numpy columns; none runs during the simulation.
"""

from __future__ import annotations

from doorbell_tb.checkers import completions, order, protocol
from doorbell_tb.checkers.evidence import Evidence
from doorbell_tb.checkers.finding import Finding
from doorbell_tb.tlp import Columns

__all__ = ["Evidence", "Finding", "check"]


def check(evidence: Evidence) -> list[Finding]:
    """Run every checker; findings come in the order of their cycles."""
    columns = Columns(evidence.trace)
    findings = [
        *protocol.check(evidence, columns),
        *completions.check(evidence, columns),
        *order.check(evidence, columns),
    ]
    return sorted(findings, key=lambda finding: (finding.cycle, finding.tlp))
