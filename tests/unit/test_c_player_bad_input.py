"""Whatever a suite holds, the portable player says one clear line and neither crashes nor hangs."""

from __future__ import annotations

import copy
import json
import random

import c_player
import player_suite as made
import pytest
from player_suite import DEVICE, QUEUE, nops, queue_buffers, read, vector, write

from doorbell_vectors.format.canonical import vector_hash

JUNK = [
    None,
    True,
    -1,
    0,
    3,
    2**31,
    2**64 - 1,
    "",
    "0x",
    "0xffffffffffffffff",
    "ring",
    "é\U0001f600",
    "\x00\x1f#\n",
    "a" * 5000,
    [],
    [[]],
    {},
    {"eq": {}},
    {"buffer": "ring"},
    {"cap": "queues", "shift": 64},
    {"saved": "nothing"},
    [["x", "0"]],
    [["f", 0, 2**31 - 1]],
    [["r", 1, "0x3fffffffffffffff", 64]],
    [["m", "ff", "00"]],
    [["u", 5]],
]
UNBOUNDED = {"within", "cycles", "clock"}  # huge limits are legal, and take their time


def rich() -> dict:
    """A document with every op that a plain host plays."""
    steps = [
        {"op": "interrupt_setup", "vector": 1},
        *nops(3, flags=4, vector=1),
        {"op": "interrupt_wait", "vector": 1, "count": 1, "within": 2000},
        {"op": "interrupts", "vector": 1, "expect": {"min": 1}},
        {"op": "memory", "buffer": "records", "at": 0, "bytes": [["u", 40], ["m", "ff", "03"]]},
        {"op": "write_block", "bar": 2, "at": 5, "bytes": [["r", 1, 2, 33], ["f", 1, 3]]},
        {"op": "read_block", "bar": 2, "at": 5, "bytes": [["r", 1, 2, 33], ["f", 1, 3]]},
        read(DEVICE.SCRATCH, save="a", expect={"in": [0, 1], "mask": {"cap": "queues"}}),
        {"op": "difference", "of": "a", "minus": "a", "expect": {"eq": 0}},
        {"op": "order", "names": ["a", "a"], "strict": False},
        {"op": "config_read", "capability": "pcie", "at": 8, "size": 2, "expect": {"any": True}},
        {"op": "config_write", "at": 4, "size": 2, "value": 6, "mask": 6},
        {"op": "delay", "cycles": 10},
        {"op": "interrupt_mask", "vector": 1, "masked": True},
        write(QUEUE.CONTROL, 4),
        {"op": "link", "check": "none", "filter": {"kind": "memory_write"}},
    ]
    buffers = queue_buffers() | {"b": {"size": 9, "edge": 4093, "window": "high", "init": []}}
    both = vector("V0001", steps, buffers=buffers), vector("V0002", [])
    return copy.deepcopy(made.document(*both))


def refused(text: str | bytes, tmp_path) -> str:
    """Check that a document is refused with one line; return it."""
    path = tmp_path / "bad.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    played = c_player.run("--device", "loopback", path, cwd=tmp_path)
    assert played.code == 2, played.out
    assert not played.out
    (line,) = played.err.splitlines()
    assert line.startswith(f"doorbell-player: {path}: ")
    return line.partition("bad.json: ")[2]


