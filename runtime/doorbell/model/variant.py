"""Devices that differ from the reference and keep the contract all the same.

What the contract leaves open, somebody will build: a test that fails on one of these is too strict. Each is opened as
``doorbell.open("model:NAME")``, run as ``doorbell.run(program, device="model:NAME")`` or ``doorbell run --device
model:NAME``, or made as ``ModelTransport(variant=VARIANTS["NAME"])``.

| name | differs in |
|---|---|
| reference | nothing: the counts, sizes and offsets of the reference device |
| eager | every delay the least; get written back on enabling and at every move; ring reads as long as may be |
| lazy | get written back at its bounds alone (2,048 cycles, 32 packets); reads one packet ahead; slow resets |
| slow | every time of its own ten times as long; the host's stay as they are |
| small | 4 queues, 2 channels, 1 unit of 64 MACs, 16 vectors, 16 MiB, window 8, 32 tags, payload 128, 100 MHz |
| least | 2 queues, 1 channel, 1 unit of 16 MACs, 4 vectors, 1 MiB, window 8, 8 tags, rings of 64 to 4,096 packets |
| large | 16 channels, 4,096 semaphores, 256 MiB, window 64, 320 tags, 1 GHz; errors are told to the system |
| contrary | queues take turns downwards; put and get are 0 after a reset; MSI-X leads the capability list; |
| | a drain reports what failed behind the started commands; errors that stop nothing are correctable ones, |
| | no parity response, no system error; unspecified bytes are rubbish: |
| | destinations of failed copies, device memory after a device reset |

All have at least 1,024 semaphores and a window of 8 (DEV-CAP-002), and none has more queues, units or vectors than
`contract/registers.rdl` has room for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from doorbell.model.shape import Shape
from doorbell.model.timing import Span, Timing

__all__ = ["REFERENCE", "VARIANTS", "Choices", "Variant"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a device may do as it likes."""

    write_back: Span | None = None
    """Cycles from a move of get to its write-back; None: anything up to the bound."""
    tells_start: bool = False
    """Enabling a queue writes get back too."""
    flushes: bool = True
    """A queue out of work writes get back at once, and does not wait until it is due."""
    held: int = 16
    """Packets read ahead of their start."""
    downwards: bool = False
    """Queues take their turns from the highest number down."""
    zero_counts: bool = False
    """put and get are 0 after a queue reset, not START."""
    drain_reports: bool = False
    """A DRAINING queue reports a failure behind the last started command (CP-STATE-003)."""
    pci_errors: bool = True
    """Command has Parity Error Response and SERR# Enable."""
    advises: bool = False
    """Errors that stop nothing count as correctable, and everything that PCIe lets show does."""
    tells_errors: bool = False
    """Errors are signalled to the system where SERR# Enable lets them."""
    spoils: bool = False
    """Bytes that the contract leaves unspecified become rubbish."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A legal device: what it has, what it does as it likes, and how its times differ."""

    shape: Shape = field(default_factory=Shape)
    choices: Choices = field(default_factory=Choices)
    scale: int = 1
    """Factor on every time that is the device's own."""
    hold: Span | None = None
    """Packets of one ring read; None: as the host profile has it."""
    reset: Span | None = None
    """Cycles of a reset; None: as the host profile has it."""
    least: bool = False
    """Every delay is the least one of its span."""

    def timing(self, host: Timing) -> Timing:
        """Return the timing of this device at a host of that profile."""

        def longer(span: Span, most: int) -> Span:
            return min(span[0] * self.scale, most), min(span[1] * self.scale, most)

        return replace(
            host,
            start=longer(host.start, 1 << 20),
            retire=longer(host.retire, 1 << 20),
            reset=self.reset or longer(host.reset, self.shape.bound_reset),
            beat=longer(host.beat, 1 << 20),
            hold=self.hold or host.hold,
            random=host.random and not self.least,
        )


REFERENCE: Final = Variant()
_SMALL: Final = Shape(
    queues=4, channels=2, units=1, vectors=16, memory=1 << 24, window=8, tags=32,
    payload=128, macs=64, clock_hz=100_000_000,
)  # fmt: skip
_LEAST: Final = Shape(
    queues=2, channels=1, units=1, vectors=4, memory=1 << 20, ring_log2=(6, 12), window=8, tags=8,
    payload=128, macs=16, clock_hz=25_000_000,
)  # fmt: skip
_LARGE: Final = Shape(
    channels=16, semaphores=4096, memory=1 << 28, window=64, tags=320, clock_hz=1_000_000_000
)
VARIANTS: Final = {
    "reference": REFERENCE,
    "eager": Variant(
        choices=Choices(write_back=(0, 0), tells_start=True), hold=(16, 16), least=True
    ),
    "lazy": Variant(
        Shape(writeback_cycles=2048, writeback_packets=32),
        Choices(write_back=(2048, 2048), flushes=False, held=1),
        hold=(1, 1),
        reset=(20_000, 40_000),
    ),
    "slow": Variant(scale=10),
    "small": Variant(_SMALL),
    "least": Variant(_LEAST),
    "large": Variant(_LARGE, Choices(tells_errors=True)),
    "contrary": Variant(
        Shape(express=0xA0, msix=0x50),
        Choices(
            downwards=True,
            zero_counts=True,
            drain_reports=True,
            pci_errors=False,
            advises=True,
            spoils=True,
        ),
    ),
}
"""By name; see the table above."""
