"""Writes rtl/gen/doorbell_pkg.sv."""

from collections.abc import Iterable

from emit.model import Block, Contract, Enumeration, Layout, Limit, Member, Memory, RegisterField
from emit.text import NOTICE, byte_mask, layouts, parts, wrapped

_HEAD = f"""\
// {NOTICE}
//
// What the RTL knows of the contract: enumerations, layouts, limits and registers.
// Layouts are packed with byte 0 in bits 7:0, as a little-endian host stores them. Members are
// plain bits, not enumerations, because memory may hold any value. Register offsets count from
// their block, block offsets from BAR0, both in bytes.

// Each module uses its own part of the contract.
/* verilator lint_off UNUSEDPARAM */
// Members have the contract's names; in a packed structure they never become C++ symbols.
/* verilator lint_off SYMRSVDWORD */
// Constants of the contract have one spelling in every language.
// verilog_lint: waive-start parameter-name-style
package doorbell_pkg;
"""
_TAIL = """\
endpackage
// verilog_lint: waive-stop parameter-name-style
/* verilator lint_on SYMRSVDWORD */
/* verilator lint_on UNUSEDPARAM */
"""


def package(contract: Contract) -> str:
    """The package's text."""
    lines: list[str] = []
    for enum in contract.enums.values():
        lines += _enum(enum)
    for name, layout in layouts(contract):
        lines += _struct(name, layout)
    lines += ["", "  // Bit N: byte N is zero whatever the flags are."]
    for name, layout in contract.packets.items():
        mask = byte_mask(layout.reserved)
        lines.append(f"  localparam logic [63:0] {name}_RESERVED_BYTES = 64'h{mask:016x};")
    for name, layout in contract.arguments.items():
        mask = byte_mask(layout.reserved)
        lines.append(
            f"  localparam logic [63:0] {name}_ARGUMENTS_RESERVED_BYTES = 64'h{mask:016x};"
        )
    lines += ["", "  // Fixed by the contract.", *_limits(contract.fixed)]
    lines += ["", "  // What this device implements and reports.", *_limits(contract.reference)]
    for block in contract.blocks:
        lines += _block(block)
    for memory in contract.memories:
        lines += _memory(memory)
    return "\n".join([_HEAD.rstrip("\n"), *lines, "", _TAIL])


def _enum(enum: Enumeration) -> list[str]:
    upper = enum.name.upper()
    lines = ["", *wrapped(enum.doc, "  // ")]
    if enum.mask:
        for value in enum.values:
            lines += ["", *wrapped(value.doc, "  // ")]
            number = f"{enum.width}'h{value.value:0{enum.width // 4}x}"
            lines.append(
                f"  localparam logic [{enum.width - 1}:0] {upper}_{value.name} = {number};"
            )
        return lines
    lines.append(f"  typedef enum logic [{enum.width - 1}:0] {{")
    longest = max(len(value.name) for value in enum.values)
    for index, value in enumerate(enum.values):
        comma = "," if index + 1 < len(enum.values) else ""
        lines += wrapped(value.doc, "    // ")
        name = f"{upper}_{value.name:{longest}}"
        number = f"h{value.value:02x}" if enum.hexadecimal else f"d{value.value}"
        lines.append(f"    {name} = {enum.width}'{number}{comma}")
    lines.append(f"  }} {enum.name}_e;")
    if enum.capability:
        lines += [
            "",
            f"  // {enum.capability} of the reference device.",
            f"  localparam logic [63:0] {upper}_IMPLEMENTED = 64'h{enum.implemented:016x};",
        ]
    return lines


def _struct(name: str, layout: Layout) -> list[str]:
    lines = ["", *wrapped(layout.doc, "  // "), "  typedef struct packed {"]
    for member in reversed(parts(layout)):
        lines.append(f"    {_bits(member)} {member.name};  // byte {member.at}")
    return [*lines, f"  }} {name}_t;"]


def _bits(member: Member) -> str:
    sign = " signed" if member.base.startswith("i") and not member.count else ""
    return f"logic{sign} [{8 * member.size - 1}:0]"


def _limits(limits: Iterable[Limit]) -> list[str]:
    lines = []
    for limit in limits:
        lines += wrapped(limit.doc, "  // ")
        if limit.value >> 32:
            lines.append(f"  localparam longint unsigned {limit.name} = 64'h{limit.value:x};")
        else:
            lines.append(f"  localparam int unsigned {limit.name} = {limit.value};")
    return lines


def _offset(name: str, value: int) -> str:
    return f"  localparam int unsigned {name} = 32'h{value:x};"


def _block(block: Block) -> list[str]:
    lines = ["", f"  // Block {block.name}.", _offset(f"{block.name}_OFFSET", block.offset)]
    if block.count:
        lines.append(_offset(f"{block.name}_STRIDE", block.stride))
        lines.append(f"  localparam int unsigned {block.name}_COUNT = {block.count};")
    lines.append(_offset(f"{block.name}_BYTES", block.size))
    for register in block.registers:
        name = f"{block.name}_{register.name}"
        lines += ["", *wrapped(register.doc, "  // "), _offset(name, register.offset)]
        if register.count:
            lines.append(_offset(f"{name}_STRIDE", register.stride))
            lines.append(f"  localparam int unsigned {name}_COUNT = {register.count};")
        if register.reset is not None:
            lines.append(f"  localparam logic [63:0] {name}_RESET = 64'h{register.reset:016x};")
        for field in register.fields:
            lines += _field(name, field)
    return lines


def _field(register: str, field: RegisterField) -> list[str]:
    name = f"{register}_{field.name.upper()}"
    return [
        f"  localparam int unsigned {name}_LSB = {field.lsb};",
        f"  localparam int unsigned {name}_WIDTH = {field.width};",
    ]


def _memory(memory: Memory) -> list[str]:
    return [
        "",
        *wrapped(memory.doc, "  // "),
        _offset(f"{memory.name}_OFFSET", memory.offset),
        _offset(f"{memory.name}_BYTES", 8 * memory.words),
    ]