def test_the_rich_document_is_right(tmp_path):
    path = tmp_path / "rich.json"
    path.write_text(json.dumps(rich()))
    played = c_player.run("--device", "loopback", path, cwd=tmp_path)
    assert played.code == 0, played.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1, column 1: the text ends"),
        ("{", "a member's name was expected"),
        ('{"a":1,}', "a member's name was expected"),
        ('{"a":1\n "b":2}', "line 2, column 2"),
        ('{"a":1,"a":2}', 'holds "a" twice'),
        ("[1.5]", "a number that is not whole"),
        ("[01]", "a leading zero"),
        ("[18446744073709551616]", "beyond 64 bits"),
        ("[-9223372036854775809]", "beyond 64 bits"),
        ("nul", "a value was expected"),
        ('"\\ud800"', "half of a surrogate pair"),
        ('"\\x"', "unknown escape"),
        ('"a\nb"', "control character 10"),
        (b'"\xff"', "not UTF-8"),
        (b'"\xc0\x80"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        ('"open', "ends inside a string"),
        ("[" * 100000, "nested deeper than 32"),
        ("{} x", "more text after the end"),
        ("{}", "format: is not 1"),
        ('{"format":2}', "format: is not 1"),
        ("[]", "format: is not 1"),
    ],
)
def test_text_that_is_no_suite(tmp_path, text, said):
    assert said in refused(text, tmp_path)


def test_a_suite_cut_anywhere_is_refused(tmp_path, seed):
    text = json.dumps(rich())
    for at in random.Random(seed).sample(range(len(text)), 25):
        refused(text[:at], tmp_path)


def _spoilt(change) -> str:
    document = rich()
    change(document, document["vectors"][0])
    document["vectors"][0]["hash"] = vector_hash(document["vectors"][0])
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d, v: v["steps"].append({"op": "fly"}), "V0001, step 25 (fly): no such op"),
        (lambda d, v: v["steps"].append({}), "(no op): no such op"),
        (lambda d, v: v["steps"].append({"op": "publish", "x": 1}), 'has no key "x"'),
        (lambda d, v: v["steps"].append({"op": "put", "buffer": "b"}), 'lacks the key "at"'),
        (
            lambda d, v: v["steps"].append(
                {"op": "put", "buffer": "b", "at": 8, "bytes": [["x", "0000"]]}
            ),
            'bytes 8 to 10 are not inside buffer "b" of 9 bytes',
        ),
        (lambda d, v: v["steps"].append(write(DEVICE.SCRATCH, {"buffer": "c"})), "no buffer"),
        (lambda d, v: v["steps"].append(write(DEVICE.SCRATCH, -1)), '"value" is no value'),
        (lambda d, v: v["steps"].append(read(DEVICE.SCRATCH, expect={})), "is no expectation"),
        (
            lambda d, v: v["steps"].append(read(DEVICE.SCRATCH, expect={"eq": 1, "min": 0})),
            "wants one of eq, in, min and max, any",
        ),
        (lambda d, v: v["steps"].append(read(DEVICE.SCRATCH, within=5)), "without anything"),
        (lambda d, v: v["buffers"]["b"].update(size=1 << 40), "size is not from 1 to"),
        (lambda d, v: v["buffers"]["b"].update(size=1 << 28), "its buffers have more than"),
        (lambda d, v: v["buffers"]["b"].update(align=3), "align is no power of two"),
        (lambda d, v: v["buffers"]["b"].update(init=[["f", 0, 10]]), "init has 10 bytes"),
        (lambda d, v: v.update(tier="tiny"), "tier is none of"),
        (lambda d, v: v["needs"]["device"].update(wings=2), 'needs "wings"'),
        (lambda d, v: v["needs"].update(most={"wings": 2}), 'needs "wings"'),
        (lambda d, v: v["needs"].update(most=[]), "needs is not"),
        (lambda d, v: v.update(contract=["0.1"]), "contract is not"),
        (lambda d, v: v.update(contract=["0.1", None]), "contract is not"),
        (lambda d, v: v.update(contract=["0.1.0", "0.2.x"]), "contract is not"),
        (lambda d, v: v.update(contract=["0.01.0", None]), "contract is not"),
        (lambda d, v: v.update(contract=["0.1.65536", None]), "contract is not"),
        (lambda d, v: v.update(contract=["0.1.0\0", None]), "contract is not"),
        (lambda d, v: v.update(id="V0002"), "V0002: stands twice"),
        (lambda d, v: d["retired"].update(V0001="was wrong"), "V0001: was retired"),
        (lambda d, v: d["recipes"].pop("reset"), "reset: has no list of steps"),
        (lambda d, v: d["capabilities"]["queues"].update(width=65), "is no field of"),
        (lambda d, v: d.update(clock=3), "clock: is no offset"),
    ],
)
def test_a_suite_against_the_format(tmp_path, change, said):
    assert said in refused(_spoilt(change), tmp_path)


