"""The layouts' part of the reference page."""

from emit.markdown import code, table
from emit.model import Contract, Layout, Member

_ROW = 8  # bytes of a line of a byte map
_INTRODUCTION = (
    "Byte maps read from left to right; `←` continues the field to its left, `0` is reserved: "
    "written as zero, checked. Everything is little-endian, offsets are in bytes."
)


def packets(contract: Contract) -> list[str]:
    """Markdown lines: the packet's frame and the operands of each opcode."""
    frame = contract.layouts["packet"]
    known = {member.name for member in frame.members}
    lines = [
        _INTRODUCTION,
        "",
        "### Frame",
        "",
        *_layout(frame, frame.members),
    ]
    for name, layout in contract.packets.items():
        operands = tuple(member for member in layout.members if member.name not in known)
        lines += [f"### {name}", "", *_layout(layout, operands)]
    planned = [v.name for v in contract.enums["opcode"].values if v.status == "planned"]
    return [*lines, f"Planned, without a layout yet: {', '.join(map(code, planned))}.", ""]


def others(contract: Contract) -> list[str]:
    """Markdown lines: record, error record, MSI-X entry."""
    lines = []
    for name, layout in contract.layouts.items():
        if name != "packet":
            lines += [f"### {name}", "", *_layout(layout, layout.members)]
    return lines


def arguments(layout: Layout) -> list[str]:
    """Markdown lines of one kernel's arguments."""
    return [*_map(layout), *_fields(layout.members)]


def _layout(layout: Layout, members: tuple[Member, ...]) -> list[str]:
    return [layout.doc, "", *_map(layout), *_fields(members)]


def _map(layout: Layout) -> list[str]:
    cells = [code("0")] * layout.size
    for member in layout.members:
        cells[member.at : member.end] = [code(member.name), *["←"] * (member.size - 1)]
    head = ("byte", *(f"+{column}" for column in range(_ROW)))
    rows = ((str(at), *cells[at : at + _ROW]) for at in range(0, layout.size, _ROW))
    return table(head, rows)


def _fields(members: tuple[Member, ...]) -> list[str]:
    if not members:
        return []
    rows = []
    for member in members:
        kind = f"{member.base}[{member.count}]" if member.count else member.base
        enum = f"An enumeration: {code(member.enum)}." if member.enum else ""
        text = " ".join(part for part in (enum, member.doc) if part) or "–"
        rows.append((str(member.at), code(member.name), kind, text))
    return table(("at", "field", "type", "meaning"), rows)
