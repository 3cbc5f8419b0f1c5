"""Loads the whole contract and checks what spans several files."""

from pathlib import Path

from emit.enums import load_enums
from emit.errors import ContractError
from emit.kernels import load_kernels
from emit.layouts import load_arguments, load_layouts, load_packets
from emit.limits import load_limits
from emit.model import Contract
from emit.rdl import enums_rdl
from emit.registers import load_registers
from emit.rules import load_rules
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
    blocks, memories = load_registers(
        root / "contract" / "registers.rdl", enums_rdl(enums.values()), enums, sizes["BAR0_BYTES"]
    )
    files = sorted((root / "contract" / "rules").glob("*.yaml"))
    contract = Contract(
        root=root,
        enums=enums,
        layouts=layouts,
        packets=load_packets(packets, enums, layouts["packet"]),
        arguments=load_arguments(packets, enums),
        fixed=fixed,
        reference=load_limits(limits, "reference"),
        blocks=blocks,
        memories=memories,
        kernels=load_kernels(_read(root, "kernels"), enums),
        rules=load_rules(_read_rules(root, path) for path in files),
    )
    _check_sizes(contract, limits)
    return contract


def _read(root: Path, kind: str) -> Source:
    folder = root / "contract"
    schema = folder / "schema" / f"{kind}.json"
    return read(folder / f"{kind}.yaml", f"contract/{kind}.yaml", schema)


def _read_rules(root: Path, path: Path) -> Source:
    schema = root / "contract" / "schema" / "rules.json"
    return read(path, f"contract/rules/{path.name}", schema)


def _check_sizes(contract: Contract, limits: Source) -> None:
    """Facts that a limit repeats from a layout or a register must agree with it."""
    facts: dict[str, tuple[int | None, str]] = {
        "PACKET_BYTES": (contract.layouts["packet"].size, "packets.yaml: packet"),
        "RECORD_BYTES": (contract.layouts["record"].size, "packets.yaml: record"),
        "ERROR_RECORD_BYTES": (contract.layouts["error_record"].size, "packets.yaml: error_record"),
        "WRITE_MAX_BYTES": (
            next(m.size for m in contract.packets["WRITE"].members if m.name == "data"),
            "packets.yaml: operands: WRITE: data",
        ),
    }
    for block in contract.blocks:
        for register in block.registers:
            facts |= _register_facts(f"{block.name}.{register.name}", register.reset)
        facts |= _counts(block.name, block.count)
    for memory in contract.memories:
        facts |= _counts(memory.name, memory.words)
    entry = contract.layouts["msix_entry"].size
    words = {memory.name: memory.words for memory in contract.memories}
    for part, entries in (("fixed", contract.fixed), ("reference", contract.reference)):
        for limit in entries:
            actual, where = facts.get(limit.name, (limit.value, ""))
            if limit.value != actual:
                raise limits.error((part, limit.name), f"is {limit.value}, {where} says {actual}")
            if limit.name == "ARGUMENT_BYTES":
                for name, layout in contract.arguments.items():
                    if layout.size != limit.value:
                        raise limits.error(
                            (part, limit.name),
                            f"is {limit.value}, arguments of {name} take {layout.size}",
                        )
            if limit.name == "VECTORS" and limit.value * entry != words["MSIX_TABLE"] * 8:
                raise limits.error(
                    (part, limit.name), f"{limit.value} entries do not fill MSIX_TABLE"
                )


_RESETS = {
    "DEVICE.IDENTITY": "IDENTITY",
    "DEVICE.COMPLETION_TIMEOUT": "COMPLETION_TIMEOUT_CYCLES",
    "DEVICE.QUARANTINE": "QUARANTINE_CYCLES",
    "QUEUE.RING_LOG2": "RING_LOG2_MIN",
}
_COUNTS = {
    "VECTOR": "VECTORS",
    "UNIT": "UNITS",
    "QUEUE": "QUEUES",
    "DOORBELL": "QUEUES",
    "SEMAPHORE_SET": "SEMAPHORES",
    "SEMAPHORE_ADD": "SEMAPHORES",
    "SEMAPHORE_POISON": "SEMAPHORES",
}


def _register_facts(name: str, reset: int | None) -> dict[str, tuple[int | None, str]]:
    limit = _RESETS.get(name)
    return {limit: (reset, f"the reset value of {name} in registers.rdl")} if limit else {}


def _counts(name: str, count: int) -> dict[str, tuple[int | None, str]]:
    limit = _COUNTS.get(name)
    return {limit: (count, f"{name} in registers.rdl")} if limit else {}


__all__ = ["ContractError", "load"]
