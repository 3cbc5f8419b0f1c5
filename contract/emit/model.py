"""The contract in memory, after loading: what every output module reads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """One named value of an enumeration."""

    name: str
    value: int
    doc: str
    status: str
    group: str


@dataclass(frozen=True, slots=True)
class Enumeration:
    """An enumeration, or a set of bits when `mask` is true; `width` in bits."""

    name: str
    width: int
    mask: bool
    capability: str
    doc: str
    values: tuple[Value, ...]

    @property
    def hexadecimal(self) -> bool:
        """Whether the values read best in hexadecimal."""
        return max(value.value for value in self.values) >= 16

    @property
    def implemented(self) -> int:
        """Bit N is set when value N is active: what the capability register reports."""
        return sum(1 << value.value for value in self.values if value.status == "active")


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a layout: `at` and `size` in bytes, `count` 0 for a scalar."""

    name: str
    at: int
    base: str
    count: int
    enum: str
    doc: str

    @property
    def element(self) -> int:
        """Bytes of one element."""
        return int(self.base[1:]) // 8

    @property
    def size(self) -> int:
        """Bytes of the whole field."""
        return self.element * max(self.count, 1)

    @property
    def end(self) -> int:
        """First byte after the field."""
        return self.at + self.size


@dataclass(frozen=True, slots=True)
class Layout:
    """A structure in memory. `size` in bytes; `members` ascend and do not overlap."""

    name: str
    size: int
    doc: str
    members: tuple[Member, ...]

    @property
    def reserved(self) -> tuple[tuple[int, int], ...]:
        """Half-open byte ranges that no member names, ascending and merged."""
        ranges: list[tuple[int, int]] = []
        position = 0
        for member in self.members:
            if member.at > position:
                ranges.append((position, member.at))
            position = member.end
        if position < self.size:
            ranges.append((position, self.size))
        return tuple(ranges)


@dataclass(frozen=True, slots=True)
class Limit:
    """A fixed or reference size."""

    name: str
    value: int
    doc: str


@dataclass(frozen=True, slots=True)
class RegisterField:
    """Bits of a register; `reset` is None when the device decides it."""

    name: str
    lsb: int
    width: int
    access: str
    reset: int | None
    enum: str

    @property
    def mask(self) -> int:
        """The field's bits in place."""
        return ((1 << self.width) - 1) << self.lsb


@dataclass(frozen=True, slots=True)
class Register:
    """A 64-bit register; `offset` in bytes within its block, `count` 0 when it is no array."""

    name: str
    offset: int
    count: int
    stride: int
    capability: bool
    doc: str
    fields: tuple[RegisterField, ...]

    @property
    def access(self) -> str:
        """`r`, `w` or `rw`: what software may do with any field."""
        kinds = {field.access for field in self.fields}
        return "r" if kinds == {"r"} else "w" if kinds == {"w"} else "rw"

    @property
    def reset(self) -> int | None:
        """Value after reset; None when a field has none."""
        total = 0
        for field in self.fields:
            if field.reset is None:
                return None
            total |= field.reset << field.lsb
        return total


@dataclass(frozen=True, slots=True)
class Block:
    """Registers that repeat together; bytes from BAR0; `count` 0 when there is one."""

    name: str
    offset: int
    stride: int
    count: int
    size: int
    room: int
    registers: tuple[Register, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """A table of 8-byte words in BAR0; `offset` in bytes."""

    name: str
    offset: int
    words: int
    access: str
    doc: str


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a kernel's arguments and the error it gives."""

    error: str
    condition: str


@dataclass(frozen=True, slots=True)
class Kernel:
    """Exact arithmetic of a kernel; `tile` is rows and columns of a work-group."""

    name: str
    status: str
    doc: str
    tile: tuple[int, int] | None
    group: str
    arithmetic: tuple[str, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A numbered promise."""

    id: str
    area: str
    text: str
    rationale: str
    status: str
    since: str


@dataclass(frozen=True, slots=True)
class Contract:
    """Everything that both sides know."""

    enums: dict[str, Enumeration]
    layouts: dict[str, Layout]
    packets: dict[str, Layout]
    arguments: dict[str, Layout]
    fixed: tuple[Limit, ...]
    reference: tuple[Limit, ...]
    blocks: tuple[Block, ...]
    memories: tuple[Memory, ...]
    kernels: dict[str, Kernel]
    rules: tuple[Rule, ...]
