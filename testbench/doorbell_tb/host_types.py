"""Plain values that go in and out of the host side of the link (`testbench/host/host_api.h`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

__all__ = [
    "EVER",
    "Access",
    "FaultKind",
    "Flow",
    "InjectKind",
    "Leaks",
    "Reply",
    "ReplyStatus",
    "Stats",
]

EVER = (1 << 64) - 1
"""Largest 64-bit count: every later read of an injection; the last address."""


class Access(IntFlag):
    """What the device may do with a mapping."""

    READ = 1
    WRITE = 2


class ReplyStatus(IntEnum):
    """How an MMIO or configuration request ended: PCIe's completion status, or the host's own."""

    SC = 0
    UR = 1
    CRS = 2
    CA = 4
    TIMEOUT = 0x10
    """The device did not answer within the profile's `mmio_timeout` cycles."""
    MALFORMED = 0x11
    """The completion does not fit its request."""
    POISONED = 0x12
    LINK_DOWN = 0x13
    """The link was reset first."""


class FaultKind(IntEnum):
    """Why a row is in the fault log."""

    READ_REFUSED = 1
    """Device read of unmapped or write-only memory: answered UR."""
    WRITE_REFUSED = 2
    """Device write to unmapped or read-only memory: dropped."""
    OWN_BAR = 3
    """Device request to its own BAR: answered UR, or dropped."""
    BAD_MESSAGE = 4
    """Write into the message window that is no MSI-X message: dropped."""
    UNSUPPORTED = 5
    CREDITS = 6
    """The device sent without credits."""
    FRAMING = 7
    """Start, end or number of beats do not fit the header."""
    TAG_REUSE = 8
    """Device read with a tag that is outstanding."""
    UNEXPECTED = 9
    """Completion that answers nothing outstanding."""
    BAD_COMPLETION = 10
    """Completion that does not fit its request."""
    MMIO_TIMEOUT = 11


class InjectKind(IntEnum):
    """What happens to a device read that an injection hits."""

    UR = 1
    CA = 2
    POISON = 3
    DROP = 4
    """No answer."""
    LATE = 5
    """`argument` cycles later than drawn."""
    DUPLICATE = 6
    """The last completion comes twice."""
    SHORT = 7
    """The last completion is cut by `argument` dwords (one is always left)."""
    LONG = 8
    """The last completion carries `argument` dwords too many."""
    BYTE_COUNT = 9
    """The first completion's byte count is off by `argument` (two's complement)."""
    LOWER_ADDRESS = 10
    """The first completion's lower address is off by `argument`."""
    DROP_PIECE = 11
    """The last completion never comes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to one MMIO or configuration request."""

    value: int
    """Little-endian, zero-extended; all ones unless `status` is SC; bulk reads: bytes landed."""
    status: ReplyStatus
    trace: int
    """Index of the last completion in the TLP trace; 0xFFFFFFFF when there is none."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Payload one way since `Host.mark()`."""

    bytes: int
    beats: int
    """Beats that carry payload."""
    first_cycle: int
    """Device cycle of the first such beat; `EVER` when there was none."""
    last_cycle: int

    @property
    def cycles(self) -> int:
        """Cycles from the first to the last beat, both included; 0 when there was none."""
        return self.last_cycle - self.first_cycle + 1 if self.beats else 0

    @property
    def efficiency(self) -> float:
        """Payload / (cycles x 64 bytes), first to last beat; 0.0 when there was none."""
        return self.bytes / (self.cycles * 64) if self.beats else 0.0


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts since `Host.configure()`; but `writes` and `reads` since `Host.mark()`."""

    writes: Flow
    """Memory writes of the device."""
    reads: Flow
    """Completions with data to the device."""
    mark_cycle: int
    tlps_to_host: int
    tlps_to_device: int
    device_reads: int
    device_writes: int
    device_atomics: int
    read_bytes: int
    """Bytes the device asked for."""
    cycles_tx_stalled: int
    """The device offered a beat and the host was not ready."""
    cycles_rx_stalled: int
    """The host offered a beat and the device was not ready."""
    cycles_no_posted: int
    """The device lacked credits for a largest posted TLP."""
    cycles_no_nonposted: int
    """The device lacked a non-posted header credit."""
    cycles_rx_no_credits: int
    """The device's credits held back a request of the host."""
    reorderings: int
    """Completions that started while an older read was unanswered."""
    splits: int
    """Reads answered with more completions than necessary."""
    completions: int
    tags_max: int
    """Most device reads outstanding at once."""
    mmio_reads: int
    mmio_writes: int
    config_requests: int
    interrupts: int
    publishes: int
    injected: int
    """Faults injected."""


@dataclass(frozen=True, slots=True)
class Leaks:
    """What is left behind; all zero on a clean link."""

    device_reads: int
    """Outstanding; those that an injection left unanswered do not count."""
    mmio: int
    """MMIO and configuration requests without an answer."""
    results: int
    """Answers never collected."""
    queued: int
    """TLPs that wait to be sent, and unfinished ones either way."""
    posted_headers: int
    """Credits that the device has not granted anew, against its first offer."""
    posted_data: int
    nonposted_headers: int
    nonposted_data: int
