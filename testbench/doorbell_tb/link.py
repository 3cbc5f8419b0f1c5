"""The link under a test's hands: raw TLPs, the trace, host behaviour, faults on purpose.

For tests that run inside the simulator (`doorbell sim FILE`, or pytest). The runtime (`doorbell.open("rtl")`)
goes over the same link, so both may be mixed in one test.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from doorbell_tb.host import Host
from doorbell_tb.host_types import Reply
from doorbell_tb.inside import LEAK, bench
from doorbell_tb.profiles import Profile, profile
from doorbell_tb.tlp import Tlp
from doorbell_tb.transport import RtlTransport

__all__ = [
    "LEAK",
    "checkpoint",
    "expect",
    "host",
    "request",
    "reset",
    "restart",
    "send",
    "trace",
    "transport",
]


def host() -> Host:
    """Return the host side of the link: memory, interrupts, statistics, fault injection."""
    return bench().host


def transport() -> RtlTransport:
    """Return what `doorbell.open("rtl")` talks through."""
    return bench().transport


def trace() -> npt.NDArray[Any]:
    """Return every TLP so far, dtype `trace.TLP`: a view, valid until `restart`."""
    return bench().host.trace()


def send(tlp: Tlp) -> None:
    """Send a TLP exactly as it is; completions to it appear in the trace alone."""
    bench().spoil()
    bench().host.send_tlp(tlp.header, tlp.payload)


async def request(tlp: Tlp) -> Reply:
    """Send a non-posted TLP with the host's requester id and a free tag, and wait for its answer.

    The reply's value holds the first 8 bytes of the answer.
    """
    bench().spoil()
    side = bench().transport
    identifier = bench().host.send_tlp(tlp.header, tlp.payload, assign=True)
    while (reply := bench().host.result(identifier)) is None:
        await side.wait(side.events())
    return reply


def restart(behaviour: str | Profile, seed: int | None = None) -> RtlTransport:
    """Start link, device and trace afresh with another host profile (by name or as such) and seed.

    Before the device is opened. Raises `ProfileError` for an unknown name.
    """
    chosen = profile(behaviour) if isinstance(behaviour, str) else behaviour
    return bench().configure(chosen, bench().job.seed if seed is None else seed)


def reset(cycles: int = 16) -> None:
    """Pulse the device's reset; requests under way are lost, mappings and the trace stay."""
    bench().resets.append(bench().transport.journal.base + bench().host.trace_count)
    bench().transport.journal.reset()
    bench().host.reset_link(cycles)


async def checkpoint() -> None:
    """Judge every TLP so far and forget it: for tests that run so long that the trace would fill up.

    While the device is idle: every stream synchronised. Raises `ProtocolError`.
    """
    await bench().checkpoint()


def expect(*rule: str) -> None:
    """Say that this test breaks rules on purpose: each must be among the findings, and does no harm.

    A rule id, `checkers.finding.PCIE`, or `LEAK`.
    """
    bench().expected.update(rule)
