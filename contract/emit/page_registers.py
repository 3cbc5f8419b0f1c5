"""The registers' part of the reference page."""

from emit.markdown import code, table
from emit.model import Block, Contract, Register, RegisterField

_INTRODUCTION = (
    "All registers are 64 bits wide. Addresses are bytes from BAR0; `n` is the index of a "
    "block, `i` that of a register in an array. Access `rw1c` clears the bits written as 1. "
    "A reset value of – means that the device decides it."
)


def registers(contract: Contract) -> list[str]:
    """Markdown lines: the address map, then every block."""
    lines = [
        _INTRODUCTION,
        "",
        "### Address map",
        "",
        *table(("address", "bytes", "what", "count"), _map(contract)),
    ]
    for block in contract.blocks:
        lines += [f"### {block.name}", ""]
        head = ("address", "register", "access", "reset", "bits", "meaning")
        lines += table(head, (_register(block, register) for register in block.registers))
    lines += ["### Tables", ""]
    lines += table(
        ("address", "table", "access", "words of 8 bytes", "meaning"),
        (
            (code(f"{m.offset:#07x}"), code(m.name), m.access, str(m.words), m.doc)
            for m in contract.memories
        ),
    )
    return lines


def _map(contract: Contract) -> list[tuple[str, str, str, str]]:
    rows = []
    for block in contract.blocks:
        step = f" + {block.stride:#x} n" if block.count else ""
        size = f"{block.size:#x}"
        count = str(block.count) if block.count else "–"
        rows.append((block.offset, step, size, f"block {code(block.name)}", count))
    for memory in contract.memories:
        size = f"{8 * memory.words:#x}"
        rows.append((memory.offset, "", size, f"table {code(memory.name)}", "–"))
    return [(code(f"{at:#07x}{step}"), size, what, n) for at, step, size, what, n in sorted(rows)]


def _register(block: Block, register: Register) -> tuple[str, ...]:
    address = f"{block.offset + register.offset:#07x}"
    if block.count:
        address += f" + {block.stride:#x} n"
    if register.count:
        address += f" + {register.stride} i"
    name = f"{register.name}[{register.count}]" if register.count else register.name
    reset = "–" if register.reset is None else f"{register.reset:#x}"
    bits = "<br>".join(_bits(field, register) for field in register.fields)
    capability = " Capability." if register.capability else ""
    return (code(address), code(name), register.access, reset, bits, register.doc + capability)


def _bits(field: RegisterField, register: Register) -> str:
    high = field.lsb + field.width - 1
    place = f"{high}:{field.lsb}" if field.width > 1 else str(field.lsb)
    access = f", {field.access}" if field.access != register.access else ""
    enum = f", {field.enum}" if field.enum else ""
    return f"{place} {code(field.name)}{access}{enum}"
