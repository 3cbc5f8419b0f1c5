"""A long run judged piece by piece: the checkers see in a later piece what they would see in the whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from made_trace import DATA, RING, Maker, copied, copy

from doorbell.contract import TlpKind
from doorbell_tb import checkers
from doorbell_tb.checkers import Evidence
from doorbell_tb.segments import configuration, joined
from doorbell_tb.trace import NONE


def second(change: Callable[[Maker], object] = bool) -> tuple[Evidence, Evidence]:
    """A clean COPY, a cut, and a second COPY with a change; in two pieces and as a whole."""
    found = []
    for cut in (True, False):
        maker = copied()
        before = configuration(np.concatenate(maker.rows))[:0]
        if cut:
            before = configuration(np.concatenate(maker.rows))
            maker.rows.clear()
            maker.journal.restart(len(before))
        maker.submit(copy(value=2))
        at = maker.reads(RING + 64, 64)
        maker.answer(at, bytes(64), to_host=False, left=64, low=64)
        change(maker)
        maker.writes(DATA, bytes(256))
        maker.record(2)
        maker.interrupt()
        maker.writeback(2)
        trace = joined(before, np.concatenate(maker.rows))
        found.append(Evidence(trace=trace, journal=maker.journal))
    return found[0], found[1]


def test_only_configuration_is_kept() -> None:
    maker = copied()
    whole = np.concatenate(maker.rows)
    kept = configuration(whole)
    assert 0 < len(kept) < len(whole)
    answers = kept["request"] != NONE
    assert answers.sum() * 2 == len(kept)
    assert (kept["request"][answers] == np.flatnonzero(answers) - 1).all()
    assert configuration(kept).tobytes() == kept.tobytes()
    assert joined(kept[:0], whole) is whole
    both = joined(kept, whole)
    later = both[len(kept) :]["request"]
    linked = whole["request"] != NONE
    assert (later[linked] == whole["request"][linked] + len(kept)).all()
    assert (later[~linked] == NONE).all()


def test_of_requests_that_say_the_same_the_last_is_kept() -> None:
    maker = copied()
    once = len(configuration(np.concatenate(maker.rows)))
    for value in (0x00, 0x02):  # Command, as often as a run of many pieces writes it
        maker.config(0x04, value, write=True)
    kept = configuration(np.concatenate(maker.rows))
    assert len(kept) <= once + 2
    written = kept[(kept["header"][:, 0] >> 24) == TlpKind.CFGWR0]
    command = written[(written["header"][:, 2] & 0xFFC) == 0x04]
    assert command["first"].tolist()[-1] & 0xFFFF_FFFF == 0x02
    assert len(command) == 1


def test_clean_pieces_have_no_finding() -> None:
    pieces, whole = second()
    assert len(pieces.trace) < len(whole.trace)
    assert checkers.check(pieces) == checkers.check(whole) == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("INT-EVENT-003", lambda maker: [maker.interrupt(), maker.interrupt()]),
        ("ORD-UP-001", lambda maker: maker.record(2)),
        ("DMA-COPY-002", lambda maker: maker.writes(DATA + 4096, bytes(8))),
        ("EP-TLP-001", lambda maker: maker.writes(DATA, bytes(512))),
        ("CP-RING-001", lambda maker: maker.fetch(slot=2)),
        ("CP-WB-002", lambda maker: maker.writeback(3)),
    ],
)
def test_a_later_piece_is_judged_as_strictly(rule: str, change: Callable[[Maker], object]) -> None:
    pieces, whole = second(change)
    assert {finding.rule for finding in checkers.check(pieces)} >= {rule}
    assert {finding.rule for finding in checkers.check(whole)} >= {rule}
