"""The model behind the runtime's `Transport`: posted writes and reads take time, in order; programs park."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import FatalCause
from doorbell.driver import parked, together
from doorbell.errors import ArgumentError, DeadlineExceeded, UseAfterFree
from doorbell.model.clock import Clock
from doorbell.model.device import DeviceModel
from doorbell.model.host import MESSAGE_ADDRESS, Answer, Host
from doorbell.model.lab import ModelLab
from doorbell.model.rng import Generator
from doorbell.model.shape import Shape
from doorbell.model.timing import PROFILES, Delays, Timing
from doorbell.model.tlp import Answered, header_words, receive
from doorbell.model.variant import REFERENCE, Variant
from doorbell.transport import Fault

__all__ = ["ModelTransport"]

_PAGE: Final = 4096
_TLP: Final = 256  # payload of the host's own requests, in bytes
_EVENTS: Final = (1 << 32) - 1


class _Until:
    """Parked until ``holds``, or until cycle ``limit``."""

    __slots__ = ("_holds", "limit", "source")

    def __init__(
        self, source: ModelTransport, holds: Callable[[], bool], limit: int | None = None
    ) -> None:
        self.source = source
        self.limit = limit
        self._holds = holds

    def ready(self) -> bool:
        return self._holds() or (self.limit is not None and self.source.now() >= self.limit)


class ModelTransport:
    """A `Transport` to a device model of its own, in virtual time.

    Its coroutines run under `doorbell.driver.run` only. `model` and `inject` are extras for
    tests.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        profile: str = "harsh",
        strict: bool = True,
        shape: Shape | None = None,
        variant: Variant = REFERENCE,
    ) -> None:
        """Power a device on.

        ``seed`` decides every delay and so every legal order; ``profile`` names the host
        (`doorbell.model.timing.PROFILES`). ``strict`` hides host writes from the device until they
        are published. ``variant`` is another legal device than the reference one
        (`doorbell.model.variant`), ``shape`` takes the place of that device's own.

        Raises:
            ArgumentError: no profile of that name.
        """
        rng = Generator(seed)
        self._seed = seed
        self._clock = Clock(rng)
        self._delays = Delays(rng, variant.timing(_timing(profile)))
        self._host = Host(
            self.now,
            self._event,
            strict=strict,
            split=lambda most: self._delays.draw((0, most)),
        )
        self.model = DeviceModel(
            shape or variant.shape, variant.choices, self._clock, self._delays, self._host
        )
        self._events = 0
        self._arrival = 0
        self._reading = 0
        self._closed = False

    @property
    def name(self) -> str:
        """Always "model"."""
        return "model"

    @property
    def seed(self) -> int:
        """Seed of every delay."""
        return self._seed

    # Time and events --------------------------------------------------------------------------------
    def now(self) -> int:
        """Device time in cycles."""
        return self._clock.now

    def events(self) -> int:
        """Count of events, modulo 2^32."""
        return self._events

    def _event(self) -> None:
        self._events = (self._events + 1) & _EVENTS

    async def wait(self, seen: int, until: int | None = None) -> int:
        """Park until the event count differs from ``seen`` or time reaches ``until``; return the count.

        Raises:
            DeadlineExceeded: neither can ever happen; the message says what every queue waits for.
        """
        self._check_open()
        await parked(_Until(self, lambda: self._events != seen, until))
        if self._events == seen:  # an `until` that is reached is an event too
            self._event()
        return self._events

    async def together(self, *programs: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run programs concurrently; the first exception cancels the others."""
        return await together(*programs)

    def advance(self, limit: int | None) -> bool:
        """Let one thing happen on the device, but nothing after cycle ``limit``; see `driver.Source`."""
        upcoming = self._clock.upcoming()
        if upcoming is not None and (limit is None or upcoming <= limit):
            self._clock.step()
        elif limit is not None:
            self._clock.jump(limit)
        else:
            return False
        return True

    def stuck(self) -> Exception:
        """Say why nothing can ever happen."""
        waits = "; ".join(self.model.waits()) or "every queue is idle"
        return DeadlineExceeded(
            f"nothing can happen after cycle {self.now()}, and the program waits without a limit: {waits}"
        )

    # The link ---------------------------------------------------------------------------------------
    def _check_open(self) -> None:
        if self._closed:
            raise UseAfterFree("the transport is closed; open the device anew")

    def _post(self, action: Callable[[], None]) -> None:
        """Do ``action`` when it has crossed the link, after everything sent before."""
        self._check_open()
        now = self._clock.now
        inbound = self._delays.draw(self._delays.timing.inbound)
        self._arrival = max(self._arrival + 1, now + inbound)
        self._clock.after(self._arrival - now, action)

    async def _ask(self, answer: Callable[[], bytes]) -> bytes:
        """Return what ``answer`` gives at the device, once it has come back."""
        found: list[bytes] = []
        back: list[bytes] = []

        def arrive() -> None:
            found.append(answer())
            self._clock.after(self._delays.draw(self._delays.timing.inbound), complete)

        def complete() -> None:
            back.extend(found)
            self._event()

        self._post(arrive)
        self._reading += 1
        try:
            await parked(_Until(self, lambda: bool(back)))
        finally:
            self._reading -= 1
        return back[0]

    async def config_read(self, offset: int, size: int = 4) -> int:
        """Read 1, 2 or 4 bytes of configuration space."""
        _check_config(offset, size)

        def answer() -> bytes:
            return self.model.config_read(offset, size).to_bytes(size, "little")

        return int.from_bytes(await self._ask(answer), "little")

    async def config_write(self, offset: int, value: int, size: int = 4) -> None:
        """Write 1, 2 or 4 bytes of configuration space."""
        _check_config(offset, size)
        _check_value(value, size)

        def answer() -> bytes:
            self.model.config_write(offset, value, size)
            return b""

        await self._ask(answer)

    async def read(self, address: int, size: int = 8) -> int:
        """Read 4 or 8 bytes in one TLP; all ones when that fails."""
        _check_mmio(address, size)
        return int.from_bytes(await self._ask(lambda: self._read(address, size)), "little")

    def write(self, address: int, value: int, size: int = 8) -> None:
        """Posted write of 4 or 8 bytes in one TLP."""
        _check_mmio(address, size)
        _check_value(value, size)
        self._post(lambda: self.model.write(address, value.to_bytes(size, "little")))

    async def read_block(self, address: int, length: int) -> bytes:
        """Read ``length`` bytes, cut at multiples of 256; failed parts read as all ones."""
        pieces = list(_cut(address, length))
        return await self._ask(lambda: b"".join(self._read(*piece) for piece in pieces))

    def write_block(self, address: int, data: bytes | memoryview | npt.NDArray[np.uint8]) -> None:
        """Posted write of any length, cut at multiples of 256."""
        copied = bytes(data)

        def arrive() -> None:
            for at, length in _cut(address, len(copied)):
                self.model.write(at, copied[at - address : at - address + length])

        self._post(arrive)

    def _read(self, address: int, length: int) -> bytes:
        found = self.model.read(address, length)
        return b"\xff" * length if found is None else found

    # Host memory ------------------------------------------------------------------------------------
    def map(self, iova: int, memory: npt.NDArray[np.uint8], *, writable: bool = True) -> None:
        """Let the device reach ``memory`` at ``iova``.

        Raises:
            ArgumentError: ``iova`` is not 4 KiB-aligned, ``memory`` is not contiguous uint8, or the
            range is mapped already.
        """
        self._check_open()
        if iova % _PAGE or iova < 0 or iova + memory.size > 1 << 64:
            raise ArgumentError(f"iova {iova:#x}: give a multiple of {_PAGE} below 2^64")
        if memory.dtype != np.uint8 or memory.ndim != 1 or not memory.flags.c_contiguous:
            raise ArgumentError(
                f"memory is {memory.dtype} {memory.shape}; give contiguous one-dimensional uint8"
            )
        try:
            self._host.map(iova, memory, writable=writable)
        except ValueError as error:
            raise ArgumentError(f"map: {error}") from None

    def unmap(self, iova: int) -> None:
        """Withdraw the mapping that starts at ``iova``.

        Raises:
            ArgumentError: there is none.
        """
        try:
            self._host.unmap(iova)
        except ValueError as error:
            raise ArgumentError(f"unmap: {error}") from None

    def publish(self) -> None:
        """Show the device what host memory holds, before any later posted write arrives."""
        self._host.publish()

    def watch(self, iova: int, length: int) -> None:
        """Count an event whenever the device writes into the range."""
        self._host.watch(iova, length)

    def unwatch(self, iova: int) -> None:
        """End the watch that starts at ``iova``."""
        self._host.unwatch(iova)

    def send(self, header: Sequence[int], payload: bytes = b"") -> None:
        """Send one TLP exactly as it is (`doorbell.model.tlp`); what it is answered nobody sees.

        Raises:
            ArgumentError: not the 3 or 4 header words that its kind has.
        """
        _check_header(header)
        copied = tuple(header)
        self._post(lambda: _ignore(receive(self.model, copied, payload)))

    async def request(self, header: Sequence[int], payload: bytes = b"") -> Answered | None:
        """Send one TLP exactly as it is and return its answer; None: it is malformed, or has none.

        Raises:
            ArgumentError: not the 3 or 4 header words that its kind has.
        """
        _check_header(header)
        found: list[Answered | None] = []

        def answer() -> bytes:
            found.append(receive(self.model, header, payload))
            return b""

        await self._ask(answer)
        return found[0]

    def overflow(self) -> None:
        """Send beyond the device's credits, which is fatal (ERR-FATAL-001)."""
        self._post(lambda: self.model.fail(FatalCause.RECEIVER_OVERFLOW))

    def inject(self, iova: int, length: int, answer: Answer, times: int = 1) -> None:
        """Answer the next ``times`` device reads that touch the range with ``answer``."""
        self._host.inject(iova, length, answer, times)

    @property
    def lab(self) -> ModelLab:
        """What this host can do beyond a plain one."""
        return ModelLab(self)

    def heal(self) -> None:
        """End every injection that was not used up."""
        self._host.heal()

    async def odd_read(self, address: int, length: int) -> bytes:
        """Read any number of bytes in one request; all ones when it fails."""
        return await self._ask(lambda: self._read(address, length))

    def odd_write(self, address: int, data: bytes) -> None:
        """Post any number of bytes in one request."""
        self._post(lambda: self.model.write(address, data))

    # Interrupts and checks --------------------------------------------------------------------------
    def message_address(self) -> int:
        """Bus address of MSI-X messages."""
        return MESSAGE_ADDRESS

    def interrupts(self, vector: int) -> int:
        """Messages received so far for ``vector``."""
        return self._host.interrupts[vector]

    def faults(self) -> Sequence[Fault]:
        """Every refused device access, oldest first."""
        return [
            Fault(item.kind, item.address, item.length, item.cycle) for item in self._host.faults
        ]

    def leaks(self) -> Sequence[str]:
        """What is still outstanding, one line each."""
        reads = [f"{self._reading} host reads without their completion"] if self._reading else []
        return [*reads, *self.model.waits()]

    def close(self) -> None:
        """Let go of the device."""
        self._closed = True


def _timing(profile: str) -> Timing:
    if profile not in PROFILES:
        raise ArgumentError(f"profile {profile!r}: must be one of {', '.join(sorted(PROFILES))}")
    return PROFILES[profile]


def _cut(address: int, length: int) -> Iterator[tuple[int, int]]:
    """Give address and length of each TLP of a block."""
    end = address + length
    while address < end:
        stop = min(end, (address & -_TLP) + _TLP)
        yield address, stop - address
        address = stop


def _check_config(offset: int, size: int) -> None:
    if size not in (1, 2, 4) or offset % size or not 0 <= offset <= _PAGE - size:
        raise ArgumentError(
            f"configuration access of {size} bytes at {offset:#x}; give 1, 2 or 4, aligned, below {_PAGE}"
        )


def _check_mmio(address: int, size: int) -> None:
    if size not in (4, 8) or not 0 <= address <= (1 << 64) - size:
        raise ArgumentError(f"access of {size} bytes at {address:#x}; give 4 or 8 bytes below 2^64")


def _check_header(header: Sequence[int]) -> None:
    wanted = header_words(header[0] >> 24) if header else 3
    if len(header) != wanted or not all(0 <= word < 1 << 32 for word in header):
        raise ArgumentError(f"TLP header {list(header)}: give {wanted} words of 32 bits")


def _ignore(_answer: Answered | None) -> None:
    """Nobody waits for it."""


def _check_value(value: int, size: int) -> None:
    if not 0 <= value < 1 << 8 * size:
        raise ArgumentError(f"value {value:#x} does not fit {size} bytes")
