"""Raw TLPs at the device's receiver: well-formed, unsupported, malformed, with any byte enables (EP-CPL rules).

Header words are as printed in PCIe Base 2.2 (byte 0 in bits 31:24). Ids, tags and traffic classes play no part here:
the model knows no switch, and whoever asks gets the answer. Only completions are told by their tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from doorbell.contract import CompletionStatus, FatalCause, TlpKind
from doorbell.model.host import Answer

if TYPE_CHECKING:
    from doorbell.model.device import DeviceModel

__all__ = ["Answered", "header_words", "receive"]

_WIDE: Final = 0x20  # bits of a kind: 64-bit address, and data
_DATA: Final = 0x40
_ATOMIC_WORDS: Final = {
    0x0C: (1, 2),
    0x0D: (1, 2),
    0x0E: (2, 4, 8),
}  # length by type: FetchAdd, Swap, CAS
_UNSUPPORTED: Final = frozenset({0x01, 0x21, 0x02, 0x42, 0x05, 0x45})
"""Locked reads, I/O, type 1 configuration: known to PCIe, answered Unsupported Request."""
_LOCKED_COMPLETIONS: Final = frozenset({0x0B, 0x4B})
_MEMORY_WRITES: Final = frozenset({TlpKind.MWR32, TlpKind.MWR64})
_CONFIGURATION: Final = frozenset({TlpKind.CFGRD0, TlpKind.CFGWR0})
_COMPLETIONS: Final = frozenset({TlpKind.CPL, TlpKind.CPLD}) | _LOCKED_COMPLETIONS


@dataclass(frozen=True, slots=True)
class Answered:
    """The completions of one request, put together: whole DWs of a read, 4 or 8 bytes of an AtomicOp."""

    status: CompletionStatus
    data: bytes = b""


_REFUSED: Final = Answered(CompletionStatus.UR)


def header_words(kind: int) -> int:
    """Header words of a TLP of this kind, 3 or 4."""
    return 4 if kind & _WIDE else 3


def receive(model: DeviceModel, header: Sequence[int], payload: bytes) -> Answered | None:
    """Take one TLP; None: it is posted, a completion, or malformed, and has no answer."""
    kind, words = header[0] >> 24, header[0] & 0x3FF or 1024
    model.counters.rx_tlps += 1
    digest = 4 if header[0] >> 15 & 1 else 0
    if _malformed(model, kind, words, payload, digest):
        model.fail(FatalCause.MALFORMED_TLP)
        return None
    payload = payload[: len(payload) - digest]  # nobody checks it
    if kind in _COMPLETIONS:
        if not _answers(model, kind, header):
            model.unexpected(1)
        return None
    if kind & 0x38 == 0x30:  # messages: none concerns this device
        return None
    answered = _request(model, kind, header, payload)
    if answered is not None:
        model.errors.answered(answered.status)
        model.counters.tx_tlps += 1
    return answered


def _answers(model: DeviceModel, kind: int, header: Sequence[int]) -> bool:
    """Whether a completion answers a read that the host has left without an answer.

    Only one that fails it does: data for such a read are not modelled.
    """
    status = header[1] >> 13 & 7
    if kind in _LOCKED_COMPLETIONS or status == CompletionStatus.SC:
        return False
    number = header[2] >> 8 & 0xFF | header[0] >> 11 & 0x100 | header[0] >> 14 & 0x200
    answer = Answer.CA if status == CompletionStatus.CA else Answer.UR  # EP-CPL-006
    if not model.core.tags.complete(number, answer):
        return False
    model.errors.received(answer)
    return True


def _malformed(model: DeviceModel, kind: int, words: int, payload: bytes, digest: int) -> bool:
    """What every receiver has to check; what PCIe leaves to it (4 KiB, byte enables) is not.

    ``digest`` bytes follow the data in ``payload``.
    """
    if len(payload) != (4 * words if kind & _DATA else 0) + digest:
        return True
    if kind in _MEMORY_WRITES:
        return 4 * words > model.config.payload
    if kind & 0x1F in _ATOMIC_WORDS and kind & _DATA:
        return words not in _ATOMIC_WORDS[kind & 0x1F]
    if kind in _CONFIGURATION or kind in _UNSUPPORTED - {0x01, 0x21}:
        return words != 1
    known = kind in list(TlpKind) or kind in _UNSUPPORTED | _LOCKED_COMPLETIONS
    return not known and kind & 0xB8 != 0x30


def _request(
    model: DeviceModel, kind: int, header: Sequence[int], payload: bytes
) -> Answered | None:
    poisoned = bool(header[0] >> 14 & 1) and bool(payload)
    if poisoned:
        model.errors.poisoned_request()
    if kind in _MEMORY_WRITES:
        if not poisoned:
            on = _enabled(header)
            start, end = (on[0], on[-1] + 1) if on else (0, 0)
            whole = len(on) == end - start
            gaps = () if whole else tuple(at - start for at in range(start, end) if at not in on)
            model.store(_address(header) + start, payload[start:end], gaps)
        return None
    if poisoned or kind in _UNSUPPORTED:
        return _REFUSED
    if kind in _CONFIGURATION:
        return _configure(model, header, payload)
    if kind & _DATA:
        return _atomic(model, kind, _address(header), payload)
    return _read(model, header)


def _address(header: Sequence[int]) -> int:
    wide = header[0] >> 24 & _WIDE
    return (header[2] << 32 | header[3] & ~3) if wide else header[2] & 0xFFFF_FFFC


def _enabled(header: Sequence[int]) -> list[int]:
    """Which bytes of the request are enabled, ascending."""
    words = header[0] & 0x3FF or 1024
    first, last = header[1] & 0xF, header[1] >> 4 & 0xF
    on = [at for at in range(4) if first >> at & 1]
    if words > 1:
        on += [*range(4, 4 * words - 4)]
        on += [4 * words - 4 + at for at in range(4) if last >> at & 1]
    return on


def _read(model: DeviceModel, header: Sequence[int]) -> Answered:
    address, on = _address(header), _enabled(header)
    if not on:  # EP-CPL-003
        inside = any(address in window for window in model.windows)
        return Answered(CompletionStatus.SC, bytes(4)) if inside else _REFUSED
    status, data = model.load(address + on[0], on[-1] + 1 - on[0], whole=len(on) > on[-1] - on[0])
    if status is not CompletionStatus.SC:
        return Answered(status)
    return Answered(status, bytes(on[0]) + data + bytes(-(on[-1] + 1) % 4))


def _atomic(model: DeviceModel, kind: int, address: int, payload: bytes) -> Answered:
    """CAS carries what it compares with first, then what it stores."""
    compare = kind & 0x1F == 0x0E
    size = len(payload) // (2 if compare else 1)
    words = [
        int.from_bytes(payload[at : at + size], "little") for at in range(0, len(payload), size)
    ]
    old = model.exchange(TlpKind(kind), address, size, words[-1], words[0])
    return _REFUSED if old is None else Answered(CompletionStatus.SC, old.to_bytes(size, "little"))


def _configure(model: DeviceModel, header: Sequence[int], payload: bytes) -> Answered:
    if header[2] >> 16 & 7:  # another function
        return _REFUSED
    offset = header[2] & 0xFFC
    if not payload:
        return Answered(CompletionStatus.SC, model.config.read(offset, 4).to_bytes(4, "little"))
    for at in _enabled(header):
        model.config.write(offset + at, payload[at], 1)
    model.configured()
    return Answered(CompletionStatus.SC)
