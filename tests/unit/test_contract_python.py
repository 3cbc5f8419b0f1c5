"""The emitted Python says what the sources say: layouts, enumerations, limits, rules, page."""

from itertools import pairwise

import numpy as np
import pytest
import yaml
from contract_sources import LAYOUTS, ROOT, source

from doorbell import contract
from doorbell.contract import enums, limits, registers, rules


@pytest.mark.parametrize("name", LAYOUTS)
def test_dtype_is_the_layout(name):
    size, fields = LAYOUTS[name]
    dtype = getattr(contract, name.upper())
    assert dtype.itemsize == size
    places = {key: (entry[1], entry[0].itemsize) for key, entry in dtype.fields.items()}
    assert places == fields


def test_bytes_are_little_endian():
    packet = np.zeros(1, contract.COPY_PACKET)
    packet["opcode"] = contract.Opcode.COPY
    packet["tag"] = 0x11223344
    packet["source"] = 0x0102030405060708
    data = packet.tobytes()
    assert data[0] == 2
    assert data[4:8] == bytes([0x44, 0x33, 0x22, 0x11])
    assert data[8:16] == bytes(range(8, 0, -1))


def test_signed_fields_are_signed():
    arguments = np.zeros(1, contract.REQUANTISE_ARGUMENTS)
    arguments["lo"] = -128
    assert arguments.tobytes()[45] == 0x80


@pytest.mark.parametrize("name", LAYOUTS)
def test_reserved_is_what_no_field_names(name):
    size, fields = LAYOUTS[name]
    key, _, kind = name.rpartition("_")
    table = {"packet": contract.RESERVED, "arguments": contract.ARGUMENTS_RESERVED}
    ranges = (
        contract.LAYOUT_RESERVED[name]
        if name in contract.LAYOUT_RESERVED
        else table[kind][key.upper()]
    )
    assert all(first < end < following for (first, end), (following, _) in pairwise(ranges))
    used = {byte for at, length in fields.values() for byte in range(at, at + length)}
    reserved = {byte for first, end in ranges for byte in range(first, end)}
    assert used | reserved == set(range(size))
    assert not used & reserved


def test_every_active_opcode_and_kernel_has_a_layout():
    for table, bits, kind in (
        (contract.PACKETS, contract.OPCODE_IMPLEMENTED, contract.Opcode),
        (contract.ARGUMENTS, contract.KERNEL_IMPLEMENTED, contract.Kernel),
    ):
        assert {value for value in kind if bits >> value & 1} == set(table)


def test_enumerations_are_the_sources():
    for name, entry in source("enums").items():
        kind = getattr(enums, "".join(part.capitalize() for part in name.split("_")))
        values = {key: value["value"] for key, value in entry["values"].items()}
        assert {key: int(member) for key, member in kind.__members__.items()} == values


def test_kernels_check_exactly_the_reserved_bytes():
    for name, ranges in contract.ARGUMENTS_RESERVED.items():
        ((first, end),) = ranges
        check = source("kernels")[name]["checks"][0]
        assert check["error"] == "ARGUMENT_RESERVED"
        assert check["condition"] == f"bytes {first} to {end - 1} are zero"


def test_every_error_has_group_and_sentence():
    assert set(contract.ERROR_GROUPS) == set(contract.ERROR_DOCS) == set(contract.Error)
    assert contract.ERROR_GROUPS[contract.Error.BAD_OPCODE] == "packet"
    assert "CAP_OPCODES" in contract.ERROR_DOCS[contract.Error.BAD_OPCODE]


def test_limits_are_the_sources():
    for part, module in (("fixed", limits), ("reference", limits.reference)):
        for name, entry in source("limits")[part].items():
            assert getattr(module, name) == entry["value"]


def test_every_rule_is_data():
    ids = []
    for path in (ROOT / "contract" / "rules").glob("*.yaml"):
        for entry in yaml.load(path.read_text(), yaml.CSafeLoader)["rules"]:
            rule = rules.RULES[entry["id"]]
            assert rule.text == " ".join(entry["text"].split())
            assert rule.rationale == " ".join(entry["rationale"].split())
            assert (rule.id, rule.status) == (entry["id"], entry["status"])
            ids.append(rule.id)
    assert sorted(ids) == list(rules.RULES)


def test_reference_page_has_everything():
    page = (ROOT / "contract" / "gen" / "reference.md").read_text()
    for rule in rules.RULES:
        assert f"**{rule}**" in page, rule
    for entry in source("enums").values():
        for key, value in entry["values"].items():
            assert f"`{key}`" in page
            assert value["doc"].replace("|", "\\|") in page
    for kernel in source("kernels").values():
        for line in kernel["arithmetic"]:
            assert line in page
    for register in registers.REGISTERS:
        name = register.name.rpartition(".")[2].partition("[")[0]
        assert f"`{name}`" in page or f"`{name}[" in page
    for line in page.splitlines():
        assert "](" not in line or line.startswith(("- [", "The sources"))


@pytest.mark.parametrize("name", LAYOUTS)
def test_reference_page_draws_every_byte(name):
    page = (ROOT / "contract" / "gen" / "reference.md").read_text()
    size, fields = LAYOUTS[name]
    if name == "packet":
        fields = {**fields, "operands": (8, 40)}
    starts = {at: f"`{key}`" for key, (at, _) in fields.items()}
    used = {byte for at, length in fields.values() for byte in range(at, at + length)}
    cells = [starts.get(byte, "←" if byte in used else "`0`") for byte in range(size)]
    rows = [f"| {at} | {' | '.join(cells[at : at + 8])} |" for at in range(0, size, 8)]
    assert "\n".join(rows) in page
