"""What a register, a field, a block and a table of BAR0 are.

Generated from contract/ by `make contract`; do not edit.
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
        return {name: field.get(value) for name, field in self.fields.items()}

    def encode(self, **numbers: int) -> int:
        """A value with the named fields set and zero elsewhere.

        Raises KeyError for an unknown field, ValueError for a number that does not fit its field.
        """
        value = 0
        for name, number in numbers.items():
            if name not in self.fields:
                known = ", ".join(self.fields)
                raise KeyError(f"{self.name} has no field {name}; it has {known}")
            bits = self.fields[name]
            if not 0 <= number < 1 << bits.width:
                raise ValueError(
                    f"{self.name}.{name}={number} does not fit in {bits.width} bits: "
                    f"give 0 to {(1 << bits.width) - 1}"
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
            raise IndexError(f"{self.name}[{index}]: index must not be negative")
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
        self._built: dict[int, T] = {}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> T:
        found = self._built.get(index)
        if found is None:
            if not 0 <= index < self.room:
                raise IndexError(
                    f"{self.name}[{index}]: the address map has room for {self.room} blocks, "
                    f"0 to {self.room - 1}"
                )
            found = self._build(self.offset + index * self.stride, f"{self.name}[{index}]")
            self._built[index] = found
        return found

    def __iter__(self) -> Iterator[T]:
        return (self[index] for index in range(self.count))
