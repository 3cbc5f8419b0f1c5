"""Checks that a size which stands in two files is the same in both."""

from collections.abc import Iterator

from emit.model import Contract
from emit.source import Source

# Reset values of registers and counts of blocks and tables that limits.yaml repeats.
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


def check_sizes(contract: Contract, limits: Source) -> None:
    """Hold limits.yaml against the layouts and registers. Raises ContractError."""
    parts = {"fixed": contract.fixed, "reference": contract.reference}
    values = {limit.name: (part, limit.value) for part in parts for limit in parts[part]}
    for name, actual, where in (*_layout_facts(contract), *_register_facts(contract)):
        if name not in values:
            raise limits.error(("fixed",), f"needs {name}, which {where} says is {actual}")
        part, value = values[name]
        if value != actual:
            raise limits.error((part, name), f"is {value}, {where} says {actual}")


def _layout_facts(contract: Contract) -> Iterator[tuple[str, int, str]]:
    """Limit, value, and the place that says so."""
    for name in ("packet", "record", "error_record"):
        yield f"{name.upper()}_BYTES", contract.layouts[name].size, f"packets.yaml: {name}"
    for name, layout in contract.arguments.items():
        yield "ARGUMENT_BYTES", layout.size, f"packets.yaml: arguments: {name}"
    for member in contract.packets["WRITE"].members:
        if member.name == "data":
            yield "WRITE_MAX_BYTES", member.size, "packets.yaml: operands: WRITE: data"
    for name, kernel in contract.kernels.items():
        if kernel.tile:
            rows, columns = kernel.tile
            yield "GEMM_TILE_ROWS", rows, f"kernels.yaml: {name}: tile"
            yield "GEMM_TILE_COLUMNS", columns, f"kernels.yaml: {name}: tile"


def _register_facts(contract: Contract) -> Iterator[tuple[str, int | None, str]]:
    source = "in registers.rdl"
    for block in contract.blocks:
        if block.name in _COUNTS:
            yield _COUNTS[block.name], block.count, f"{block.name} {source}"
        for register in block.registers:
            name = f"{block.name}.{register.name}"
            if name in _RESETS:
                yield _RESETS[name], register.reset, f"the reset value of {name} {source}"
            if name == "QUEUE.ERROR":
                yield "ERROR_RECORD_BYTES", register.count * 8, f"{name} {source}"
    for memory in contract.memories:
        if memory.name in _COUNTS:
            yield _COUNTS[memory.name], memory.words, f"{memory.name} {source}"
        if memory.name == "MSIX_TABLE":
            entry = contract.layouts["msix_entry"].size
            yield "VECTORS", memory.words * 8 // entry, f"{memory.name} {source}"
