"""Raw TLPs from the op `tlp`: kind and header fields, right or wrong on purpose (PCIe Base 2.2).

Header words are as printed there, byte 0 in bits 31:24; payloads are padded to whole DWs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from doorbell.contract import TlpKind
from doorbell_vectors.player.errors import Broken

__all__ = ["make"]

_DEVICE: Final = 0x0100
"""Id of the device: bus 1, device 0, function 0."""
_TAG: Final = 0xEE
"""Of a request that names none: hosts use few tags, from 0."""
_WIDE: Final = 0x20
_KINDS: Final = {
    "memory_read": TlpKind.MRD32,
    "memory_write": TlpKind.MWR32,
    "fetch_add": TlpKind.FETCHADD32,
    "swap": TlpKind.SWAP32,
    "compare_swap": TlpKind.CAS32,
    "config_read": TlpKind.CFGRD0,
    "config_write": TlpKind.CFGWR0,
}
_FIELDS: Final = {
    "type": (0, 24, 8),
    "traffic_class": (0, 20, 3),
    "digest": (0, 15, 1),
    "poisoned": (0, 14, 1),
    "words": (0, 0, 10),
}
_REQUEST: Final = {
    "requester": (1, 16, 16),
    "tag": (1, 8, 8),
    "last_be": (1, 4, 4),
    "first_be": (1, 0, 4),
}
_COMPLETION: Final = {
    "status": (1, 13, 3),
    "byte_count": (1, 0, 12),
    "requester": (2, 16, 16),
    "tag": (2, 8, 8),
    "lower_address": (2, 0, 7),
}
_PLACE: Final = frozenset({"address", "length", "wide", "attributes"})


def make(kind: str, fields: Mapping[str, int], data: bytes) -> tuple[list[int], bytes]:
    """Return header words and payload. What ``fields`` do not give is as PCIe wants it for the data or length.

    Raises:
        Broken: the kind is unknown, or a field does not belong to it.
    """
    if kind == "raw":
        header, payload = _raw(data)
        places = _FIELDS | _REQUEST
    elif kind == "completion":
        header, payload = _completion(data)
        places = _FIELDS | _COMPLETION
    else:
        header, payload = _request(kind, fields, data)
        places = _FIELDS | _REQUEST
    for name, value in fields.items():
        if name in _PLACE:
            continue
        if name not in places:
            raise Broken(f"tlp {kind}: has no field {name!r}; it has {', '.join(places)}")
        word, shift, width = places[name]
        mask = (1 << width) - 1 << shift
        header[word] = header[word] & ~mask | value << shift & mask
    attributes = fields.get("attributes", 0)
    header[0] |= (attributes & 3) << 12 | (attributes >> 2 & 1) << 18
    return header, payload


def _raw(data: bytes) -> tuple[list[int], bytes]:
    """Take header and payload apart: DWs as on the link, byte 0 first; the format says how many are header."""
    size = 16 if data and data[0] & _WIDE else 12
    if len(data) < size or len(data) % 4:
        raise Broken(
            f"tlp raw: {len(data)} bytes; give a header of {size} and whole DWs of payload"
        )
    header = [int.from_bytes(data[at : at + 4], "big") for at in range(0, size, 4)]
    return header, data[size:]


def _completion(data: bytes) -> tuple[list[int], bytes]:
    code = TlpKind.CPLD if data else TlpKind.CPL
    payload = data + bytes(-len(data) % 4)
    return [code << 24 | len(payload) // 4 & 0x3FF, len(data) & 0xFFF, 0], payload


def _request(kind: str, fields: Mapping[str, int], data: bytes) -> tuple[list[int], bytes]:
    address, skip = fields.get("address", 0), fields.get("address", 0) & 3
    if kind not in _KINDS:
        raise Broken(f"tlp kind {kind!r}: give raw, completion, {', '.join(_KINDS)}")
    code = _KINDS[kind]
    atomic = code in {TlpKind.FETCHADD32, TlpKind.SWAP32, TlpKind.CAS32}
    length = len(data) or fields.get("length", 4)
    payload = b""
    if data:
        lead = 0 if atomic else skip
        payload = bytes(lead) + data + bytes(-(lead + len(data)) % 4)
    words = max(1, (skip + length + 3) // 4)
    first = 0xF << skip & 0xF if length else 0
    last = 0xF >> (-(skip + length) & 3)
    if words == 1:
        first, last = first & last, 0
    if atomic:
        words, first, last = len(payload) // 4, 0, 0
    head = [code << 24 | words & 0x3FF, _TAG << 8 | last << 4 | first]
    if code in {TlpKind.CFGRD0, TlpKind.CFGWR0}:
        return [*head, _DEVICE << 16 | address & 0xFFC], payload
    by_type = fields["type"] & _WIDE if "type" in fields else address >> 32
    if fields.get("wide", by_type):
        head[0] |= _WIDE << 24
        head.append(address >> 32)
    return [*head, address & 0xFFFF_FFFC], payload