def test_a_vector_that_was_changed_is_refused(tmp_path):
    document = rich()
    document["vectors"][1]["hunts"] = "Something else."
    said = refused(json.dumps(document), tmp_path)
    assert said.startswith('V0002: its hash is "sha256:')
    document = rich()
    document["vectors"][1]["cycles"] = 5  # measured afterwards: outside the hash
    path = tmp_path / "fine.json"
    path.write_text(json.dumps(document))
    assert c_player.run("--device", "loopback", path, cwd=tmp_path).code == 0


def test_the_hash_is_that_of_the_python_player_for_any_text(tmp_path):
    odd = '"\\\b\f\n\r\t\x01\x7f\u2028é\U0001f600/'
    one = vector("V0001", [], hunts=odd, tags=["é", "z", "a"], pitfalls=[0, -1, 2**63])
    path = made.written(tmp_path / "odd.json", one)
    assert c_player.run("--device", "loopback", path, cwd=tmp_path).code == 0


def test_a_file_that_is_a_folder_or_endless(tmp_path):
    assert c_player.run("--device", "loopback", tmp_path).code == 2
    assert c_player.run("--device", "loopback", "/dev/zero").code == 2


def _places(value, path=()):
    """Every place in a document below ``path``."""
    yield path
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _places(member, (*path, key))
    elif isinstance(value, list):
        for at, member in enumerate(value):
            yield from _places(member, (*path, at))


def _mutate(document: dict, draw: random.Random) -> None:
    """Put junk somewhere, or take something away, and mend the hashes."""
    for _ in range(draw.choice([1, 1, 1, 3])):
        *above, last = draw.choice([path for path in _places(document) if path])
        holder = document
        for key in above:
            holder = holder[key]
        kind = draw.randrange(4)
        if kind == 0:
            del holder[last]
        elif kind == 1 and isinstance(holder, list):
            holder.insert(last, copy.deepcopy(draw.choice(holder)))
        elif not UNBOUNDED & {last, *above}:
            holder[last] = copy.deepcopy(draw.choice(JUNK))
    vectors = document.get("vectors")
    for one in vectors if isinstance(vectors, list) else []:
        if isinstance(one, dict):
            one["hash"] = vector_hash(one)


@pytest.mark.parametrize("part", range(4))
def test_suites_with_junk_in_them(tmp_path, seed, part):
    draw = random.Random(f"{seed} structure {part}")
    codes = []
    for _ in range(60):
        document = rich()
        _mutate(document, draw)
        path = tmp_path / "junk.json"
        path.write_text(json.dumps(document, ensure_ascii=draw.random() < 0.5))
        played = c_player.run("--device", "loopback", path, cwd=tmp_path)
        codes.append(played.code)
        if played.code == 2:
            assert len(played.err.splitlines()) == 1, played.err
    assert len(set(codes)) > 1, "every mutant went the same way"


def test_suites_with_other_bytes_in_them(tmp_path, seed):
    draw = random.Random(f"{seed} bytes")
    original = json.dumps(rich()).encode()
    for _ in range(100):
        text = bytearray(original)
        for _ in range(draw.choice([1, 2, 20])):
            at = draw.randrange(len(text))
            match draw.randrange(3):
                case 0:
                    text[at] = draw.randrange(256)
                case 1:
                    del text[at : at + draw.choice([1, 2, 100])]
                case _:
                    text[at:at] = draw.choice([b"{", b"[", b'"', b"\\", b",", b"9" * 30, b"\xf0"])
        path = tmp_path / "junk.json"
        path.write_bytes(text)
        played = c_player.run("--device", "loopback", path, cwd=tmp_path)
        assert played.code in {0, 2}
