"""Compiles registers.rdl with the enumerations of enums.yaml."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from systemrdl import RDLCompileError, RDLCompiler
from systemrdl.messages import MessagePrinter, Severity
from systemrdl.node import (
    AddressableNode,
    AddrmapNode,
    FieldNode,
    MemNode,
    Node,
    RegfileNode,
    RegNode,
)
from systemrdl.rdltypes import AccessType, OnWriteType
from systemrdl.source_ref import SourceRefBase

from emit.errors import ContractError
from emit.model import Block, Enumeration, Memory, Register, RegisterField

NAME = "contract/registers.rdl"
WORD = 8  # bytes of a register, and of a word of a memory


class _Collector(MessagePrinter):
    """Keeps the compiler's messages for the exception instead of printing them."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def print_message(
        self, severity: Severity, text: str, src_ref: SourceRefBase | None = None
    ) -> None:
        line = getattr(src_ref, "line", None)
        file = Path(str(getattr(src_ref, "path", NAME))).name
        where = "contract/gen/enums.rdl" if file == "enums.rdl" else NAME
        self.messages.append(f"{where}:{line or 1}: {severity.name.lower()}: {text}")


def load_registers(
    path: Path, enums_rdl: str, enums: Mapping[str, Enumeration], window: int
) -> tuple[tuple[Block, ...], tuple[Memory, ...]]:
    """Blocks and memories of BAR0, whose size is `window` bytes, by ascending offset.

    `enums_rdl` is what gen/enums.rdl will hold; the file on disk is not read.
    Raises ContractError with the compiler's messages, or for something the outputs cannot say.
    """
    # The compiler reads lines of its sources as late as an error asks for them.
    with tempfile.TemporaryDirectory(prefix="doorbell-contract-") as folder:
        return _split(_compile(path, enums_rdl, Path(folder)), enums, window)


def _split(
    top: AddrmapNode, enums: Mapping[str, Enumeration], window: int
) -> tuple[tuple[Block, ...], tuple[Memory, ...]]:
    nodes = [node for node in top.children(unroll=False) if isinstance(node, AddressableNode)]
    nodes.sort(key=lambda node: node.raw_absolute_address)
    blocks = []
    memories = []
    for node, following in zip(nodes, [*nodes[1:], None], strict=True):
        end = following.raw_absolute_address if following else window
        last = node.raw_absolute_address + node.total_size
        if last > end:
            raise _error(node, f"ends at {last:#x}, after {end:#x}, the end of its room")
        if isinstance(node, RegfileNode):
            blocks.append(_block(node, end, enums))
        elif isinstance(node, MemNode):
            memories.append(_memory(node))
        else:
            raise _error(node, "must be a regfile or a mem: registers live in blocks")
    return tuple(blocks), tuple(memories)


def _compile(path: Path, enums_rdl: str, folder: Path) -> AddrmapNode:
    collector = _Collector()
    compiler = RDLCompiler(message_printer=collector)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ContractError(f"{NAME}: cannot be read: {error.strerror}") from error
    copy = folder / "registers.rdl"
    copy.write_text(text, encoding="utf-8")
    (folder / "gen").mkdir()
    (folder / "gen" / "enums.rdl").write_text(enums_rdl, encoding="utf-8")
    try:
        compiler.compile_file(str(copy))
        top = compiler.elaborate().top
    except RDLCompileError as error:
        raise ContractError("\n".join(collector.messages) or f"{NAME}: {error}") from error
    if collector.messages:
        raise ContractError("\n".join(collector.messages))
    return top


def _error(node: Node, message: str) -> ContractError:
    line = getattr(node.inst.inst_src_ref, "line", None)
    return ContractError(f"{NAME}:{line or 1}: {node.get_path()}: {message}")


def _block(node: RegfileNode, end: int, enums: Mapping[str, Enumeration]) -> Block:
    count = _count(node)
    stride = node.array_stride or 0 if count else 0
    room = (end - node.raw_absolute_address) // stride if stride else 1
    children = [child for child in node.children(unroll=False) if isinstance(child, RegNode)]
    registers = tuple(_register(child, enums) for child in children)
    offset = node.raw_absolute_address
    return Block(node.inst_name, offset, stride, count, node.size, room, registers)


def _register(node: RegNode, enums: Mapping[str, Enumeration]) -> Register:
    if node.get_property("regwidth") != 8 * WORD:
        raise _error(node, f"regwidth must be {8 * WORD}")
    if node.raw_address_offset % WORD:
        raise _error(node, f"offset {node.raw_address_offset:#x} is not a multiple of {WORD}")
    doc = node.get_property("desc")
    if not doc:
        raise _error(node, "needs a desc")
    fields = tuple(_field(field, enums) for field in node.fields())
    count = _count(node)
    register = Register(
        node.inst_name,
        node.raw_address_offset,
        count,
        node.array_stride or 0 if count else 0,
        bool(node.get_property("capability", default=False)),
        " ".join(doc.split()),
        fields,
    )
    if register.capability and register.access != "r":
        raise _error(node, "a capability must be read-only")
    return register


def _field(node: FieldNode, enums: Mapping[str, Enumeration]) -> RegisterField:
    reset = node.get_property("reset")
    if reset is not None and not isinstance(reset, int):
        raise _error(node, "reset must be a number")
    encode = node.get_property("encode")
    enum = ""
    if encode is not None:
        enum = encode.type_name.removesuffix("_e")
        if enum not in enums or enums[enum].width != node.width:
            raise _error(node, f"has {node.width} bits, its enum {enum} does not")
    return RegisterField(node.inst_name, node.low, node.width, _access(node), reset, enum)


def _access(node: FieldNode) -> str:
    software = node.get_property("sw")
    if node.get_property("onwrite") is OnWriteType.woclr:
        return "rw1c"
    names = {AccessType.r: "r", AccessType.w: "w", AccessType.rw: "rw"}
    if software not in names:
        raise _error(node, f"access {software} is none of r, w, rw")
    return names[software]


def _memory(node: MemNode) -> Memory:
    if node.get_property("memwidth") != 8 * WORD:
        raise _error(node, f"memwidth must be {8 * WORD}")
    access = "r" if node.get_property("sw") is AccessType.r else "rw"
    doc = " ".join((node.get_property("desc") or "").split())
    entries = node.get_property("mementries")
    return Memory(node.inst_name, node.raw_absolute_address, entries, access, doc)


def _count(node: RegfileNode | RegNode) -> int:
    """Instances of an array; 0 when the node is none."""
    dimensions = node.array_dimensions or []
    if len(dimensions) > 1:
        raise _error(node, "arrays have one dimension")
    return dimensions[0] if dimensions else 0
