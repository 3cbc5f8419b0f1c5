"""Writes contract/gen/reference.md."""

from collections import Counter
from collections.abc import Iterable

from emit import page_layouts, page_registers
from emit.markdown import code, table
from emit.model import Contract, Enumeration, Kernel, Limit
from emit.text import NOTICE

_AREAS = {
    "DEV": "Discovery and registers",
    "EP": "Endpoint and link",
    "DMA": "Copies",
    "CP": "Queues and packets",
    "ORD": "Order and visibility",
    "SEM": "Semaphores",
    "INT": "Interrupts",
    "ERR": "Errors and reset",
    "EU": "Execution units and kernels",
    "OBS": "Observability",
    "RT": "What software owes",
}
_ARITHMETIC = (
    "Integers are two's complement. `wrap32(v)` is the int32 congruent to `v` modulo 2^32, "
    "`clamp(v, lo, hi)` is `min(max(v, lo), hi)`, `>>` rounds towards minus infinity."
)


def page(contract: Contract) -> str:
    """The page's text."""
    version = {limit.name: limit.value for limit in contract.fixed}
    number = ".".join(str(version[f"CONTRACT_{part}"]) for part in ("MAJOR", "MINOR", "PATCH"))
    chapters = (
        ("Registers", page_registers.registers(contract)),
        ("Packets", page_layouts.packets(contract)),
        ("Other layouts", page_layouts.others(contract)),
        ("Enumerations", _enums(contract)),
        ("Error codes", _errors(contract.enums["error"])),
        ("Kernels", _kernels(contract)),
        ("Limits", _limits(contract)),
        ("Rules", _rules(contract)),
    )
    lines = [
        f"<!-- {NOTICE} -->",
        "",
        "# Reference of the contract",
        "",
        f"Contract {number}: what hardware and software promise each other.",
        "The sources are in [contract/](../README.md).",
        "",
    ]
    lines += [f"- [{title}](#{title.lower().replace(' ', '-')})" for title, _ in chapters]
    for title, body in chapters:
        lines += ["", f"## {title}", "", *body]
        while lines[-1] == "":
            lines.pop()
    return "\n".join(lines) + "\n"


def _enums(contract: Contract) -> list[str]:
    lines = []
    for enum in contract.enums.values():
        if enum.name == "error":
            continue
        kind = "bits" if enum.mask else "values"
        lines += [f"### {enum.name}", "", f"{enum.doc} {enum.width} bits wide, {kind}:", ""]
        rows = (
            (_value(enum, value.value), code(value.name), value.status, value.doc)
            for value in enum.values
        )
        lines += table(("value", "name", "status", "meaning"), rows)
    return lines


def _errors(enum: Enumeration) -> list[str]:
    rows = (
        (_value(enum, value.value), code(value.name), value.group, value.doc)
        for value in enum.values
    )
    return [enum.doc, "", *table(("code", "name", "found in", "meaning"), rows)]


def _value(enum: Enumeration, value: int) -> str:
    return f"0x{value:02X}" if enum.hexadecimal else str(value)


def _kernels(contract: Contract) -> list[str]:
    lines = [
        _ARITHMETIC,
        "",
    ]
    for kernel in contract.kernels.values():
        lines += [f"### {kernel.name}", "", f"{kernel.doc} Status: {kernel.status}.", ""]
        lines += _kernel(kernel)
        layout = contract.arguments.get(kernel.name)
        if layout:
            lines += [f"Arguments, {layout.size} bytes:", "", *page_layouts.arguments(layout)]
    return lines


def _kernel(kernel: Kernel) -> list[str]:
    lines = ["```text", *kernel.arithmetic, "```", "", kernel.group, ""]
    if kernel.checks:
        lines += ["Checked in this order, before the first work-group:", ""]
        rows = ((code(check.error), check.condition) for check in kernel.checks)
        lines += table(("error unless", "condition"), rows)
    if kernel.notes:
        lines += [*(f"- {note}" for note in kernel.notes), ""]
    return lines


def _limits(contract: Contract) -> list[str]:
    head = ("name", "value", "meaning")
    return [
        "Fixed by the contract:",
        "",
        *table(head, _limit_rows(contract.fixed)),
        "Of the reference device; software reads its registers instead:",
        "",
        *table(head, _limit_rows(contract.reference)),
    ]


def _limit_rows(limits: Iterable[Limit]) -> list[tuple[str, str, str]]:
    return [
        (
            code(limit.name),
            f"{limit.value:#x}" if limit.value >= 1 << 20 else str(limit.value),
            limit.doc or "–",
        )
        for limit in limits
    ]


def _rules(contract: Contract) -> list[str]:
    count = Counter(rule.status for rule in contract.rules)
    parts = ", ".join(f"{count[status]} {status}" for status in ("active", "planned", "retired"))
    lines = [
        f"{len(contract.rules)} rules: {parts}.",
        "Active: the hardware stands and a test or checker holds it.",
        "",
    ]
    for area, title in _AREAS.items():
        rules = [rule for rule in contract.rules if rule.area == area]
        if not rules:
            continue
        lines += [f"### {area}: {title.lower()}", ""]
        for rule in rules:
            mark = "" if rule.status == "active" else f" ({rule.status})"
            lines.append(f"- **{rule.id}**{mark} {rule.text} *{rule.rationale}*")
        lines.append("")
    return lines
