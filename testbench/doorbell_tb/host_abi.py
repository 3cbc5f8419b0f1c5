"""Loading the C ABI of `testbench/host/host_api.h` into Python. No other module uses ctypes."""

from __future__ import annotations

import ctypes
from dataclasses import fields
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from doorbell_tb.errors import HostError
from doorbell_tb.host_types import Flow, Leaks, Reply, ReplyStatus, Stats
from doorbell_tb.profiles import Profile
from doorbell_tb.trace import FAULT, TLP

__all__ = [
    "FLOW_WORDS",
    "LEAKS_WORDS",
    "RESULT",
    "STATS_WORDS",
    "Collector",
    "injection",
    "load",
    "view",
]

_ABI_VERSION = 1

_pointer = ctypes.c_void_p
_u32 = ctypes.c_uint32
_i32 = ctypes.c_int32
_u64 = ctypes.c_uint64
_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "abi_version": (_u32, []),
    "struct_sizes": (None, [_pointer]),
    "configure": (_i32, [_pointer, _u64]),
    "last_error": (ctypes.c_char_p, []),
    "add_argument": (None, [ctypes.c_char_p]),
    "reset_link": (None, [_u32]),
    "set_ids": (None, [_u32, _u32]),
    "finish": (None, []),
    "cycle": (_u64, []),
    "event_count": (_u32, []),
    "wake_at": (None, [_u64]),
    "mmio_write": (None, [_u64, _u64, _u32]),
    "mmio_write_many": (None, [_pointer, _pointer, _pointer, _u64]),
    "mmio_read": (_u64, [_u64, _u32]),
    "mmio_read_many": (None, [_pointer, _pointer, _pointer, _u64]),
    "config_read": (_u64, [_u32, _u32]),
    "config_write": (_u64, [_u32, _u32, _u32]),
    "mmio_write_bulk": (None, [_u64, _pointer, _u64]),
    "mmio_read_bulk": (_u64, [_u64, _pointer, _u64]),
    "result": (_i32, [_u64, _pointer]),
    "result_many": (_i32, [_pointer, _pointer, _u64]),
    "send_tlp": (_u64, [_pointer, _pointer, _u32, _u32]),
    "map": (_i32, [_u64, _pointer, _u64, _u32]),
    "unmap": (_i32, [_u64]),
    "set_strict": (None, [_u32]),
    "publish": (_u64, []),
    "publish_range": (_u64, [_u64, _u64]),
    "set_message_window": (None, [_u64, _u64]),
    "interrupt_counts": (ctypes.c_void_p, []),
    "interrupt_cycles": (ctypes.c_void_p, []),
    "interrupt_total": (_u64, []),
    "watch": (_i32, [_u64, _u64]),
    "unwatch": (_i32, [_i32]),
    "trace_enable": (None, [_u32]),
    "trace_count": (_u64, []),
    "trace_data": (ctypes.c_void_p, []),
    "trace_dropped": (_u64, []),
    "trace_clear": (None, []),
    "fault_count": (_u64, []),
    "fault_data": (ctypes.c_void_p, []),
    "fault_clear": (None, []),
    "stats": (ctypes.c_void_p, []),
    "mark": (None, []),
    "inject": (_i32, [_pointer]),
    "inject_hits": (_u64, [_i32]),
    "inject_remove": (_i32, [_i32]),
    "inject_completion": (None, [_u32, _u32]),
    "inject_overflow": (None, [_u32]),
    "leaks": (None, [_pointer]),
    "quiet": (_i32, []),
}

RESULT = np.dtype([("value", "<u8"), ("status", "<u4"), ("trace", "<u4")])
FLOW_WORDS = len(fields(Flow))
STATS_WORDS = 2 * FLOW_WORDS + len(fields(Stats)) - 2
LEAKS_WORDS = len(fields(Leaks))


class _Result(ctypes.Structure):
    _fields_ = (("value", _u64), ("status", _u32), ("trace", _u32))


class _Injection(ctypes.Structure):
    _fields_ = (
        ("first", _u64),
        ("last", _u64),
        ("skip", _u64),
        ("count", _u64),
        ("kind", _u32),
        ("argument", _u32),
    )


class Collector:
    """Collects answers through one reused C struct: the quickest way for one at a time."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._result = _Result()
        self._at = ctypes.byref(self._result)

    def __call__(self, identifier: int) -> Reply | None:
        """Return the answer, or None while it is outstanding. Raises `HostError`: unknown id."""
        done = self._function(identifier, self._at)
        if done < 0:
            raise HostError(f"request {identifier}: unknown, or its answer was collected already")
        if done == 0:
            return None
        result = self._result
        return Reply(result.value, ReplyStatus(result.status), result.trace)


def injection(first: int, last: int, skip: int, count: int, kind: int, argument: int) -> Any:
    """Return a pointer to a `dbh_injection_t`; `argument` modulo 2**32."""
    return ctypes.byref(_Injection(first, last, skip, count, kind, argument & 0xFFFFFFFF))


def load() -> dict[str, Any]:
    """Return this simulator's functions by name, without `dbh_`. Raises `HostError` elsewhere."""
    program: Any = ctypes.CDLL(None)
    if not hasattr(program, "dbh_abi_version"):
        raise HostError(
            "this process is no Doorbell simulator: start the program with `doorbell sim`,"
            " `doorbell run` or pytest"
        )
    functions: dict[str, Any] = {}
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(program, f"dbh_{name}")
        function.restype, function.argtypes = result, arguments
        functions[name] = function
    _check(functions)
    return functions


def _check(functions: dict[str, Any]) -> None:
    version = functions["abi_version"]()
    sizes = np.zeros(7, np.uint32)
    functions["struct_sizes"](sizes.ctypes.data)
    expected = [
        4 * len(fields(Profile)) - 4,  # all but the name
        RESULT.itemsize,
        TLP.itemsize,
        FAULT.itemsize,
        8 * STATS_WORDS,
        ctypes.sizeof(_Injection),
        8 * LEAKS_WORDS,
    ]
    if version != _ABI_VERSION or sizes.tolist() != expected:
        raise HostError(
            f"the simulator speaks version {version} with structs of {sizes.tolist()} bytes,"
            f" this binding {_ABI_VERSION} with {expected}: build the simulator again"
        )


def view(address: int | None, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return `count` items of the simulator's memory as a read-only array, without copying."""
    if not count or address is None:
        return np.empty(0, dtype)
    memory = (ctypes.c_uint8 * (count * dtype.itemsize)).from_address(address)
    items: NDArray[Any] = np.frombuffer(cast("Any", memory), dtype)
    items.flags.writeable = False
    return items
