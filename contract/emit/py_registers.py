"""Writes register_types.py and registers.py of the Python contract."""

from emit.literal import Expression, Group, Text, call, lay_out, quoted
from emit.model import Block, Contract, Memory, Register, RegisterField
from emit.text import NOTICE, camel

TYPES = f'''\
"""What a register, a field, a block and a table of BAR0 are.

{NOTICE}
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Field:
    """Bits of a register.

    `access` is `r`, `w`, `rw` or `rw1c` (write 1 to clear). `reset` is None when the device decides
    it.
    """

    name: str
    lsb: int
    width: int
    access: str
    reset: int | None
    enum: type[IntEnum] | None = None

    @property
    def mask(self) -> int:
        """The field's bits in place."""
        return ((1 << self.width) - 1) << self.lsb

    def get(self, value: int) -> int:
        """The field's number in a register's `value`."""
        return (value >> self.lsb) & ((1 << self.width) - 1)


@dataclass(frozen=True, slots=True)
class Register:
    """A 64-bit register; `offset` in bytes from BAR0, `name` with its block and index.

    `access` is `r`, `w` or `rw`. `reset` is None when the device decides it. `capability` marks a
    constant that describes the device.
    """

    name: str
    offset: int
    access: str
    reset: int | None
    capability: bool
    doc: str = field(compare=False)
    fields: Mapping[str, Field] = field(compare=False, repr=False)

    def decode(self, value: int) -> dict[str, int]:
        """The number of each field in the register's `value`."""
        return {{name: field.get(value) for name, field in self.fields.items()}}

    def encode(self, **numbers: int) -> int:
        """A value with the named fields set and zero elsewhere.

        Raises KeyError for an unknown field, ValueError for a number that does not fit its field.
        """
        value = 0
        for name, number in numbers.items():
            if name not in self.fields:
                known = ", ".join(self.fields)
                raise KeyError(f"{{self.name}} has no field {{name}}; it has {{known}}")
            bits = self.fields[name]
            if not 0 <= number < 1 << bits.width:
                raise ValueError(
                    f"{{self.name}}.{{name}}={{number}} does not fit in {{bits.width}} bits: "
                    f"give 0 to {{(1 << bits.width) - 1}}"
                )
            value |= number << bits.lsb
        return value


@dataclass(frozen=True, slots=True)
class Memory:
    """A table of 8-byte words; `offset` in bytes from BAR0, `words` as in the reference device."""

    name: str
    offset: int
    words: int
    access: str
    doc: str

    def word(self, index: int) -> int:
        """Offset of word `index` in bytes from BAR0; the device's own count is not checked."""
        if index < 0:
            raise IndexError(f"{{self.name}}[{{index}}]: index must not be negative")
        return self.offset + 8 * index


class Blocks(Generic[T]):
    """Blocks that repeat: `blocks[n]` for any n that the address map has room for.

    Iteration and `len` take the reference device's count; another device's counts stand in its
    capability registers.
    """

    __slots__ = ("_build", "_built", "count", "name", "offset", "room", "stride")

    def __init__(
        self,
        name: str,
        *,
        offset: int,
        stride: int,
        count: int,
        room: int,
        build: Callable[[int, str], T],
    ) -> None:
        self.name = name
        self.offset = offset
        self.stride = stride
        self.count = count
        self.room = room
        self._build = build
        self._built: dict[int, T] = {{}}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> T:
        found = self._built.get(index)
        if found is None:
            if not 0 <= index < self.room:
                raise IndexError(
                    f"{{self.name}}[{{index}}]: the address map has room for {{self.room}} blocks, "
                    f"0 to {{self.room - 1}}"
                )
            found = self._build(self.offset + index * self.stride, f"{{self.name}}[{{index}}]")
            self._built[index] = found
        return found

    def __iter__(self) -> Iterator[T]:
        return (self[index] for index in range(self.count))
'''

_HEAD = '''\
"""The register map of BAR0.

{notice}

`QUEUE[3].STATUS.offset` counts bytes from BAR0. `REGISTERS` has every register of the reference
device, `MEMORIES` every table.
"""

from dataclasses import dataclass
from typing import Final

from doorbell.contract import enums
from doorbell.contract.register_types import Blocks, Field, Memory, Register
'''


