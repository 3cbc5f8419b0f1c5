"""What the two sides tell each other first: protocol version and limits, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from doorbell.vfio_user.messages import Version
from doorbell.vfio_user.wire import DESCRIPTORS_MAX, TRANSFER_MAX

__all__ = ["MAPS_MAX", "PAGE", "Proposal", "answer", "parse", "payload"]

MAPS_MAX: Final = 4096
"""Regions of host memory that a client may have mapped at once."""
PAGE: Final = 4096
MAJOR: Final = 0
MINOR: Final = 1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A peer's version, and the limits of what it takes; the defaults are the protocol's."""

    major: int
    minor: int
    max_msg_fds: int = 1
    max_data_xfer_size: int = 1 << 20
    write_multiple: bool = False


def payload(version: Version, *, write_multiple: bool) -> bytes:
    """Return the body of our own VERSION message."""
    capabilities: dict[str, Any] = {
        "max_msg_fds": DESCRIPTORS_MAX,
        "max_data_xfer_size": TRANSFER_MAX,
        "max_dma_maps": MAPS_MAX,
        "pgsizes": PAGE,
    }
    if write_multiple:
        capabilities["write_multiple"] = True
    text = json.dumps({"capabilities": capabilities}, separators=(",", ":"))
    return version.pack() + text.encode() + b"\0"


def parse(body: bytes) -> Proposal:
    """Read the body of a peer's VERSION message; unknown capabilities are passed over.

    Raises:
        ValueError: it is cut short, no JSON of the right shape, or a limit is out of range.
    """
    version = Version.unpack(body)
    text = body[Version.FORMAT.size :].partition(b"\0")[0]
    try:
        content = json.loads(text.decode("utf-8")) if text else {}
    except RecursionError:
        raise ValueError("version data nested too deeply") from None
    found = content.get("capabilities", {}) if isinstance(content, dict) else None
    if not isinstance(found, dict):
        raise ValueError("version data: not an object with an object `capabilities`")
    write_multiple = found.get("write_multiple", False)
    if not isinstance(write_multiple, bool):
        raise ValueError(f"write_multiple is {write_multiple!r}; true or false")
    return Proposal(
        version.major,
        version.minor,
        _number(found, "max_msg_fds", 1, 0),
        _number(found, "max_data_xfer_size", 1 << 20, 8),
        write_multiple,
    )


def _number(found: dict[str, Any], name: str, default: int, least: int) -> int:
    value = found.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 1 << 64:
        raise ValueError(f"{name} is {value!r}; a number of at least {least}")
    return value


def answer(proposal: Proposal) -> bytes | None:
    """Return the body of the server's reply; None: we do not speak that major version."""
    if proposal.major != MAJOR:
        return None
    version = Version(MAJOR, min(proposal.minor, MINOR))
    return payload(version, write_multiple=proposal.write_multiple)
