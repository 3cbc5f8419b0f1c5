"""The host side of the link, as Python sees it: a typed binding of `testbench/host/host_api.h`.

Lives inside the simulator's process. Every call returns at once; simulated time only moves while a
coroutine waits (on the testbench's public `event_count`). Addresses are 64-bit bus addresses,
lengths are bytes, times are device cycles since `Host.configure()`. `host_abi.py` does the ctypes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doorbell_tb.errors import HostError
from doorbell_tb.host_abi import (
    FLOW_WORDS,
    LEAKS_WORDS,
    RESULT,
    STATS_WORDS,
    Collector,
    injection,
    load,
    view,
)
from doorbell_tb.host_types import EVER, Access, Flow, InjectKind, Leaks, Reply, Stats
from doorbell_tb.profiles import Profile
from doorbell_tb.trace import FAULT, TLP

__all__ = ["Host"]

_VECTORS = 2048


class Host:
    """Root complex, host memory, IOMMU, interrupts, trace and fault injection of this simulator.

    Raises `HostError` outside a simulator, and when the simulator was built from another version.
    Memory handed over by `map` or `read_bulk` is kept alive until it is unmapped or answered.
    """

    def __init__(self) -> None:
        self._f = load()
        self._maps: dict[int, NDArray[Any]] = {}
        self._reading: dict[int, NDArray[Any]] = {}
        # Calls that hot paths make thousands of times: bound once.
        self._mmio_write = self._f["mmio_write"]
        self._mmio_read = self._f["mmio_read"]
        self._collect = Collector(self._f["result"])
        self._cycle = self._f["cycle"]
        self._event_count = self._f["event_count"]

    def _require(self, ok: bool) -> None:
        if not ok:
            raise HostError(self._f["last_error"]().decode())

    # ---- life ----

    def configure(self, profile: Profile, seed: int) -> None:
        """Start afresh: cycle 0, device in reset, no mappings, empty trace, all counts 0.

        The device is held in reset until the first call. `seed` is 0 to 2**64 - 1; with the same
        profile, seed and program the trace is bit-identical. Raises `HostError` for a bad value.
        """
        if not 0 <= seed < 1 << 64:
            raise HostError(f"seed {seed}: must be 0 to 2**64 - 1")
        values = np.array(profile.values(), np.uint32)
        self._require(self._f["configure"](values.ctypes.data, seed) == 0)
        self._maps.clear()
        self._reading.clear()

    def reset_link(self, cycles: int = 16) -> None:
        """Pulse the device's reset for `cycles` and start the link anew; mappings and trace stay.

        Requests in flight end with `ReplyStatus.LINK_DOWN`.
        """
        self._f["reset_link"](cycles)

    def set_ids(self, host: int, device: int) -> None:
        """Set the 16-bit ids (bus << 8 | device << 3 | function); default 0 and 0x0100."""
        self._f["set_ids"](host, device)

    def finish(self) -> None:
        """End the simulation at the next clock."""
        self._f["finish"]()

    # ---- time and events ----

    @property
    def cycle(self) -> int:
        """Device cycles since `configure`."""
        return int(self._cycle())

    @property
    def event_count(self) -> int:
        """Events so far, modulo 2**32: MMIO answers, interrupts, watched writes, wake-ups.

        The testbench's signal `event_count` shows the same number one clock later.
        """
        return int(self._event_count())

    def wake_at(self, cycle: int) -> None:
        """Count one event at that device cycle (at the next clock if it has passed)."""
        self._f["wake_at"](cycle)

    # ---- MMIO and configuration ----

    def mmio_write(self, address: int, value: int, size: int) -> None:
        """Post one write of `size` 1 to 8 bytes inside one 8-byte word; never waits.

        Raises `HostError` for a bad size, alignment or value.
        """
        self._check_access(address, size)
        if not 0 <= value < 1 << (8 * size):
            raise HostError(f"value {value:#x}: does not fit {size} bytes")
        self._mmio_write(address, value, size)

    def mmio_write_many(
        self, address: NDArray[np.uint64], value: NDArray[np.uint64], size: NDArray[np.uint32]
    ) -> None:
        """Post many writes at once: three arrays of one length; each as `mmio_write` wants it."""
        a, v, s = self._columns(address, size, value)
        self._f["mmio_write_many"](a.ctypes.data, v.ctypes.data, s.ctypes.data, len(a))

    def mmio_read(self, address: int, size: int) -> int:
        """Start a read of `size` 1 to 8 bytes inside one 8-byte word; returns its id."""
        self._check_access(address, size)
        return int(self._mmio_read(address, size))

    def mmio_read_many(
        self, address: NDArray[np.uint64], size: NDArray[np.uint32]
    ) -> NDArray[np.uint64]:
        """Start many reads at once; returns their ids for `results`."""
        a, _, s = self._columns(address, size, None)
        ids = np.empty(len(a), np.uint64)
        self._f["mmio_read_many"](a.ctypes.data, s.ctypes.data, ids.ctypes.data, len(a))
        return ids

    def config_read(self, offset: int, size: int = 4) -> int:
        """Start a type 0 configuration read of 1, 2 or 4 bytes inside a dword; returns its id."""
        self._check_config(offset, size)
        return int(self._f["config_read"](offset, size))

    def config_write(self, offset: int, value: int, size: int = 4) -> int:
        """Start a type 0 configuration write of 1, 2 or 4 bytes inside a dword; returns its id."""
        self._check_config(offset, size)
        if not 0 <= value < 1 << (8 * size):
            raise HostError(f"value {value:#x}: does not fit {size} bytes")
        return int(self._f["config_write"](offset, value, size))

    def write_bulk(self, address: int, data: bytes | bytearray | memoryview | NDArray[Any]) -> None:
        """Post any number of bytes to any address; copied now, cut into TLPs by the profile."""
        source = np.frombuffer(data, np.uint8)
        self._check_range(address, source.nbytes)
        self._f["mmio_write_bulk"](address, source.ctypes.data, source.nbytes)

    def read_bulk(self, address: int, out: NDArray[Any]) -> int:
        """Start reading `out.nbytes` from any address into `out`; returns one id for the whole.

        `out` must be contiguous and writable. The first bad status wins.
        """
        self._check_array(out, writable=True)
        self._check_range(address, out.nbytes)
        identifier = int(self._f["mmio_read_bulk"](address, out.ctypes.data, out.nbytes))
        self._reading[identifier] = out
        return identifier

    def result(self, identifier: int) -> Reply | None:
        """Collect the answer to a request, or None while it is outstanding.

        Raises `HostError` for an id that is unknown or was collected already.
        """
        reply = self._collect(identifier)
        if reply is not None:
            self._reading.pop(identifier, None)
        return reply

    def results(self, identifiers: NDArray[np.uint64]) -> NDArray[Any] | None:
        """Collect many answers at once: rows (value, status, trace), or None until all are in.

        Raises `HostError` when one of the ids is unknown; then none is collected.
        """
        ids = np.ascontiguousarray(identifiers, np.uint64)
        replies = np.empty(len(ids), RESULT)
        done = self._f["result_many"](ids.ctypes.data, replies.ctypes.data, len(ids))
        if done < 0:
            raise HostError("a request is unknown, or its answer was collected already")
        if not done:
            return None
        for identifier in ids.tolist() if self._reading else ():
            self._reading.pop(identifier, None)
        return replies

    def send_tlp(self, header: Sequence[int], payload: bytes = b"", *, assign: bool = False) -> int:
        """Send one TLP exactly as given: four header DWs (three for short ones), payload bytes.

        The payload's length decides the beats, whatever the header says. With `assign`, the host
        puts in its requester id and a tag, and the returned id works with `result` (value: the
        first 8 bytes). Without, returns 0 and completions appear in the trace alone.
        """
        if not 3 <= len(header) <= 4:
            raise HostError(f"header of {len(header)} DWs: must be 3 or 4")
        words = np.array([*header, 0][:4], np.uint32)
        data = np.frombuffer(payload, np.uint8)
        return int(
            self._f["send_tlp"](words.ctypes.data, data.ctypes.data, len(payload), int(assign))
        )

    # ---- host memory ----

    def map(
        self, iova: int, memory: NDArray[Any], access: Access = Access.READ | Access.WRITE
    ) -> None:
        """Let the device reach `memory`, in place, at [iova, iova + memory.nbytes).

        Exact to the byte. Raises `HostError` for an empty, overlapping or wrapping range, and for
        an array that is not contiguous, or not writable while the device may write.
        """
        self._check_array(memory, writable=Access.WRITE in access)
        self._check_range(iova, memory.nbytes)
        self._require(self._f["map"](iova, memory.ctypes.data, memory.nbytes, int(access)) == 0)
        self._maps[iova] = memory

    def unmap(self, iova: int) -> None:
        """Take a mapping away, by its first address. Raises `HostError` when there is none."""
        self._require(self._f["unmap"](iova) == 0)
        del self._maps[iova]

    def set_strict(self, strict: bool) -> None:
        """Choose whether the device reads a copy of host memory that only `publish` refreshes."""
        self._f["set_strict"](int(strict))

    def publish(self) -> int:
        """Order earlier writes to mapped memory before every later MMIO; returns bytes refreshed."""
        return int(self._f["publish"]())

    def publish_range(self, iova: int, size: int) -> int:
        """Publish only [iova, iova + size); returns bytes refreshed."""
        return int(self._f["publish_range"](iova, size))

    # ---- interrupts and watches ----

    def set_message_window(self, base: int, size: int) -> None:
        """Set where MSI-X messages are written; default 0xFEE00000, 1 MiB."""
        self._check_range(base, size)
        self._f["set_message_window"](base, size)

    def interrupt_counts(self) -> NDArray[np.uint64]:
        """Messages so far per vector: a live, read-only array of 2048."""
        return view(self._f["interrupt_counts"](), _VECTORS, np.dtype(np.uint64))

    def interrupt_cycles(self) -> NDArray[np.uint64]:
        """Device cycle of each vector's last message: a live, read-only array of 2048."""
        return view(self._f["interrupt_cycles"](), _VECTORS, np.dtype(np.uint64))

    @property
    def interrupt_total(self) -> int:
        """Messages so far, all vectors."""
        return int(self._f["interrupt_total"]())

    def watch(self, iova: int, size: int) -> int:
        """Count an event for each device write into [iova, iova + size); returns a handle."""
        self._check_range(iova, size)
        handle = int(self._f["watch"](iova, size))
        self._require(handle >= 0)
        return handle

    def unwatch(self, handle: int) -> None:
        """End a watch. Raises `HostError` for an unknown handle."""
        self._require(self._f["unwatch"](handle) == 0)

    # ---- TLP trace and fault log ----

    def trace_enable(self, on: bool) -> None:
        """Switch the TLP trace on (as at the start) or off."""
        self._f["trace_enable"](int(on))

    def trace(self, start: int = 0) -> NDArray[Any]:
        """TLPs so far from index `start`, dtype `trace.TLP`: a read-only view, without copying.

        Valid until `trace_clear` or `configure`; copy what must outlive the simulator.
        """
        count = max(self.trace_count - start, 0)
        return view(self._f["trace_data"]() + start * TLP.itemsize, count, TLP)

    @property
    def trace_count(self) -> int:
        """TLPs in the trace: the index of the next one."""
        return int(self._f["trace_count"]())

    @property
    def trace_dropped(self) -> int:
        """TLPs that are missing because the trace was full."""
        return int(self._f["trace_dropped"]())

    def trace_clear(self) -> None:
        """Forget all TLPs so far."""
        self._f["trace_clear"]()

    def faults(self) -> NDArray[Any]:
        """Copy of the fault log, dtype `trace.FAULT`, oldest first."""
        count = int(self._f["fault_count"]())
        return view(self._f["fault_data"](), count, FAULT).copy()

    @property
    def fault_count(self) -> int:
        """Rows in the fault log."""
        return int(self._f["fault_count"]())

    def fault_clear(self) -> None:
        """Empty the fault log."""
        self._f["fault_clear"]()

    # ---- statistics and end of run ----

    def stats(self) -> Stats:
        """Return a copy of the counts."""
        words = view(self._f["stats"](), STATS_WORDS, np.dtype(np.uint64)).tolist()
        n = FLOW_WORDS
        return Stats(Flow(*words[:n]), Flow(*words[n : 2 * n]), *words[2 * n :])

    def mark(self) -> None:
        """Start the measurement of `Stats.writes` and `Stats.reads` anew."""
        self._f["mark"]()

    def leaks(self) -> Leaks:
        """Return what is outstanding right now; all zero on a clean link."""
        words = np.zeros(LEAKS_WORDS, np.uint64)
        self._f["leaks"](words.ctypes.data)
        return Leaks(*words.tolist())

    @property
    def quiet(self) -> bool:
        """Whether the host has nothing queued, pending or half-way in either direction."""
        return bool(self._f["quiet"]())

    # ---- faults on purpose ----

    def inject(
        self,
        kind: InjectKind,
        *,
        first: int = 0,
        last: int = EVER,
        skip: int = 0,
        count: int = 1,
        argument: int = 0,
    ) -> int:
        """Spoil device reads that touch [first, last]: let `skip` pass, then hit `count`.

        `argument` is the kind's own (cycles, dwords, offset). Returns a handle.
        """
        rule = injection(first, last, skip, count, int(kind), argument)
        handle = int(self._f["inject"](rule))
        self._require(handle >= 0)
        return handle

    def inject_hits(self, handle: int) -> int:
        """Reads that an injection has hit so far."""
        return int(self._f["inject_hits"](handle))

    def inject_remove(self, handle: int) -> None:
        """End an injection. Raises `HostError` for an unknown handle."""
        self._require(self._f["inject_remove"](handle) == 0)

    def inject_completion(self, tag: int, size: int) -> None:
        """Send a successful completion nobody asked for, with `size` bytes (0: no data)."""
        self._f["inject_completion"](tag, size)

    def inject_overflow(self, tlps: int) -> None:
        """Send the next `tlps` requests without regard for the device's credits."""
        self._f["inject_overflow"](tlps)

    # ---- checks ----

    @staticmethod
    def _check_range(address: int, size: int) -> None:
        if address < 0 or size < 0 or address + size > 1 << 64:
            raise HostError(f"{size} bytes at {address:#x}: must lie in 0 to 2**64 - 1")

    @staticmethod
    def _check_access(address: int, size: int) -> None:
        if not (1 <= size <= 8 and 0 <= address < 1 << 64 and (address & 7) + size <= 8):
            raise HostError(
                f"{size} bytes at {address:#x}: one access is 1 to 8 bytes inside an aligned"
                " 8-byte word; use write_bulk or read_bulk"
            )

    @staticmethod
    def _check_config(offset: int, size: int) -> None:
        if size not in {1, 2, 4} or not 0 <= offset < 4096 or (offset & 3) + size > 4:
            raise HostError(
                f"{size} bytes at configuration offset {offset:#x}: must be 1, 2 or 4 bytes inside"
                " a dword below 0x1000"
            )

    @staticmethod
    def _check_array(array: NDArray[Any], *, writable: bool) -> None:
        if not array.flags.c_contiguous or (writable and not array.flags.writeable):
            need = "contiguous and writable" if writable else "contiguous"
            shape = f"shape {array.shape}, strides {array.strides}"
            raise HostError(f"array of {shape}: must be {need}")

    @staticmethod
    def _columns(
        address: NDArray[np.uint64], size: NDArray[np.uint32], value: NDArray[np.uint64] | None
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint32]]:
        a = np.ascontiguousarray(address, np.uint64)
        s = np.ascontiguousarray(size, np.uint32)
        v = a if value is None else np.ascontiguousarray(value, np.uint64)
        if not len(a) == len(s) == len(v):
            raise HostError(f"columns of {len(a)}, {len(v)}, {len(s)} rows: must be equally long")
        bad = np.flatnonzero((s < 1) | ((a & np.uint64(7)) + s > 8))
        if bad.size:
            Host._check_access(int(a[bad[0]]), int(s[bad[0]]))
        return a, v, s
