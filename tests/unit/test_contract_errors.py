"""Every contradiction in the contract's sources is refused, with file and key named."""

import re
import shutil
from pathlib import Path

import pytest

from emit.command import main
from emit.errors import ContractError
from emit.load import load

ROOT = Path(__file__).resolve().parents[2]
RULES = """\
area: CP
rules:
  - id: CP-RING-001
    text: "The device shall behave."
    rationale: "It must."
    status: active
    since: "0.1.0"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources that a test may spoil, with one small file of rules."""
    target = tmp_path / "contract"
    shutil.copytree(ROOT / "contract" / "schema", target / "schema")
    for path in (ROOT / "contract").iterdir():
        if path.suffix in (".yaml", ".rdl"):
            shutil.copy(path, target)
    (target / "rules").mkdir()
    (target / "rules" / "cp.yaml").write_text(RULES)
    return tmp_path


def plant(tree: Path, name: str, old: str, new: str) -> None:
    path = tree / "contract" / name
    text = path.read_text()
    assert old in text, f"{name} does not hold {old!r} any more: mend this test"
    path.write_text(text.replace(old, new, 1))


def test_the_copy_is_right(tree):
    assert len(load(tree).rules) == 1


CASES = [
    # enums.yaml
    ("enums.yaml", "NOP:       {value: 1,", "NOP:       {value: 2,", "COPY: value 0x2 is taken by NOP"),
    ("enums.yaml", "NOP:       {value: 1,", "NOP:       {value: 256,", "NOP: value 0x100 does not fit"),
    ("enums.yaml", "NOP:       {value: 1,", "NOP:       {value: -1,", "NOP: value: -1 is less than"),
    ("enums.yaml", "NOP:       {value: 1,", "NOP:       {valu: 1,", "'valu' was unexpected"),
    ("enums.yaml", "    NOP:   ", "    COPY:  ", "COPY: key is repeated; it stands on line"),
    ("enums.yaml", "INTERRUPT: {value: 4,", "INTERRUPT: {value: 6,", "exactly one bit"),
    ("enums.yaml", "BAD_FLAGS:          {value: 0x31", "BAD_FLAGS:          {value: 0x2F", "codes ascend"),
    ("enums.yaml", "value: 0x31, group: packet,", "value: 0x31,", "BAD_FLAGS: `group` is needed"),
    # packets.yaml
    ("packets.yaml", "tag:            {at: 4,", "tag:            {at: 0,", "inside opcode|inside tag"),
    ("packets.yaml", "tag:            {at: 4,", "tag:            {at: 5,", "tag: offset 5 is not a multiple"),
    ("packets.yaml", "type: u8,  enum: flag", "type: u8,  enum: flags", "enum 'flags' is not in enums"),
    ("packets.yaml", "type: u16, enum: error", "type: u32, enum: error", "error has 16 bits, type has 32"),
    ("packets.yaml", '"u8[40]"', '"u8[0]"', "must look like"),
    ("packets.yaml", "length:            {at: 24,", "length:            {at: 48,", "leave the operands"),
    ("packets.yaml", "    pattern:  ", "    tag:      ", "taken by the packet's frame"),
    ("packets.yaml", "  FILL:", "  FULL:", "FULL: is no opcode"),
    ("packets.yaml", "  NOP:  {}\n", "", "opcode NOP is active and has no operands"),
    ("packets.yaml", "  GEMM_S8:", "  GEMM_S9:", "GEMM_S9: is no kernel"),
    ("packets.yaml", "  size: 16", "  size: 12", "after the layout's size"),
    ("packets.yaml", "  size: 64", "  size: 64\n  colour: red", "'colour' was unexpected"),
    # limits.yaml
    ("limits.yaml", "PACKET_BYTES:          {value: 64", "PACKET_BYTES: {value: 32", "is 32, packets.yaml: packet"),
    ("limits.yaml", "QUEUES:                {value: 8", "QUEUES: {value: 9", "QUEUES: is 9, (QUEUE|DOORBELL) in"),
    ("limits.yaml", "ARGUMENT_BYTES:        {value: 64", "ARGUMENT_BYTES: {value: 32", "arguments: GEMM_S8 says 64"),
    ("limits.yaml", "VECTORS:               {value: 32", "VECTORS: {value: 64", "is 64, (VECTOR|MSIX_TABLE) in"),
    ("limits.yaml", "  TAGS:  ", "  MPS_BYTES_MAX:", "MPS_BYTES_MAX: key is repeated"),
    ("limits.yaml", "  UNITS: ", "  PACKET_BYTES: ", "under both fixed and reference"),
    ("limits.yaml", "0x4C4C4542524F4F44", "0x1_4C4C4542524F4F44", "does not fit in 64 bits"),
    ("limits.yaml", "0x100000,", "0x80000,", "DOORBELL|SEMAPHORE"),
    # registers.rdl
    ("registers.rdl", "SCRATCH @ 0x078", "SCRATCH @ 0x070", "registers.rdl:[0-9]+: error"),
    ("registers.rdl", "fatal_cause_e", "fatal_cuase_e", "fatal: Type .fatal_cuase_e. is not defined"),
    ("registers.rdl", "encode = queue_state_e; } state[1:0]", "encode = queue_state_e; } state[2:0]", "queue_state"),
    ("registers.rdl", "cycles[31:0] = 12500", "cycles[31:0] = 12501", "COMPLETION_TIMEOUT_CYCLES: is 12500"),
    ("registers.rdl", "@ 0x10000 += 0x1000", "@ 0x10000 += 0x40", "registers.rdl:[0-9]+: "),
    ("registers.rdl", 'desc = "Read tags."; ', "", "CAP_TAGS: needs a desc"),
    ("registers.rdl", "capability; field {} tags", "capability; field { sw = rw; } tags", "must be read-only"),
    ("registers.rdl", "ERROR[8] @ 0x80", "ERROR[9] @ 0x80", "BYTES: is 64, QUEUE.ERROR in .* says 72"),
    ("registers.rdl", "mementries = 64; memwidth", "mementries = 62; memwidth", "is 32, MSIX_TABLE in .* says 31"),
    # kernels.yaml
    ("kernels.yaml", "GEMM_S8:", "GEMM_U8:", "GEMM_U8: is no kernel"),
    ("kernels.yaml", "status: active", "status: planned", "is planned here and active in enums"),
    ("kernels.yaml", "error: ARGUMENT_RESERVED", "error: ARGUMENT_RESERVE", "is no error code"),
    ("kernels.yaml", "error: ARGUMENT_RESERVED", "error: ARGUMENT_RANGE", "out of order"),
    ("kernels.yaml", "tile: {rows: 16,", "tile: {rows: 0,", "less than the minimum"),
    ("kernels.yaml", "tile: {rows: 16,", "tile: {rows: 8,", "ROWS: is 16, kernels.yaml: GEMM_S8: tile says 8"),
    # rules/*.yaml
    ("rules/cp.yaml", "id: CP-RING-001", "id: DMA-RING-001", "does not start with the file's area"),
    ("rules/cp.yaml", "id: CP-RING-001", "id: CP-RING-1", "does not match"),
    ("rules/cp.yaml", "shall behave.", "behaves.", "what `shall` be so"),
    ("rules/cp.yaml", "shall behave.", "shall behave. It shall shine.", "one sentence"),
    ("rules/cp.yaml", "shall behave.", "shall behave", "full stop"),
    ("rules/cp.yaml", "status: active", "status: maybe", "'maybe' is not one of"),
    ("rules/cp.yaml", "area: CP", "area: XX", "'XX' is not one of"),
    ("rules/cp.yaml", "area: CP", "area: [CP", "is not YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "message"), CASES)
def test_contradiction_is_refused(tree, name, old, new, message):
    plant(tree, name, old, new)
    with pytest.raises(ContractError) as caught:
        load(tree)
    text = str(caught.value)
    assert re.search(message, text), text
    assert re.match(r"contract/[a-z/]+\.(yaml|rdl)(:[0-9]+)?: ", text), text


def test_line_is_the_offending_one(tree):
    plant(
        tree, "limits.yaml", "  PACKET_BYTES:          {value: 64}", "  PACKET_BYTES: {value: 32}"
    )
    lines = (tree / "contract" / "limits.yaml").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if "PACKET_BYTES: " in text)
    with pytest.raises(ContractError, match=rf"^contract/limits\.yaml:{line}: fixed: PACKET_BYTES"):
        load(tree)


def test_repeated_rule_is_refused(tree):
    again = RULES.partition("rules:\n")[2]
    (tree / "contract" / "rules" / "cp.yaml").write_text(RULES + again)
    with pytest.raises(ContractError, match="CP-RING-001: id is taken"):
        load(tree)


def test_area_has_one_file(tree):
    (tree / "contract" / "rules" / "more.yaml").write_text(RULES.replace("-001", "-002"))
    with pytest.raises(ContractError, match=r"more\.yaml:1: area: area CP is owned by"):
        load(tree)


def test_missing_file_is_named(tree):
    (tree / "contract" / "kernels.yaml").unlink()
    with pytest.raises(ContractError, match=r"contract/kernels\.yaml: cannot be read"):
        load(tree)


def test_check_finds_drift_and_writes_nothing(tree, capsys):
    assert main(["--root", str(tree), "--check"]) == 1
    assert not (tree / "rtl").exists()
    assert main(["--root", str(tree)]) == 0
    assert main(["--root", str(tree), "--check"]) == 0
    package = tree / "rtl" / "gen" / "doorbell_pkg.sv"
    before = package.stat().st_mtime_ns
    assert main(["--root", str(tree)]) == 0
    assert package.stat().st_mtime_ns == before, "what did not change is not written"
    package.write_text(package.read_text() + "// by hand\n")
    capsys.readouterr()
    assert main(["--root", str(tree), "--check"]) == 1
    assert "rtl/gen/doorbell_pkg.sv" in capsys.readouterr().out


def test_wrong_contract_leaves_the_outputs(tree, capsys):
    assert main(["--root", str(tree)]) == 0
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    plant(tree, "kernels.yaml", "GEMM_S8:", "GEMM_U8:")
    assert main(["--root", str(tree)]) == 1
    assert "GEMM_U8: is no kernel" in capsys.readouterr().err
    changed = [path.name for path, data in before.items() if path.read_bytes() != data]
    assert changed == ["kernels.yaml"]
    assert set(before) == {path for path in tree.rglob("*") if path.is_file()}


def test_same_text_wherever_the_tree_stands(tree, tmp_path_factory):
    """Nothing of the machine, the clock or the folder's name enters what is emitted."""
    other = tmp_path_factory.mktemp("elsewhere") / "deeper"
    shutil.copytree(tree, other)
    assert main(["--root", str(tree)]) == 0
    assert main(["--root", str(other)]) == 0
    written = [path for path in tree.rglob("*") if path.is_file()]
    assert len(written) > 20
    for path in written:
        assert path.read_bytes() == (other / path.relative_to(tree)).read_bytes()