def module(contract: Contract) -> str:
    """Text of registers.py."""
    lines = [_HEAD.format(notice=NOTICE).rstrip("\n")]
    for block in contract.blocks:
        lines += _class(block)
        lines += _builder(block)
    lines += ["", ""]
    for block in contract.blocks:
        lines += _instance(block)
    for memory in contract.memories:
        lines += _memory(memory)
    lines += _tables(contract)
    return "\n".join(lines) + "\n"


def _class(block: Block) -> list[str]:
    what = f"one {block.name} block" if block.count else f"the {block.name} block"
    lines = ["", "", "@dataclass(frozen=True, slots=True)", f"class {camel(block.name)}Block:"]
    lines += [f'    """Registers of {what}."""', ""]
    for register in block.registers:
        kind = "tuple[Register, ...]" if register.count else "Register"
        lines.append(f"    {register.name}: {kind}")
    lines += ["", "    def registers(self) -> tuple[Register, ...]:"]
    lines.append('        """Every register, by ascending offset."""')
    items = tuple(f"{'*' if r.count else ''}self.{r.name}" for r in block.registers)
    if len(items) == 1:
        return [*lines, f"        return ({items[0]},)"]
    return [*lines, *lay_out(Group("return (", items, ")"), 8)]


def _builder(block: Block) -> list[str]:
    name = camel(block.name)
    lines = ["", "", f"def _{block.name.lower()}(base: int, name: str) -> {name}Block:"]
    items = tuple(_register(register) for register in block.registers)
    return [*lines, *lay_out(Group(f"return {name}Block(", items, ")"), 4)]


def _register(register: Register) -> Expression:
    index = "[{i}]" if register.count else ""
    step = f" + {register.stride} * i" if register.count else ""
    one = (
        f'f"{{name}}.{register.name}{index}"',
        f"base + 0x{register.offset:02X}{step}",
        quoted(register.access),
        _number(register.reset),
        str(register.capability),
        Text("", register.doc),
        Group("{", tuple(_field(field) for field in register.fields), "}"),
    )
    if not register.count:
        return call(f"{register.name}=Register", *one)
    loop = f"for i in range({register.count})"
    # A generator is no list of items: no comma after it.
    inner = lay_out(call("Register", *one), 12)
    return "\n".join([f"{register.name}=tuple(", *inner, f"            {loop}", "        )"])


def _field(field: RegisterField) -> Expression:
    items = [
        quoted(field.name),
        str(field.lsb),
        str(field.width),
        quoted(field.access),
        _number(field.reset),
    ]
    if field.enum:
        items.append(f"enums.{camel(field.enum)}")
    return call(f"{quoted(field.name)}: Field", *items)


def _number(value: int | None) -> str:
    return f"0x{value:X}" if value is not None and value >= 1 << 16 else str(value)


def _instance(block: Block) -> list[str]:
    build = f"_{block.name.lower()}"
    name = camel(block.name)
    if not block.count:
        return [f'{block.name}: Final = {build}(0x{block.offset:X}, "{block.name}")']
    return lay_out(
        Group(
            f"{block.name}: Final[Blocks[{name}Block]] = Blocks(",
            (
                quoted(block.name),
                f"offset=0x{block.offset:X}",
                f"stride=0x{block.stride:X}",
                f"count={block.count}",
                f"room={block.room}",
                f"build={build}",
            ),
            ")",
        )
    )


def _memory(memory: Memory) -> list[str]:
    return lay_out(
        Group(
            f"{memory.name}: Final = Memory(",
            (
                quoted(memory.name),
                f"0x{memory.offset:X}",
                str(memory.words),
                quoted(memory.access),
                Text("", memory.doc),
            ),
            ")",
        )
    )


def _tables(contract: Contract) -> list[str]:
    items = []
    for block in contract.blocks:
        if block.count:
            items.append(f"*(register for block in {block.name} for register in block.registers())")
        else:
            items.append(f"*{block.name}.registers()")
    memories = tuple(memory.name for memory in contract.memories)
    lines = lay_out(Group("REGISTERS: Final[tuple[Register, ...]] = (", tuple(items), ")"))
    lines.append('"""Every register of the reference device, block by block."""')
    lines += lay_out(Group("MEMORIES: Final[tuple[Memory, ...]] = (", memories, ")"))
    return [*lines, '"""Every table of BAR0, by ascending offset."""']
