"""A long run's trace in segments: what a later one must still know of the earlier ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from doorbell_tb.tlp import Columns
from doorbell_tb.trace import NONE, TLP

__all__ = ["configuration", "joined"]


def configuration(trace: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the configuration requests of a trace and their completions, a trace of its own.

    The settings that later TLPs are judged by all come from there. Of requests that say the same
    (kind, target, register, byte enables, answered with data or without), only the last is kept, so that a
    run of many segments carries a few dozen TLPs along, however long it is.
    """
    columns = Columns(trace)
    request = trace["request"].astype(np.int64)
    answers = np.flatnonzero(columns.completion & (request < columns.count))
    answers = answers[columns.config[request[answers]]]
    answered = np.zeros(columns.count, np.int64)
    answered[request[answers]] = 1 + columns.has_data[answers]
    asked = np.flatnonzero(columns.config)[::-1]
    keys = np.stack(
        [
            column[asked]
            for column in (
                columns.kind,
                columns.target,
                columns.register,
                columns.first_be,
                answered,
            )
        ],
        axis=1,
    )
    last = asked[np.unique(keys, axis=0, return_index=True)[1]]
    keep = np.zeros(columns.count, np.bool_)
    keep[last] = True
    keep[answers] = keep[request[answers]]
    kept: npt.NDArray[Any] = trace[keep].copy()
    answering = kept["request"] != NONE
    kept["request"][answering] = (np.cumsum(keep) - 1)[kept["request"][answering]]
    return kept


def joined(before: npt.NDArray[Any], now: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return ``before`` and ``now`` (dtype `trace.TLP`) as one trace; ``now`` itself when that is all."""
    if not len(before):
        return now
    both = np.concatenate([before, now]).astype(TLP)
    later = both["request"][len(before) :]
    later[later != NONE] += len(before)
    return both
