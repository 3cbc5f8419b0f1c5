"""Loads the whole contract."""

from pathlib import Path

from emit.enums import load_enums
from emit.kernels import load_kernels
from emit.layouts import load_arguments, load_layouts, load_packets
from emit.limits import load_limits
from emit.model import Contract
from emit.rdl import enums_rdl
from emit.registers import load_registers
from emit.rules import load_rules
from emit.sizes import check_sizes
from emit.source import Source, read


def load(root: Path) -> Contract:
    """Read and validate `root`/contract. Raises ContractError naming file, line and key."""
    enums = load_enums(_read(root, "enums"))
    packets = _read(root, "packets")
    layouts = load_layouts(packets, enums)
    limits = _read(root, "limits")
    fixed = load_limits(limits, "fixed")
    sizes = {limit.name: limit.value for limit in fixed}
    if "BAR0_BYTES" not in sizes:
        raise limits.error(("fixed",), "needs BAR0_BYTES")
    operands = load_packets(packets, enums, layouts["packet"])
    arguments = load_arguments(packets, enums)
    kernels = load_kernels(_read(root, "kernels"), enums)
    files = sorted((root / "contract" / "rules").glob("*.yaml"))
    rules = load_rules(_read_rules(root, path) for path in files)
    blocks, memories = load_registers(
        root / "contract" / "registers.rdl", enums_rdl(enums.values()), enums, sizes["BAR0_BYTES"]
    )
    contract = Contract(
        enums=enums,
        layouts=layouts,
        packets=operands,
        arguments=arguments,
        fixed=fixed,
        reference=load_limits(limits, "reference"),
        blocks=blocks,
        memories=memories,
        kernels=kernels,
        rules=rules,
    )
    check_sizes(contract, limits)
    return contract


def _read(root: Path, kind: str) -> Source:
    folder = root / "contract"
    schema = folder / "schema" / f"{kind}.json"
    return read(folder / f"{kind}.yaml", f"contract/{kind}.yaml", schema)


def _read_rules(root: Path, path: Path) -> Source:
    schema = root / "contract" / "schema" / "rules.json"
    return read(path, f"contract/rules/{path.name}", schema)
