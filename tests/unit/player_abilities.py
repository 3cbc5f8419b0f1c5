"""Vectors that need what only a laboratory's host can do, and what each comes to on the model and on the RTL."""

from __future__ import annotations

from player_suite import (
    DEVICE,
    QUEUE,
    STATE,
    enabled,
    nops,
    packet,
    queue_buffers,
    read,
    vector,
    write,
)

from doorbell.contract import Flag, QueueState, registers

HALTED = read(QUEUE.STATUS, expect={"eq": int(QueueState.HALTED), "mask": STATE.mask}, within=60000)
RESET = write(QUEUE.CONTROL, 4)
RING = [
    {"op": "put", "buffer": "ring", "at": 0, "bytes": packet(record=0)},
    {"op": "publish"},
    write(registers.DOORBELL[0].DOORBELL, 1),
]
SCRATCH = {"bar": 0, "at": DEVICE.SCRATCH.offset}


def spoiled(identifier: str, kind: str):
    spoil = {"op": "spoil", "buffer": "ring", "at": 0, "length": 64, "kind": kind, "count": 1}
    quiet = {"op": "memory", "buffer": "records", "at": 0, "bytes": [["f", 0xEE, 256]]}
    steps = [*enabled(), spoil, *RING, HALTED, quiet, RESET]
    return vector(identifier, steps, buffers=queue_buffers(), negative=True)


def tlp(kind: str, fields: dict, **keys):
    return {"op": "tlp", "kind": kind, "fields": fields, **keys}


VECTORS = [
    spoiled("V0101", "unsupported"),
    spoiled("V0102", "abort"),
    spoiled("V0103", "poison"),
    spoiled("V0104", "drop"),
    spoiled("V0105", "late"),
    spoiled("V0106", "short"),
    spoiled("V0107", "long"),
    spoiled("V0108", "wrong_address"),
    vector(
        "V0110",
        [
            {"op": "odd_write", "bar": 2, "at": 0x10003, "length": 13, "bytes": [["r", 7, 0, 13]]},
            {"op": "odd_read", "bar": 2, "at": 0x10005, "length": 7, "expect": [["r", 7, 2, 7]]},
            {"op": "read_block", "bar": 2, "at": 0x10003, "bytes": [["r", 7, 0, 13]]},
            {"op": "write_block", "bar": 2, "at": 0x10001, "bytes": [["f", 9, 700]]},
            {"op": "read_block", "bar": 2, "at": 0x10000, "bytes": [["u", 1], ["f", 9, 700]]},
        ],
    ),
    vector(
        "V0111",
        [
            write(DEVICE.SCRATCH, "0x1122334455667788"),
            tlp(
                "memory_read",
                {**SCRATCH, "length": 8},
                expect={"status": "SC", "bytes": [["v", "0x1122334455667788", 8]]},
            ),
            tlp("memory_write", SCRATCH, bytes=[["f", 1, 8]]),
            tlp("memory_read", {**SCRATCH, "length": 4, "type": 0x02}, expect={"status": "UR"}),
            tlp("memory_write", {**SCRATCH, "poisoned": 1}, bytes=[["f", 2, 8]]),
            read(DEVICE.SCRATCH, expect={"eq": "0x101010101010101"}),
            tlp(
                "config_read", {"address": 0}, expect={"status": "SC", "bytes": [["x", "b71d0bd0"]]}
            ),
            tlp("memory_write", SCRATCH, bytes=[["f", 3, 8]], expect={"none": True}, within=2000),
        ],
    ),
    vector(
        "V0112",
        [
            *enabled(),
            {"op": "unmap", "buffer": "ring"},
            *RING,
            HALTED,
            {"op": "faults", "expect": {"eq": 1}},
            RESET,
            {"op": "map", "buffer": "ring"},
        ],
        buffers=queue_buffers(),
    ),
    vector(
        "V0113",
        [
            {"op": "interrupt_setup", "vector": 3},
            {"op": "interrupts", "vector": 3, "expect": {"eq": 0}},
            *nops(3, vector=3, flags=int(Flag.INTERRUPT))[:-1],
            {"op": "interrupt_wait", "vector": 3, "count": 3, "within": 20000},
            {"op": "interrupts", "vector": 3, "expect": {"eq": 3}},
            {"op": "interrupt_mask", "vector": 3, "masked": True},
            RESET,
        ],
        buffers=queue_buffers(),
    ),
    vector(
        "V0114",
        [
            {"op": "config_read", "at": 0, "size": 4, "expect": {"eq": "0xd00b1db7"}},
            {
                "op": "config_write",
                "at": 8,
                "size": 2,
                "capability": "pcie",
                "value": 0,
                "mask": 0x70E0,
            },
            {
                "op": "config_read",
                "at": 8,
                "size": 2,
                "capability": "pcie",
                "expect": {"eq": 0, "mask": 0x70E0},
            },
            {"op": "config_write", "at": 4, "size": 2, "value": 0, "mask": 4},
        ],
    ),
    vector("V0115", nops(), buffers=queue_buffers()),  # bus master is on again
    vector(
        "V0116",
        [
            *nops()[:-1],
            {
                "op": "link",
                "check": "count",
                "filter": {"kind": "memory_write", "buffer": "records"},
                "expect": {"eq": 1},
            },
            {"op": "link", "check": "none", "filter": {"kind": "memory_write", "buffer": "ring"}},
            {
                "op": "link",
                "check": "sequence",
                "filters": [
                    {"kind": "memory_read", "buffer": "ring"},
                    {"kind": "completion", "direction": "down"},
                    {"kind": "memory_write", "direction": "up"},
                ],
            },
            {
                "op": "link",
                "check": "each",
                "filter": {"direction": "up", "kind": "memory_write"},
                "field": "bytes",
                "expect": {"eq": 16},
            },
            {
                "op": "link",
                "check": "each",
                "filter": {"bar": 0},
                "field": "wide",
                "expect": {"eq": 1},
            },
            RESET,
        ],
        buffers=queue_buffers(),
    ),
    vector(
        "V0117",
        [{"op": "link", "check": "count", "filter": {"direction": "up"}, "expect": {"min": 99}}],
    ),
    vector(
        "V0118",
        [tlp("memory_read", {"address": "0x1", "length": 4}, expect={"status": "SC"}, within=500)],
    ),
]
MODEL = {"V0116": "NOT_OBSERVED", "V0117": "NOT_OBSERVED", "V0118": "FAIL"}
RTL = {"V0117": "FAIL", "V0118": "FAIL"}
"""What is not PASS."""
