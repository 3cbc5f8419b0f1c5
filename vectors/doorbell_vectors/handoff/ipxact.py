"""IP-XACT (IEEE 1685-2014) of the register map: one component with one memory map.

The elements stand in the order of the standard's schema, which is a sequence throughout.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

from systemrdl.node import (
    AddressableNode,
    AddrmapNode,
    FieldNode,
    MemNode,
    RegfileNode,
    RegNode,
)
from systemrdl.rdltypes import AccessType, OnWriteType

from doorbell_vectors.errors import VectorsError

__all__ = ["NAMESPACE", "component"]

NAMESPACE: Final = "http://www.accellera.org/XMLSchema/IPXACT/1685-2014"
_SCHEMA: Final = "http://www.w3.org/2001/XMLSchema-instance"
_ACCESS: Final = {
    AccessType.r: "read-only",
    AccessType.w: "write-only",
    AccessType.rw: "read-write",
}


def component(top: AddrmapNode, version: str) -> str:
    """Return the document for an address map; ``version`` is the contract's."""
    ElementTree.register_namespace("ipxact", NAMESPACE)
    root = ElementTree.Element(
        _tag("component"),
        {f"{{{_SCHEMA}}}schemaLocation": f"{NAMESPACE} {NAMESPACE}/index.xsd"},
    )
    for name, text in (
        ("vendor", "doorbell"),
        ("library", "doorbell"),
        ("name", top.inst_name),
        ("version", version),
    ):
        _put(root, name, text)
    maps = _put(root, "memoryMaps")
    memory = _put(maps, "memoryMap")
    _put(memory, "name", "BAR0")
    for child in top.children(unroll=False):
        memory.append(_block(child))
    _put(memory, "addressUnitBits", "8")
    _put(root, "description", str(top.get_property("name")))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _put(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, _tag(name))
    element.text = text
    return element


def _named(tag: str, name: str, about: object) -> ElementTree.Element:
    """Return an element that starts with name and description."""
    element = ElementTree.Element(_tag(tag))
    _put(element, "name", name)
    if about:
        _put(element, "description", " ".join(str(about).split()))
    return element


def _block(node: object) -> ElementTree.Element:
    """Return the address block of a register file or memory; an array is a register file in its block."""
    if not isinstance(node, RegfileNode | MemNode):
        raise VectorsError(f"registers.rdl: {node} is neither register file nor memory")
    block = _named("addressBlock", node.inst_name, node.get_property("desc"))
    _put(block, "baseAddress", hex(node.raw_absolute_address))
    _put(block, "range", hex(_size(node)))
    _put(block, "width", "64")
    if isinstance(node, MemNode):
        _put(block, "usage", "memory")
        _put(block, "access", _ACCESS[node.get_property("sw")])
    else:
        _put(block, "usage", "register")
        if node.array_dimensions:
            block.append(_file(node))
        else:
            block.extend(_registers(node))
    return block


def _size(node: AddressableNode) -> int:
    """Bytes that it takes; each element of an array as many as the stride."""
    if not node.array_dimensions:
        return node.size
    return _stride(node) * node.array_dimensions[0]


def _stride(node: AddressableNode) -> int:
    assert node.array_stride is not None
    return node.array_stride


def _file(node: RegfileNode) -> ElementTree.Element:
    assert node.array_dimensions is not None
    element = _named("registerFile", f"{node.inst_name}_array", None)
    _put(element, "dim", str(node.array_dimensions[0]))
    _put(element, "addressOffset", "0x0")
    _put(element, "range", hex(_stride(node)))
    element.extend(_registers(node))
    return element


def _registers(node: RegfileNode) -> list[ElementTree.Element]:
    return [_register(register) for register in node.registers(unroll=False)]


def _register(node: RegNode) -> ElementTree.Element:
    element = _named("register", node.inst_name, node.get_property("desc"))
    if node.array_dimensions:
        if _stride(node) != node.size:  # IP-XACT packs the elements of a register array
            raise VectorsError(f"registers.rdl: {node.get_path()}: an array must be packed")
        _put(element, "dim", str(node.array_dimensions[0]))
    _put(element, "addressOffset", hex(node.raw_address_offset))
    _put(element, "size", str(node.get_property("regwidth")))
    for field in node.fields():
        element.append(_field(field))
    return element


def _field(node: FieldNode) -> ElementTree.Element:
    element = _named("field", node.inst_name, node.get_property("desc"))
    _put(element, "bitOffset", str(node.low))
    reset = node.get_property("reset")
    if isinstance(reset, int):
        _put(_put(_put(element, "resets"), "reset"), "value", hex(reset))
    _put(element, "bitWidth", str(node.width))
    if node.get_property("hw") in {AccessType.w, AccessType.rw}:
        _put(element, "volatile", "true")
    encode = node.get_property("encode")
    if encode is not None:
        values = _put(element, "enumeratedValues")
        for member in encode:
            value = _put(values, "enumeratedValue")
            _put(value, "name", member.name)
            if member.rdl_desc:
                _put(value, "description", " ".join(member.rdl_desc.split()))
            _put(value, "value", hex(member.value))
    _put(element, "access", _ACCESS[node.get_property("sw")])
    if node.get_property("onwrite") is OnWriteType.woclr:
        _put(element, "modifiedWriteValue", "oneToClear")
    return element
