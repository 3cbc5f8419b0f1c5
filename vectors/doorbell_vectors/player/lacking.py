"""Whether a vector can be played at all: what its needs and its contract range ask, and what is there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from doorbell_vectors.format.document import Vector
from doorbell_vectors.format.versions import version

__all__ = ["lacking"]

_MASKS: Final = frozenset({"opcodes", "kernels"})
"""Capabilities that are bit masks: every bit that is asked for must be there."""
_VERSION: Final = ("version_major", "version_minor", "version_patch")
"""Capabilities that say which contract the device follows."""


def lacking(vector: Vector, capabilities: Mapping[str, int], abilities: Collection[str]) -> str:
    """Return why ``vector`` cannot be played on this device and host; empty when it can."""
    return (
        _contract(vector, capabilities)
        or _device(vector, capabilities)
        or _host(vector, frozenset(abilities))
    )


def _contract(vector: Vector, capabilities: Mapping[str, int]) -> str:
    """A suite that does not say where the version stands cannot be held against it."""
    if not capabilities.keys() >= {*_VERSION}:
        return ""
    found = tuple(capabilities[name] for name in _VERSION)
    first, last = vector.contract
    if version(first) <= found and (last is None or found <= version(last)):
        return ""
    follows = ".".join(map(str, found))
    return f"device contract {follows}: the vector holds from {first} to {last or 'today'}"


def _device(vector: Vector, capabilities: Mapping[str, int]) -> str:
    needs = vector.needs
    for name in (*needs.device, *needs.most):
        if name not in capabilities:
            return f"device capability {name}: this suite does not say where it is"
    for name, wanted in needs.device.items():
        found = capabilities[name]
        if found & wanted != wanted if name in _MASKS else found < wanted:
            return f"device capability {name}: has {found:#x}, needs {wanted:#x}"
    for name, wanted in needs.most.items():
        if (found := capabilities[name]) > wanted:
            return f"device capability {name}: has {found:#x}, needs at most {wanted:#x}"
    return ""


def _host(vector: Vector, abilities: frozenset[str]) -> str:
    high = any(buffer.window == "high" for buffer in vector.buffers.values())
    for ability in (*vector.needs.host, *(("high_addresses",) if high else ())):
        # An analyser only decides whether everything is observed.
        if ability not in abilities and ability != "link":
            return f"host ability {ability}: this host lacks it"
    return ""
