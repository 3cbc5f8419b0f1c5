"""Small suites for the player's tests: the real recipes and capabilities, vectors made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from doorbell.contract import PACKET, QueueState, limits, registers
from doorbell_vectors.format.canonical import vector_hash
from doorbell_vectors.format.document import Suite, dump, parse

DEVICE = registers.DEVICE
QUEUE = registers.QUEUE[0]
STATE = QUEUE.STATUS.fields["state"]
RESETTING = DEVICE.STATUS.fields["resetting"].mask


CONTRACT_RANGES = [  # first, last, and whether a vector for that range holds on a device of 0.1.0
    ("0.1.0", None, True),
    ("0.0.9", "0.1.0", True),
    ("0.1.0", "0.10.0", True),
    ("0.1.1", None, False),
    ("0.2.0", "0.3.0", False),
    ("0.0.1", "0.0.65535", False),
]


def read(register: Any, **keys: Any) -> dict[str, Any]:
    return {"op": "read", "bar": 0, "at": register.offset, "size": 8, **keys}


def write(register: Any, value: Any, size: int = 8) -> dict[str, Any]:
    return {"op": "write", "bar": 0, "at": register.offset, "size": size, "value": value}


RECIPES = {
    "version": [
        read(DEVICE.CONTRACT_VERSION, expect={"eq": limits.CONTRACT_MAJOR, "mask": 0xFFFF})
    ],
    "reset": [
        write(DEVICE.CONTROL, 1),
        read(DEVICE.STATUS, expect={"eq": 0, "mask": RESETTING}, within=65536),
    ],
    "health": [
        read(DEVICE.IDENTITY, expect={"eq": hex(limits.IDENTITY)}),
        read(DEVICE.STATUS, expect={"eq": 2, "mask": 3}, within=65536),
    ],
    "queue_reset": [
        item
        for queue in registers.QUEUE
        for item in (
            write(queue.CONTROL, 4),
            read(
                queue.STATUS,
                expect={"eq": 0, "mask": queue.STATUS.fields["resetting"].mask},
                within=65536,
            ),
        )
    ],
}


def vector(identifier: str, steps: Sequence[Mapping[str, Any]], **keys: Any) -> dict[str, Any]:
    made = {
        "id": identifier,
        "name": f"made-{identifier.lower()}",
        "rules": ["DEV-ID-001"],
        "tags": [],
        "hunts": "Nothing in particular.",
        "pitfalls": [],
        "contract": ["0.1.0", None],
        "tier": "smoke",
        "bringup": None,
        "negative": False,
        "needs": {"device": {}, "host": []},
        "cycles": 1000,
        "bytes": 0,
        "buffers": {},
        "steps": list(steps),
    } | keys
    return made | {"hash": vector_hash(made)}


def document(*vectors: Mapping[str, Any], **keys: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "suite": "made",
        "contract": "0.1.0",
        "generator": "0.0.0",
        "function": {"vendor": limits.VENDOR_ID, "device": limits.DEVICE_ID},
        "capabilities": {"queues": {"at": DEVICE.CAP_COUNTS.offset, "lsb": 0, "width": 8}},
        "clock": DEVICE.CYCLES.offset,
        "recipes": RECIPES,
        "vectors": list(vectors),
        "retired": {},
    } | keys


def suite(*vectors: Mapping[str, Any], **keys: Any) -> Suite:
    return parse(json.dumps(document(*vectors, **keys)), "made")


def written(path: Path, *vectors: Mapping[str, Any], **keys: Any) -> Path:
    path.write_text(dump(document(*vectors, **keys)))
    return path


def packet(**fields: int) -> list[Any]:
    """One 64-byte NOP as segments; ``record`` is the buffer `records`, 16 bytes an index."""
    at = fields.pop("record", None)
    flags = fields.pop("flags", 0) | (2 if at is not None else 0)
    opcode = fields.pop("opcode", 1)
    head = bytes([opcode, flags, *fields.pop("vector", 0).to_bytes(2, "little")]) + bytes(44)
    assert PACKET.itemsize == 64
    if at is None:
        return [["x", (head + bytes(16)).hex()]]
    return [["x", head.hex()], ["v", {"buffer": "records", "add": 16 * at}, 8], ["v", at + 1, 8]]


def queue_buffers() -> dict[str, Any]:
    return {
        "ring": {"size": 1024, "align": 4096, "init": [["f", 0, 1024]]},
        "records": {"size": 256, "init": [["f", 0xEE, 256]]},
    }


def enabled() -> list[dict[str, Any]]:
    return [
        write(QUEUE.RING_BASE, {"buffer": "ring"}),
        write(QUEUE.RING_LOG2, 4),
        write(QUEUE.CONTROL, 1),
        read(QUEUE.STATUS, expect={"eq": int(QueueState.RUNNING), "mask": STATE.mask}, within=2000),
    ]


def nops(count: int = 3, **fields: int) -> list[dict[str, Any]]:
    """Submit NOPs, the last with a record, and expect that record."""
    packets = [packet(**fields) for _ in range(count - 1)] + [packet(record=count - 1, **fields)]
    return [
        *enabled(),
        {"op": "put", "buffer": "ring", "at": 0, "bytes": [seg for one in packets for seg in one]},
        {"op": "publish"},
        write(registers.DOORBELL[0].DOORBELL, count),
        {
            "op": "word",
            "buffer": "records",
            "at": 16 * (count - 1) + 8,
            "expect": {"eq": count},
            "within": 20000,
        },
        read(QUEUE.STATUS, expect={"eq": 256, "mask": 256}, within=20000),
        write(QUEUE.CONTROL, 4),
    ]
