"""Op lists that a player runs around vectors: version check, reset, health check, reset of all queues."""

from __future__ import annotations

from typing import Any

from doorbell.contract import limits, registers
from doorbell.contract.register_types import Register
from doorbell_vectors.authoring.scene import WITHIN
from doorbell_vectors.format.values import literal

__all__ = ["recipes"]

_DEVICE = registers.DEVICE
_SCRATCH = 0x0123_4567_89AB_CDEF


def recipes() -> dict[str, list[dict[str, Any]]]:
    """Return the recipes of FORMAT.md by name."""
    reset = _write(_DEVICE.CONTROL, _DEVICE.CONTROL.encode(reset=1))
    queue_resets = [
        _write(queue.CONTROL, queue.CONTROL.encode(reset=1)) for queue in registers.QUEUE
    ]
    bound = {"cap": "bound_reset"}
    return {
        "version": [
            _read(_DEVICE.IDENTITY, value=limits.IDENTITY),
            _read(_DEVICE.CONTRACT_VERSION, major=limits.CONTRACT_MAJOR),
        ],
        "reset": [
            reset,
            _read(_DEVICE.STATUS, resetting=0) | {"within": bound},
            # What the vector before abandoned rests on (EP-TAG-002); no vector begins with fewer tags than another.
            _read(_DEVICE.TAGS, quarantined=0) | {"within": WITHIN},
        ],
        "health": [
            _read(_DEVICE.IDENTITY, value=limits.IDENTITY),
            _read(_DEVICE.STATUS, fatal=0, resetting=0, idle=1) | {"within": WITHIN},
            _write(_DEVICE.SCRATCH, _SCRATCH),
            _read(_DEVICE.SCRATCH, value=_SCRATCH),
        ],
        "queue_reset": [*queue_resets, _read(_DEVICE.STATUS, idle=1) | {"within": bound}],
    }


def _write(register: Register, value: int) -> dict[str, Any]:
    return {
        "op": "write",
        "bar": 0,
        "at": literal(register.offset),
        "size": 8,
        "value": literal(value),
    }


def _read(register: Register, **numbers: int) -> dict[str, Any]:
    mask = sum(register.fields[name].mask for name in numbers)
    expect: dict[str, Any] = {"eq": literal(register.encode(**numbers))}
    if mask != (1 << 64) - 1:
        expect["mask"] = literal(mask)
    return {"op": "read", "bar": 0, "at": literal(register.offset), "size": 8, "expect": expect}
