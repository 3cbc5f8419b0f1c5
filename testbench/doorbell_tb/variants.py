"""Other devices that are as legal as ours: its RTL with other sizes, delays and turns. Checks must not tell them apart.

| variant | what is different |
| --- | --- |
| slow | device memory answers after 24 cycles, not 6, and holds 30 % of what waits; queues take turns downwards |
| small | 2 DMA channels and 64 read tags, not 8 and 256 |
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from doorbell_tb.build import Build, Progress, build
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.errors import BuildError

__all__ = ["VARIANTS", "Change", "variant_build"]


@dataclass(frozen=True, slots=True)
class Change:
    """One text of one source, which must be there exactly once, and what takes its place."""

    file: str
    """Relative to the checkout."""
    old: str
    new: str


_PACKAGE: Final = "rtl/gen/doorbell_pkg.sv"
VARIANTS: Final[Mapping[str, tuple[Change, ...]]] = {
    "slow": (
        Change(
            "rtl/doorbell_device.sv",
            "localparam int unsigned MemLatency = 6;",
            "localparam int unsigned MemLatency = 24;",
        ),
        Change("rtl/device_memory.sv", "percent = 0;", "percent = 30;"),
        Change(
            "rtl/cp_wrr.sv",
            "grant_o = next_of(request_i, turn_q);",
            "grant_o = ~next_of(queues_t'({<<{request_i}}), ~turn_q);",
        ),
    ),
    "small": (
        Change(_PACKAGE, "int unsigned CHANNELS = 8;", "int unsigned CHANNELS = 2;"),
        Change(_PACKAGE, "int unsigned TAGS = 256;", "int unsigned TAGS = 64;"),
    ),
}
"""Changes by the variant's name."""


def variant_build(name: str, *, waves: bool = False, progress: Progress | None = None) -> Build:
    """Return a simulator of a variant, built if it is not there yet.

    Raises:
        BuildError: a text to be changed is not in its source exactly once, or the build fails.
    """
    texts: dict[str, str] = {}
    for change in VARIANTS[name]:
        text = texts.get(change.file) or (CHECKOUT / change.file).read_text(encoding="utf-8")
        if text.count(change.old) != 1:
            raise BuildError(
                f"variant {name}: {change.old!r} is {text.count(change.old)} times in {change.file};"
                " change testbench/doorbell_tb/variants.py with the source"
            )
        texts[change.file] = text.replace(change.old, change.new)
    digest = hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()[:16]
    folder = CHECKOUT / "out" / "variants" / f"{name}-{digest}"
    replace = {}
    for file, text in texts.items():
        place = folder / file.rpartition("/")[2]
        if not place.exists():
            folder.mkdir(parents=True, exist_ok=True)
            fresh = place.with_suffix(".new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(place)
        replace[CHECKOUT / file] = place
    return build(f"variant-{name}", waves=waves, replace=replace, progress=progress)
