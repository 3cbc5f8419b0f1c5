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

    The settings that later TLPs are judged by all come from there.
    """
    columns = Columns(trace)
    request = trace["request"].astype(np.int64)
    keep = columns.config.copy()
    answers = columns.completion & (request < columns.count)
    keep[answers] = columns.config[request[answers]]
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
