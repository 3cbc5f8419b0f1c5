"""What must not be left when a run has ended well: requests, answers, credits, interrupts, mappings, watches."""

from __future__ import annotations

from dataclasses import fields

from doorbell_tb.host_types import Leaks

__all__ = ["lines", "pending"]

_WHAT = {
    "device_reads": "reads of the device without all their completions",
    "mmio": "MMIO or configuration requests without an answer",
    "results": "MMIO answers that nobody collected",
    "queued": "TLPs that wait to be sent or are half-way",
    "posted_headers": "posted header credits that the device did not give back",
    "posted_data": "posted data credits (16 bytes each) that the device did not give back",
    "nonposted_headers": "non-posted header credits that the device did not give back",
    "nonposted_data": "non-posted data credits that the device did not give back",
}


def lines(left: Leaks, mappings: tuple[int, ...] = (), watches: tuple[int, ...] = ()) -> list[str]:
    """Return one line for each kind of thing that is left; ``mappings`` and ``watches`` by address."""
    found = [
        f"{getattr(left, field.name)} {_WHAT[field.name]}"
        for field in fields(left)
        if getattr(left, field.name)
    ]
    found += [f"host memory at {address:#x} is still mapped" for address in mappings]
    found += [f"the watch at {address:#x} was not ended" for address in watches]
    return found


def pending(vectors: int) -> list[str]:
    """Return one line for each MSI-X vector whose event never became a message; bit N is vector N."""
    return [
        f"an interrupt of vector {number} is still pending"
        for number in range(vectors.bit_length())
        if vectors >> number & 1
    ]
