"""Small helpers that every output shares."""

import textwrap
from collections.abc import Iterable, Iterator

from emit.model import Contract, Layout, Member

WIDTH = 100
NOTICE = "Generated from contract/ by `make contract`; do not edit."


def camel(name: str) -> str:
    """`queue_state` or `QUEUE` as `QueueState`, `Queue`."""
    return "".join(part.capitalize() for part in name.split("_"))


def wrapped(text: str, indent: str, width: int = WIDTH) -> list[str]:
    """`text` as lines of at most `width` columns, each starting with `indent`."""
    return textwrap.wrap(
        " ".join(text.split()),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def layouts(contract: Contract) -> Iterator[tuple[str, Layout]]:
    """Every layout with its emitted name in lower case, such as `copy_packet`."""
    for name, layout in contract.layouts.items():
        yield name, layout
    for name, layout in contract.packets.items():
        yield f"{name.lower()}_packet", layout
    for name, layout in contract.arguments.items():
        yield f"{name.lower()}_arguments", layout


def parts(layout: Layout) -> list[Member]:
    """Members of `layout` with its gaps as `reserved_N` byte arrays, ascending."""
    gaps = [
        Member(f"reserved_{first}", first, "u8", end - first, "", "Zero.")
        for first, end in layout.reserved
    ]
    return sorted((*layout.members, *gaps), key=lambda member: member.at)


def byte_mask(ranges: Iterable[tuple[int, int]]) -> int:
    """Bit N is set when byte N lies in one of the half-open ranges."""
    return sum(((1 << (end - first)) - 1) << first for first, end in ranges)
