"""The authoring language: what each construct becomes, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors_made import FIRST_STEP, HEAD, compiled, ops

from doorbell import encode
from doorbell.contract import Error, Opcode, Space, registers
from doorbell.reference import gemm
from doorbell_vectors.authoring.contents import cut, joined, overlay
from doorbell_vectors.errors import SourceError
from doorbell_vectors.format.octets import octets, stream
from doorbell_vectors.format.values import Values, number

BUFFERS = {
    "src": 0x10000,
    "dst": 0x20FFD,
    "q_ring": 0x30000,
    "q_records": 0x40000,
    "q_state": 0x50000,
}
PLAYER = Values(dict(BUFFERS), {"queues": 8, "vectors": 32}, {})
MEM = 0x10000
"""Where the compiler puts the first device range."""


def data(segments) -> bytes:
    return octets(segments, PLAYER).exact()


def stored(tmp_path: Path, packets: str) -> np.ndarray:
    """Return the packets that a submission stores, in their order."""
    made = ops(tmp_path, f"submit: {{queue: q, packets: [{packets}]}}")
    joined_bytes = b"".join(data(op["bytes"]) for op in made if op["op"] == "put")
    return np.frombuffer(joined_bytes, np.uint8).reshape(-1, 64)


OPERANDS = [
    (
        "COPY: {source: src + 4, destination: mem + 5, length: 9}",
        encode.copies(0x10004, MEM + 5, 9, source_space=Space.HOST, destination_space=Space.DEVICE),
    ),
    ("COPY: {source: 8, destination: dst, length: 1, source_space: DEVICE}",
     encode.copies(8, 0x20FFD, 1, source_space=Space.DEVICE, destination_space=Space.HOST)),
    ("FILL: {pattern: 0x1122, destination: mem, length: 7}", encode.fill(MEM, 0x1122, 7)),
    ('WRITE: {destination: mem, data: "0102ff"}', encode.write(MEM, b"\1\2\xff")),
    ("WRITE: {destination: mem, data: u64 src + 1}", encode.write(MEM, (0x10001).to_bytes(8, "little"))),
    ("WAIT: {semaphore: 3, value: 7, deadline: 9}", encode.wait(3, 7, deadline=9)),
    ("SIGNAL: {mode: SEMAPHORE_SET, semaphore: 4, value: -1}", encode.signal(4, 2**64 - 1)),
    ("NOP: ", encode.nop()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"), OPERANDS, ids=[row[0].partition(":")[0] for row in OPERANDS]
)
def test_packets_are_those_of_the_runtime(tmp_path: Path, text: str, expected: np.ndarray) -> None:
    (packet,) = stored(tmp_path, f"{{{text}, tag: 0}}")
    assert packet.tobytes() == expected.tobytes()


def test_frame_of_a_packet(tmp_path: Path) -> None:
    first, second, wrong = stored(
        tmp_path,
        "{NOP: , record: 5, interrupt: 2, flags: [BARRIER], tag: 0xAB}, {NOP: , record: 6}, "
        "{NOP: , raw_flags: 0x80, opcode: 0, vector: cap.vectors, bytes: {60: 1}, tag: 0}",
    )
    frames = np.stack([first, second]).view(encode.PACKET)[:, 0]
    assert [*frames["flags"]] == [7, 2]
    assert (frames["vector"][0], frames["tag"][0]) == (2, 0xAB)
    assert [*frames["record_address"]] == [0x40000, 0x40010]
    assert [*frames["record_value"]] == [5, 6]
    assert wrong.tobytes() == bytes([0, 0x80, 32, 0]) + bytes(56) + b"\1" + bytes(3)


def test_ring_wraps_and_put_counts_on(tmp_path: Path) -> None:
    """The queue starts at 2^64 - 1, the last slot of 16."""
    made = ops(
        tmp_path,
        "submit: {queue: q, packets: [{NOP: , repeat: 3}]}",
        'read: {"QUEUE[q].PUT": q.put}',
    )
    assert [(op["op"], op.get("at")) for op in made[:2]] == [("put", 15 * 64), ("put", 0)]
    assert made[2]["op"] == "publish"
    assert made[3] == {"op": "write", "bar": 0, "at": 0x80000, "size": 8, "value": 2}
    assert made[4]["expect"] == {"eq": 2}


def test_register_places(tmp_path: Path) -> None:
    made = ops(
        tmp_path,
        "write: {DEVICE.SCRATCH.hi: 1, \"SEMAPHORE_SET[3]\": -1, \"BAR2[mem + 4]\": 7}",
        'read: {"QUEUE[cap.queues - 1].GET": any, save: got}',
        'poll: {"QUEUE[q].STATUS": {state: HALTED, idle: 1}, within: cap.bound_reset + 5}',
        "read: {DEVICE.CAP_RING: {window: {min: 8}}}",
        'write: {"VECTOR[1].MODERATION": {count: 4, timer: 0x10}}',
    )  # fmt: skip
    get = registers.QUEUE[0].GET.offset
    assert made == [
        {"op": "write", "bar": 0, "at": 0x7C, "size": 4, "value": 1},
        {"op": "write", "bar": 0, "at": 0xC0018, "size": 8, "value": "0xffffffffffffffff"},
        {"op": "write", "bar": 2, "at": MEM + 4, "size": 8, "value": 7},
        {"op": "read", "bar": 0, "at": {"cap": "queues", "shift": 12, "add": get - 0x1000}, "size": 8, "save": "got"},
        {"op": "read", "bar": 0, "at": 0x10008, "size": 8, "expect": {"eq": 0x103, "mask": 0x103},
         "within": {"cap": "bound_reset", "add": 5}},
        {"op": "read", "bar": 0, "at": 0x28, "size": 8, "expect": {"min": 0x80000, "mask": 0xFF0000}},
        {"op": "write", "bar": 0, "at": 0x808, "size": 8, "value": 0x100004},
    ]  # fmt: skip


def test_memory_expects_the_whole_buffer(tmp_path: Path) -> None:
    step = 'memory: {dst: {4: "src[0:8]", 20: [hex 01, unspecified 2, u32 dst]}}'
    (vector,) = compiled(tmp_path, step)
    was = {name: data(buffer["init"]) for name, buffer in vector["buffers"].items()}
    (op,) = [op for op in vector["steps"] if op["op"] == "memory"]
    expected = octets(op["bytes"], PLAYER)
    wanted = bytearray(was["dst"])
    wanted[4:12] = was["src"][:8]
    wanted[20:27] = b"\1\xaa\xbb" + (0x20FFD).to_bytes(4, "little")
    assert expected.difference(bytes(wanted)) is None
    wanted[3] ^= 1
    assert expected.difference(bytes(wanted)) is not None


def test_put_is_remembered(tmp_path: Path) -> None:
    made = ops(
        tmp_path,
        "put: {to: src + 2, bytes: hex 0a0b}",
        "put: {to: mem + 1, bytes: hex cc}",
        'memory: {"src[0:4]": unchanged, "mem[1:2]": unchanged}',
    )
    assert made[0] == {"op": "put", "buffer": "src", "at": 2, "bytes": [["x", "0a0b"]]}
    assert made[1] == {"op": "write_block", "bar": 2, "at": MEM + 1, "bytes": [["x", "cc"]]}
    assert data(made[2]["bytes"])[2:] == b"\x0a\x0b"
    assert made[3] == {"op": "read_block", "bar": 2, "at": MEM + 1, "bytes": [["x", "cc"]]}


def test_kernel_result_is_the_references(tmp_path: Path) -> None:
    (vector,) = compiled(tmp_path, "memory: {g_c: g.result}")
    blocks = [data(op["bytes"]) for op in vector["steps"] if op["op"] == "write_block"]
    a, b, c = (np.frombuffer(block, np.int8) for block in blocks[1:4])
    product = gemm(a[:6].reshape(3, 2), b[:10].reshape(2, 5)).astype("<i4")
    wanted = bytearray(c.tobytes())
    for row in range(3):
        wanted[24 * row : 24 * row + 20] = product[row].tobytes()
    (found,) = [data(op["bytes"]) for op in vector["steps"] if op["op"] == "read_block"]
    assert found == bytes(wanted)


def test_halted_looks_at_everything(tmp_path: Path) -> None:
    made = ops(
        tmp_path,
        "submit: {queue: q, packets: [{NOP: , record: 1}, {NOP: , opcode: 99, tag: 0x77, record: 2}]}",
        "halted: {queue: q, code: BAD_OPCODE, index: 1}",
    )
    reads = [op for op in made if op["op"] == "read"]
    assert reads[0]["expect"] == {"eq": 0x103, "mask": 0x103}
    assert [op["at"] for op in reads[1:]] == [
        register.offset for register in registers.QUEUE[0].ERROR
    ]
    assert number(reads[1]["expect"]["eq"]) == Error.BAD_OPCODE | 99 << 16 | 0x77 << 32
    assert reads[2]["expect"] == {"eq": 0}  # the count after 2^64 - 1
    assert reads[5]["save"] == "q_error_1"
    (record,) = [op for op in made if op.get("buffer") == "q_state"]
    assert record["bytes"][4] == ["v", {"saved": "q_error_1"}, 8]
    assert [(op["op"], op["at"]) for op in made if op.get("buffer") == "q_records"] == [
        ("word", 8),
        ("memory", 16),
    ]


def test_loops_and_cases(tmp_path: Path) -> None:
    made = ops(
        tmp_path,
        'foreach: {n: 1..3, m: [7, 8, 9], do: [{write: {"SEMAPHORE_SET[{n}]": "{m * 2}"}}]}',
    )
    assert [(op["at"], op["value"]) for op in made] == [(0xC0008, 14), (0xC0010, 16), (0xC0018, 18)]
    text = HEAD.replace(
        "id: V0001\n  name: made",
        "template: t\n  cases: [{id: V0001, name: a, x: 1}, {id: V0002, name: b, x: 5}]",
    )
    found = compiled(tmp_path, text=text + '  - write: {DEVICE.SCRATCH: "{x + 1}"}\n')
    assert [(vector["id"], vector["name"]) for vector in found] == [
        ("V0001", "t-a"),
        ("V0002", "t-b"),
    ]
    assert [vector["steps"][-2]["value"] for vector in found] == [2, 6]


def test_needs_are_found(tmp_path: Path) -> None:
    (vector,) = compiled(
        tmp_path,
        "submit: {queue: q, packets: [{LAUNCH: {run: g, unit_mask: 2}, interrupt: 4}]}",
        'odd_read: {at: "BAR2[0]", length: 3}',
        "interrupts: {4: 2}",
        "config_write: {at: 4, value: 0, mask: 4}",
    )
    device = vector["needs"]["device"]
    assert device.pop("device_memory") > MEM
    assert device == {
        "queues": 1,
        "opcodes": 1 << Opcode.LAUNCH,
        "kernels": 2,
        "units": 2,
        "vectors": 5,
        "ring_log2_max": 4,
    }
    assert vector["needs"]["host"] == ["bus_master", "interrupt_count", "odd_access"]


def test_what_a_step_touches_is_needed(tmp_path: Path) -> None:
    (vector,) = compiled(
        tmp_path,
        'write: {"QUEUE[1].START": 1}',
        'read: {"DOORBELL[3].DOORBELL": 0}',
        'read: {"UNIT[1].GROUPS": 0}',
        'read: {"VECTOR[6].MODERATION": 0}',
        'read: {"BAR2[0x20000]": 0}',
    )
    device = vector["needs"]["device"]
    assert (device["queues"], device["units"], device["vectors"]) == (4, 2, 7)
    assert device["device_memory"] == 0x20008


@pytest.mark.parametrize(
    ("step", "needs"),
    [
        ('tlp: {kind: memory_read, to: "QUEUE[5].GET", expect: SC}', {"queues": 6}),
        ('tlp: {kind: memory_write, to: "VECTOR[6].MODERATION", bytes: u64 1}', {"vectors": 7}),
        ('odd_write: {at: "UNIT[1].GROUPS", bytes: hex 00}', {"units": 2}),
        ('odd_read: {at: "BAR0[0x1010]", length: 9}', {"vectors": 2}),
        ('odd_read: {at: "BAR2[0x20000]", length: 3}', {"device_memory": 0x20003}),
        ("submit: {queue: q, packets: [{WAIT: {semaphore: 1500}}]}", {"semaphores": 1501}),
    ],
)
def test_whatever_reaches_it_needs_it(tmp_path: Path, step: str, needs: dict[str, int]) -> None:
    (vector,) = compiled(tmp_path, step)
    found = vector["needs"]["device"]
    assert {name: found.get(name) for name in needs} == needs


@pytest.mark.parametrize(
    ("step", "most"),
    [
        ('read: {"BAR0[0x18000]": 0}', {"queues": 8}),
        ('tlp: {kind: memory_read, to: "UNIT[20].GROUPS", expect: CA}', {"units": 20}),
        ("submit: {queue: q, packets: [{LAUNCH: {run: g, unit_mask: 1 << 31}}]}", {"units": 31}),
        ("submit: {queue: q, packets: [{NOP: , interrupt: 40}]}", {"vectors": 40}),
        ("submit: {queue: q, packets: [{WAIT: {semaphore: 1 << 20}}]}", {"semaphores": 1 << 20}),
        ('read: {"QUEUE[q].RING_LOG2": 4}', {"ring_log2_min": 4}),
        ('read: {"QUEUE[q].RING_LOG2": 1}', {}),  # what a reset leaves
    ],
)
def test_what_is_meant_to_be_absent_bounds_the_device(
    tmp_path: Path, step: str, most: dict[str, int]
) -> None:
    (vector,) = compiled(tmp_path, text=HEAD.replace("{start: -1}", "{}") + f"  - {step}\n")
    assert vector["needs"].get("most", {}) == most


@pytest.mark.parametrize(
    ("queue", "step", "largest", "least"),
    [
        ("{}", "submit: {queue: q, packets: [{NOP: , repeat: 2}]}", None, None),
        ("{}", "submit: {queue: q, packets: [{NOP: , repeat: 3}]}", 2, None),
        ("{}", "submit: {queue: q, packets: [{NOP: , repeat: 16}]}", 4, None),
        ("{log2: 6}", "submit: {queue: q, packets: [{NOP: , repeat: 17}]}", 5, None),
        ("{}", "submit: {queue: q, packets: [{NOP: , repeat: 17}]}", 4, 4),
        ("{start: 2**32}", "submit: {queue: q, packets: [NOP]}", None, None),
        ("{start: -1}", "submit: {queue: q, packets: [NOP]}", 4, 4),
        ("{start: 5}", "doorbell: {queue: q, put: 4}", None, None),  # backwards
        ("{}", "doorbell: {queue: q, put: 17}", 4, 4),  # too far, in this ring
        ("{}", "doorbell: {queue: q, put: 1, half: lo}", 4, 4),
        ("{}", 'tlp: {kind: memory_write, to: "DOORBELL[q].DOORBELL", bytes: u64 1}', 4, 4),
        ("{log2: 2}", "publish:", 2, 2),  # a small one is given for a reason
        ("{log2: 9, start: -1}", "submit: {queue: q, packets: [NOP]}", 9, 9),
    ],
)
def test_a_ring_is_bounded_where_its_size_matters(
    tmp_path: Path, queue: str, step: str, largest: int | None, least: int | None
) -> None:
    (vector,) = compiled(tmp_path, text=HEAD.replace("{start: -1}", queue) + f"  - {step}\n")
    assert vector["needs"]["device"].get("ring_log2_max") == largest
    assert vector["needs"].get("most", {}).get("ring_log2_min") == least


def test_a_range_of_contracts_that_holds_nowhere(tmp_path: Path) -> None:
    for last, wrong in (("0.2.0", None), ("0.1.0", "until 0.1.0 is before since 0.2.0")):
        span = f"  since: 0.2.0\n  until: {last}\n  queues:"
        text = HEAD.replace("  queues:", span) + "  - publish:\n"
        if wrong is None:
            assert compiled(tmp_path, text=text)[0]["contract"] == ["0.2.0", "0.2.0"]
        else:
            with pytest.raises(SourceError, match=wrong):
                compiled(tmp_path, text=text)


def test_bounds_that_the_source_states(tmp_path: Path) -> None:
    stated = "  needs: {device: {tags: 8}, most: {tags: 256, queues: 8}}\n  queues:"
    (vector,) = compiled(tmp_path, text=HEAD.replace("  queues:", stated) + "  - publish:\n")
    assert vector["needs"]["device"]["tags"] == 8
    assert {"tags": 256, "queues": 8}.items() <= vector["needs"]["most"].items()
    for wrong in ("opcodes: 3", "tag: 3"):
        text = HEAD.replace("  queues:", f"  needs: {{most: {{{wrong}}}}}\n  queues:")
        with pytest.raises(SourceError, match="that counts; there are: version_major"):
            compiled(tmp_path, text=text + "  - publish:\n")


MISTAKES = [
    ("jump: 1", "a step has one of these|Additional properties"),
    ("read: {DEVICE.SCRATCHY: 1}", "no register 'SCRATCHY'; the block has: IDENTITY"),
    ("read: {DEVICES.SCRATCH: 1}", "no block 'DEVICES'.*QUEUE"),
    ('read: {"QUEUE[q].STATUS": {stat: 1}}', "no field 'stat'; it has state, idle"),
    (
        'read: {"QUEUE[q].STATUS": {state: RUNING}}',
        "'RUNING' is no QueueState; there are: DISABLED",
    ),
    ('write: {"VECTOR[0].MODERATION": {count: 65536}}', "count = 65536: give 0 to 65535"),
    (
        "write: {DEVICE.SCRATCH: scr + 1}",
        "no buffer or device range 'scr'; there are: src, dst, mem",
    ),
    ("write: {DEVICE.SCRATCH: src * 2}", "only capabilities"),
    ("write: {DEVICE.SCRATCH: 1.5}", "no expression"),
    ("write: {DEVICE.SCRATCH: __import__('os')}", "no expression of this language"),
    ("write: {DEVICE.SCRATCH: 2 ** 99999}", "exponent must be 0 to 4096"),
    ("submit: {queue: p, packets: [NOP]}", "no queue 'p'; there are: q"),
    ("submit: {queue: q, packets: [{NOOP: }]}", "packet: unknown 'NOOP'; give one opcode"),
    ("submit: {queue: q, packets: [{COPY: {size: 1}}]}", "COPY has no field 'size'; it has"),
    (
        "submit: {queue: q, packets: [{COPY: {length: 2**32}}]}",
        "COPY.length = 0x100000000: give 0x0 to 0xffffffff",
    ),
    ("submit: {queue: q, packets: [{NOP: , flags: [BARIER]}]}", "'BARIER' is no flag"),
    ("submit: {queue: q}", "key 'packets' is missing"),
    ("recorded: q", "no packet placed so far has a record"),
    ("halted: {queue: q, code: BAD_OPCOD}", "'BAD_OPCOD' is no Error; there are: NONE"),
    ("memory: {dst: {79: hex 0102}}", "2 bytes at 79 do not fit in 80"),
    ("memory: {dst: hex 012}", "are no bytes"),
    ("interrupts: 3", "say vector: count"),
    ("difference: {of: a, minus: b, expect: 0}", "no value saved as 'a'"),
    ("foreach: {n: 3, do: [{publish: }]}", "give a list, or a range"),
    ('write: {DEVICE.SCRATCH: "{n}"}', "no expression"),
    ("spoil: {buffer: src, kind: melt}", "'melt' is not one of"),
    ("publish: 5", "publish takes nothing"),
]


@pytest.mark.parametrize(("step", "message"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_mistakes_are_told_with_their_line(tmp_path: Path, step: str, message: str) -> None:
    with pytest.raises(
        SourceError,
        match=rf"(?s)^vectors/directed/made.yaml:{FIRST_STEP + 1}: V0001: .*({message})",
    ):
        compiled(tmp_path, "publish: ", step)


TEXTS = [
    (
        HEAD.replace("CP-NOP-001", "CP-NOP-999") + "  - publish: \n",
        ":4: V0001: rule CP-NOP-999 is unknown",
    ),
    (
        HEAD.replace("CP-NOP-001", "CP-CALL-001") + "  - publish: \n",
        ":4: V0001: rule CP-CALL-001 is planned",
    ),
    (
        HEAD.replace("queues: {q:", "queues: {a: {number: 1}, q:") + "  - publish: \n",
        "queue q: queue a has number 1, too; give `number`",
    ),
    (HEAD + "  - publish: \n  tier: core\n", ":13: key 'tier' is repeated; it stands on line 5"),
    (HEAD + "  - &a {publish: }\n  - *a\n", "aliases are not taken"),
    (HEAD + "  - !!python/object:os.system {}\n", ":12: V0001: "),
    (
        HEAD.replace("tier: core\n", "tier: core\n  tire: 1\n") + "  - publish: \n",
        r":6|:2: V0001: .*'tire'",
    ),
    (
        HEAD + "  - publish: \n" + HEAD.partition("\n")[2] + "  - publish: \n",
        ":13: V0001 stands at .*:2 already",
    ),
    ("[1]", ":1: must be a mapping"),
    ("vectors: [", ":1: is no YAML|:2: is no YAML"),
    ("[" * 5000, "is no YAML"),
]


@pytest.mark.parametrize(("text", "message"), TEXTS, ids=[row[1] for row in TEXTS])
def test_wrong_files_are_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=rf"vectors/directed/made.yaml.*({message})"):
        compiled(tmp_path, text=text)


SEGMENTS = st.lists(
    st.one_of(
        st.binary(max_size=6).map(lambda value: ["x", value.hex()]),
        st.tuples(st.just("f"), st.integers(0, 1), st.integers(0, 5)).map(list),
        st.tuples(st.just("r"), st.just(9), st.integers(0, 9), st.integers(0, 9)).map(list),
    ),
    max_size=5,
)


@given(SEGMENTS, SEGMENTS, st.data())
def test_cutting_and_laying_over(under, over, draw) -> None:
    lower, upper = data(under), data(over)
    first = draw.draw(st.integers(0, len(lower)))
    last = draw.draw(st.integers(first, len(lower)))
    assert data(cut(under, first, last)) == lower[first:last]
    assert data(joined([*under, *over])) == lower + upper
    if len(upper) <= len(lower) - first:
        laid = lower[:first] + upper + lower[first + len(upper) :]
        assert data(overlay(under, first, over)) == laid


def test_random_contents_belong_to_id_and_name(tmp_path: Path) -> None:
    (vector,) = compiled(tmp_path, "publish: ")
    segment = vector["buffers"]["src"]["init"][0]
    assert data([segment]) == stream(number(segment[1]), 0, 64)
    (other,) = compiled(tmp_path, text=HEAD.replace("made", "also") + "  - publish: \n")
    assert other["buffers"]["src"]["init"] != vector["buffers"]["src"]["init"]


def test_contents_may_be_a_list_of_pieces(tmp_path: Path) -> None:
    text = HEAD.replace("{src: 64,", "{src: {size: 8, init: [u16 0x1234, hex ff]},")
    (vector,) = compiled(tmp_path, text=text + "  - publish: \n")
    assert data(vector["buffers"]["src"]["init"]) == bytes.fromhex("3412ff0000000000")
