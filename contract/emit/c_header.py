"""Writes contract/gen/doorbell_contract.h."""

from emit.model import Block, Contract, Enumeration, Layout, Member, Register
from emit.text import NOTICE, layouts, parts, wrapped

_HEAD = f"""\
/*
 * {NOTICE}
 *
 * What hardware and software promise each other, for C11. Structures are as in memory on a
 * little-endian host; reserved bytes are zero. Offsets are in bytes from BAR0 where they take an
 * index, else from their block.
 */
#ifndef DOORBELL_CONTRACT_H
#define DOORBELL_CONTRACT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
"""
_TAIL = "#endif"


def header(contract: Contract) -> str:
    """The header's text."""
    lines = [_HEAD.rstrip("\n")]
    for enum in contract.enums.values():
        lines += _enum(enum)
    lines += ["", "/* Fixed by the contract. */"]
    for limit in contract.fixed:
        suffix = "UINT64_C" if limit.value >> 32 else "UINT32_C"
        lines.append(f"#define DB_{limit.name} {suffix}({_number(limit.value)})")
    for name, layout in layouts(contract):
        lines += _struct(name, layout)
    for block in contract.blocks:
        lines += _block(block)
    for memory in contract.memories:
        lines += ["", *_comment(memory.doc, "")]
        lines.append(f"#define DB_{memory.name}_OFFSET UINT32_C({memory.offset:#x})")
    return "\n".join([*lines, "", _TAIL]) + "\n"


def _comment(text: str, indent: str) -> list[str]:
    lines = wrapped(text, f"{indent} * ")
    if len(lines) == 1 and len(lines[0]) + 3 <= 100:
        return [f"{indent}/* {text} */"]
    return [f"{indent}/*", *lines, f"{indent} */"]


def _number(value: int) -> str:
    return f"0x{value:x}" if value >= 1 << 16 else str(value)


def _enum(enum: Enumeration) -> list[str]:
    upper = enum.name.upper()
    lines = ["", *_comment(enum.doc, ""), f"enum db_{enum.name} {{"]
    for value in enum.values:
        lines += _comment(value.doc, "    ")
        lines.append(f"    DB_{upper}_{value.name} = 0x{value.value:02x},")
    return [*lines, "};"]


def _struct(name: str, layout: Layout) -> list[str]:
    lines = ["", *_comment(layout.doc, ""), f"struct db_{name} {{"]
    lines += [f"    {_declaration(member)};" for member in parts(layout)]
    lines.append("};")
    lines.append(f'static_assert(sizeof(struct db_{name}) == {layout.size}, "size of {name}");')
    for member in layout.members:
        lines.append(
            f"static_assert(offsetof(struct db_{name}, {member.name}) == {member.at}, "
            f'"{member.name}");'
        )
    return lines


def _declaration(member: Member) -> str:
    sign = "u" if member.base.startswith("u") else ""
    array = f"[{member.count or member.size}]" if member.count or member.element == 0 else ""
    if member.name.startswith("reserved_"):
        array = f"[{member.size}]"
    return f"{sign}int{8 * member.element}_t {member.name}{array}"


def _block(block: Block) -> list[str]:
    lines = ["", f"/* Block {block.name}. */"]
    if block.count:
        lines.append(
            f"#define DB_{block.name}_OFFSET(n) "
            f"(UINT32_C({block.offset:#x}) + UINT32_C({block.stride:#x}) * (uint32_t)(n))"
        )
    else:
        lines.append(f"#define DB_{block.name}_OFFSET UINT32_C({block.offset:#x})")
    for register in block.registers:
        lines += _register(block, register)
    return lines


def _register(block: Block, register: Register) -> list[str]:
    name = f"DB_{block.name}_{register.name}"
    lines = _comment(register.doc, "")
    if register.count:
        lines.append(
            f"#define {name}(n) (UINT32_C({register.offset:#x}) + "
            f"UINT32_C({register.stride:#x}) * (uint32_t)(n))"
        )
    else:
        lines.append(f"#define {name} UINT32_C({register.offset:#x})")
    for field in register.fields:
        upper = f"{name}_{field.name.upper()}"
        lines.append(f"#define {upper}_SHIFT {field.lsb}")
        lines.append(f"#define {upper}_MASK UINT64_C({field.mask:#018x})")
    return lines
