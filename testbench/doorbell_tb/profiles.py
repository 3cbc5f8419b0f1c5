"""Host profiles: how the other end of the link behaves (latency, back-pressure, credits, splits).

The values are data (`profiles.yaml`); this module loads and checks them. Times are device cycles.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from pathlib import Path

import yaml

from doorbell_tb.errors import ProfileError

__all__ = ["Profile", "names", "profile"]

_FILE = Path(__file__).with_name("profiles.yaml")


@dataclass(frozen=True, slots=True)
class Profile:
    """One behaviour of the host; the fields are those of `dbh_profile_t` in `host_api.h`, in order.

    Every number is 0 to 2**32 - 1; the simulator refuses values outside the limits named there.
    """

    name: str
    read_latency_min: int
    """Device read accepted to its first completion, cycles; drawn uniformly up to the maximum."""
    read_latency_max: int
    piece_gap_max: int
    """Most further cycles before each later completion of one read."""
    completion_bytes: int
    """Largest completion payload."""
    random_split: int
    """1: completions end at random 64-byte boundaries."""
    random_order: int
    """1: any due read may be answered next; 0: in order of due time."""
    early_sample_percent: int
    """Reads whose data are taken on arrival, not when the completion is sent."""
    ready_on_min: int
    """Cycles in a row with tx_ready high."""
    ready_on_max: int
    ready_off_min: int
    """Cycles in a row with tx_ready low."""
    ready_off_max: int
    """0: always ready."""
    rx_gap_percent: int
    """Chance that a beat to the device is held back."""
    rx_gap_max: int
    """For at most this many cycles."""
    posted_headers: int
    """Credits that the device gets; data credits are 16 bytes each."""
    posted_data: int
    nonposted_headers: int
    nonposted_data: int
    credit_return_min: int
    """TLP performed to its credits granted anew, cycles."""
    credit_return_max: int
    mmio_latency_min: int
    """CPU issues an MMIO to its TLP may be sent, cycles; order is kept."""
    mmio_latency_max: int
    mmio_depth: int
    """TLPs between the CPU and the link at once."""
    mmio_read_bytes: int
    """Where bulk MMIO is cut."""
    mmio_write_bytes: int
    host_tags: int
    """Reads that the host has outstanding at most."""
    mmio_timeout: int
    """Cycles after which an MMIO or configuration request fails; 0: never."""

    def values(self) -> tuple[int, ...]:
        """Return the numbers in the order of `dbh_profile_t`."""
        return astuple(self)[1:]

    def with_changes(self, **changes: int) -> Profile:
        """Return a copy with some numbers changed, named `<name>*`.

        Raises `ProfileError` for an unknown field or a value outside 0 to 2**32 - 1.
        """
        return _checked(replace(self, name=f"{self.name}*", **_known(self.name, changes)))


_NUMBERS = tuple(field.name for field in fields(Profile))[1:]


def names() -> tuple[str, ...]:
    """Return the names of the profiles in `profiles.yaml`."""
    return tuple(_load())


def profile(name: str) -> Profile:
    """Return a profile by name. Raises `ProfileError` for an unknown one."""
    table = _load()
    if name not in table:
        raise ProfileError(f"profile {name!r}: must be one of {', '.join(table)}")
    return table[name]


@cache
def _load() -> dict[str, Profile]:
    table = yaml.load(_FILE.read_text(), yaml.CSafeLoader)
    loaded = {}
    for name, values in table.items():
        known = _known(name, values)
        missing = [number for number in _NUMBERS if number not in known]
        if missing:
            raise ProfileError(f"profile {name!r} in {_FILE}: lacks {', '.join(missing)}")
        loaded[name] = _checked(Profile(name=name, **known))
    return loaded


def _known(name: str, values: dict[str, int]) -> dict[str, int]:
    unknown = [key for key in values if key not in _NUMBERS]
    if unknown:
        raise ProfileError(f"profile {name!r}: no such field: {', '.join(unknown)}")
    return values


def _checked(candidate: Profile) -> Profile:
    for number, value in zip(_NUMBERS, candidate.values(), strict=True):
        if type(value) is not int or not 0 <= value < 1 << 32:
            raise ProfileError(
                f"profile {candidate.name!r}: {number} = {value!r}: must be 0 to 2**32 - 1"
            )
    return candidate
