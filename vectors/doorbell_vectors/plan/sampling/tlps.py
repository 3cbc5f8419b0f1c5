"""Table ``tlp``: every TLP of the traces that simulated hosts leave (``trace.npy``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import CompletionStatus, TlpKind
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.plan.sampling.table import NOTHING, Column, Table

__all__ = ["read", "table"]

_PAGE: Final = 4096
_REFUSED, _INJECTED, _MESSAGE, _UNKNOWN = 1, 2, 4, 8
"""Bits of a row's ``flags``."""
_FIRST: Final = np.array([0, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0], np.int64)
"""Bytes before the first one enabled, by byte enables of a DW."""
_LAST: Final = np.array([0, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], np.int64)
"""Bytes behind the last one enabled."""

NAMES: Final = {
    "direction": {"up": 0, "down": 1},
    "kind": {kind.name: int(kind) for kind in TlpKind},
    "status": {status.name: int(status) for status in CompletionStatus},
    "boundary": {"inside": 0, "starts": 1, "ends": 2, "whole pages": 3},
}


def read(path: Path) -> npt.NDArray[Any]:
    """Read a trace. Raises VectorsError when the file is none."""
    try:
        rows: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise VectorsError(f"{path}: no trace: {error}") from error
    wanted = {"header", "address", "first", "payload", "direction", "flags"}
    if rows.dtype.names is None or not wanted <= set(rows.dtype.names):
        raise VectorsError(f"{path}: no trace: has {rows.dtype}, wants {', '.join(sorted(wanted))}")
    return rows


def table(rows: npt.NDArray[Any]) -> Table:
    """Take a trace apart. ``bytes`` are those meant (requests) or carried (completions)."""
    words = rows["header"].astype(np.int64)
    first, second = words[:, 0], words[:, 1]
    kind = first >> 24
    base = kind & ~0x20
    flags = rows["flags"].astype(np.int64)
    memory = (base == TlpKind.MRD32) | (base == TlpKind.MWR32)
    completion = (kind & ~0x40) == TlpKind.CPL
    length = 4 * np.where(first & 0x3FF == 0, 1024, first & 0x3FF)
    head, tail = second & 0xF, second >> 4 & 0xF
    end = np.where(tail == 0, head, tail)
    low = np.where(kind & 0x20 != 0, words[:, 3], words[:, 2]) & 0xFFC
    meant = np.where((head | tail) == 0, 0, length - _FIRST[head] - _LAST[end])
    start = low + _FIRST[head]
    boundary = (start % _PAGE == 0) + 2 * ((start + meant) % _PAGE == 0)

    def only(mask: npt.NDArray[np.bool_], values: npt.ArrayLike) -> Column:
        return np.where(mask, np.asarray(values, np.int64), NOTHING)

    columns: dict[str, Column] = {
        "direction": rows["direction"].astype(np.int64),
        "kind": kind,
        "bytes": np.where(memory, meant, rows["payload"].astype(np.int64)),
        "offset": only(memory, start % _PAGE),
        "boundary": only(memory, boundary),
        "first_be": only(memory, head),
        "last": only(memory, tail),
        "status": only(completion, second >> 13 & 7),
        "poisoned": first >> 14 & 1,
        "refused": flags & _REFUSED,
        "injected": (flags & _INJECTED) // _INJECTED,
        "message": (flags & _MESSAGE) // _MESSAGE,
        "unexpected": (flags & _UNKNOWN) // _UNKNOWN,
        "message_vector": only(flags & _MESSAGE != 0, rows["first"] & np.uint64(0xFFFFFFFF)),
    }
    return Table(columns, NAMES)
