"""The registers in other tools' forms hold the contract's offsets, fields, resets and access kinds."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from doorbell.contract import registers
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.handoff.ipxact import NAMESPACE, component
from doorbell_vectors.handoff.registers import compiled
from doorbell_vectors.handoff.registers import registers as made_of

SOURCE = Path(__file__).resolve().parents[2] / "contract" / "registers.rdl"
ORDER = {
    "component": "vendor library name version memoryMaps description",
    "memoryMap": "name addressBlock addressUnitBits",
    "addressBlock": "name description baseAddress range width usage access register registerFile",
    "registerFile": "name description dim addressOffset range register",
    "register": "name description dim addressOffset size field",
    "field": "name description bitOffset resets bitWidth volatile enumeratedValues access modifiedWriteValue",
    "enumeratedValue": "name description value",
}
"""IEEE 1685-2014: in each element its children stand in this order."""


@pytest.fixture(scope="module")
def files():
    return made_of(SOURCE, "0.1.0")


@pytest.fixture(scope="module")
def tree(files):
    return ElementTree.fromstring(files["doorbell.ipxact.xml"])


def text(node, path: str) -> str:
    found = node.find("/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/")))
    return "" if found is None else found.text


def tag(node) -> str:
    return node.tag.removeprefix(f"{{{NAMESPACE}}}")


def test_elements_stand_in_the_order_of_the_schema(tree):
    seen = set()
    for node in tree.iter():
        if tag(node) in ORDER:
            order = ORDER[tag(node)].split()
            places = [order.index(tag(child)) for child in node]
            assert places == sorted(places), tag(node)
            seen.add(tag(node))
    assert seen == set(ORDER)


def found(tree):
    """Yield (block, register, absolute offset of the first, node)."""
    for block in tree.iter(f"{{{NAMESPACE}}}addressBlock"):
        base = int(text(block, "baseAddress"), 16)
        for register in block.iter(f"{{{NAMESPACE}}}register"):
            offset = base + int(text(register, "addressOffset"), 16)
            yield text(block, "name"), text(register, "name"), offset, register


def test_every_register_of_the_contract_is_there(tree):
    mine = {(block, name): offset for block, name, offset, _ in found(tree)}
    for (block, name), offset in mine.items():
        here = getattr(registers, block)
        here = here if not hasattr(here, "__getitem__") else here[0]
        register = getattr(here, name)
        register = register if not hasattr(register, "__getitem__") else register[0]
        assert register.offset == offset, (block, name)
    assert len(mine) > 50


def test_fields_resets_and_access(tree):
    nodes = {(block, name): node for block, name, _, node in found(tree)}
    status = nodes["QUEUE", "STATUS"]
    fields = {text(node, "name"): node for node in status.iter(f"{{{NAMESPACE}}}field")}
    assert text(fields["idle"], "bitOffset") == "8"
    assert text(fields["idle"], "resets/reset/value") == "0x1"
    assert text(fields["idle"], "access") == "read-only"
    states = [text(one, "name") for one in fields["state"].iter(f"{{{NAMESPACE}}}enumeratedValue")]
    assert "RUNNING" in states
    dropped = next(nodes["DEVICE", "DROPPED_DOORBELLS"].iter(f"{{{NAMESPACE}}}field"))
    assert text(dropped, "modifiedWriteValue") == "oneToClear"
    assert text(nodes["QUEUE", "ERROR"], "dim") == "8"
    queue = next(
        node
        for node in tree.iter(f"{{{NAMESPACE}}}registerFile")
        if text(node, "name") == "QUEUE_array"
    )
    assert (text(queue, "dim"), text(queue, "range")) == ("8", "0x1000")


def test_uvm_and_html(files):
    uvm = files["doorbell_uvm_pkg.sv"].decode()
    assert "class doorbell extends uvm_reg_block" in uvm
    assert "package doorbell_uvm_pkg" in uvm
    assert b"Doorbell registers, 0.1.0" in files["html/index.html"]
    assert b"https://cdn" not in files["html/index.html"]
    assert not [name for name in files if name.endswith((".bat", ".sh")) or "/." in name]


def test_the_same_twice(files, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert made_of(SOURCE, "0.1.0") == files


def test_registers_that_do_not_compile(tmp_path, capfd):
    path = tmp_path / "registers.rdl"
    path.write_text("addrmap broken {")
    with pytest.raises(VectorsError, match=r"registers\.rdl: is no SystemRDL that compiles"):
        compiled(path)


def test_an_array_that_ip_xact_cannot_say(tmp_path):
    path = tmp_path / "registers.rdl"
    path.write_text(
        "addrmap a { regfile { reg { regwidth = 64; field {} f[64]; } R[2] @ 0 += 16; } B @ 0; };"
    )
    with pytest.raises(VectorsError, match="an array must be packed"):
        component(compiled(path), "1")
