"""The random tier: the same vectors from the same seed, small, right on legal devices, failing on a wrong one."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from doorbell import cli
from doorbell.exit_codes import ExitCode
from doorbell.model.semaphores import Semaphores, Waiter
from doorbell.model.variant import VARIANTS
from doorbell_vectors.format.canonical import vector_hash
from doorbell_vectors.format.document import load, parse
from doorbell_vectors.player.options import suite_path
from doorbell_vectors.random.draw import plan_of
from doorbell_vectors.random.features import RULES, features, rules
from doorbell_vectors.random.order import Racy
from doorbell_vectors.random.plan import Plan
from doorbell_vectors.random.shrink import shrink
from doorbell_vectors.random.stream import Draw, mix
from doorbell_vectors.random.tier import covers, grow, suite_of
from doorbell_vectors.random.world import outcome

COMMITTED = suite_path("random")


def size(plan: Plan) -> int:
    return len(repr(plan))


def replay(path: Path, out: Path, *options: str) -> dict[str, Any]:
    cli.main(["replay", str(path), "--out", str(out), *options])
    found: dict[str, Any] = json.loads((out / "results.json").read_text())
    return found


def test_the_generator_is_the_published_one() -> None:
    assert mix(1 + 0x9E3779B97F4A7C15).to_bytes(8, "little").hex(" ") == "c1 5c 02 89 ec 2d 0a 91"
    draw, key = Draw(3, 4), mix(mix(3) + 4)
    assert [draw.word(), draw.word()] == [mix(key + n * 0x9E3779B97F4A7C15) for n in (1, 2)]
    assert {Draw(1, n).below(3) for n in range(50)} == {0, 1, 2}


def test_the_committed_sample_follows_from_its_seed() -> None:
    again = parse(suite_of(grow(1, count=6)), "again")
    committed = [{**v.raw, "cycles": None} for v in load(COMMITTED).vectors[:6]]
    assert [v.raw for v in again.vectors] == committed


def test_seeds_differ() -> None:
    assert suite_of(grow(1, count=2)) != suite_of(grow(2, count=2))


def test_a_longer_tier_begins_with_the_shorter_and_each_vector_adds_something() -> None:
    short, longer = grow(5, count=4), grow(5, count=7)
    assert longer.vectors[:4] == short.vectors
    assert all(first[2] <= second[2] for first, second in pairwise(longer.curve))
    assert short.covered < longer.covered


def test_a_budget_ends() -> None:
    ticks = iter(range(1000))
    assert 0 < len(grow(1, budget=3, clock=lambda: next(ticks)).vectors) <= 3


def test_ids_come_from_the_content() -> None:
    for vector in load(COMMITTED).vectors:
        content = vector_hash({**vector.raw, "id": ""})
        assert vector.id == "R" + content.removeprefix("sha256:")[:10]


def test_vectors_are_small() -> None:
    vectors = load(COMMITTED).vectors
    sizes = sorted(len(vector.steps) for vector in vectors)
    assert sizes[len(sizes) // 2] < 60
    assert sum(vector.negative for vector in vectors) >= 15


def test_shrinking_keeps_the_goal() -> None:
    shrunk = 0
    for number in range(10):
        plan = plan_of(11, number)
        found = covers(plan)
        if found is None:
            continue
        goal = {sorted(found)[0]}
        small = shrink(plan, goal, covers)
        assert goal <= (covers(small) or set())
        assert size(small) <= size(plan)
        shrunk += size(small) < size(plan) // 2
    assert shrunk > 3


def test_every_kind_of_feature_has_rules() -> None:
    kinds: set[str] = set()
    for number in range(150):
        found = covers(plan_of(4, number)) or set()
        kinds |= {name.partition(" ")[0] for name in found}
        assert rules(found) or not found
    assert kinds <= set(RULES)
    assert len(kinds) > 24


def test_what_the_contract_leaves_free_makes_no_vector() -> None:
    reasons = set()
    for number in range(200):
        try:
            plan = plan_of(1, number)
            features(plan, outcome(plan))
        except Racy as error:
            reasons.add(str(error))
    assert "the order of writes to a semaphore is free" in reasons
    assert "nothing tells when a WAIT that never ends has started" in reasons


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_sample_is_right_on_every_legal_model(tmp_path, seed, variant) -> None:
    found = replay(COMMITTED, tmp_path, "--device", f"model:{variant}", "--seed", str(seed))
    counts = found["counts"]
    assert not counts["FAIL"] + counts["ERROR"] + counts["INCONCLUSIVE"], counts
    # Most programs of the sample want a third queue, or a ring smaller than the least device has.
    assert counts["PASS"] >= (30 if variant == "least" else 90)


def test_fresh_vectors_are_right_too(tmp_path, seed) -> None:
    suite = tmp_path / "fresh.json"
    made = ["vectors", "random", "--seed", str(1000 + seed), "--count", "10", "--out", str(suite)]
    assert cli.main(made) == ExitCode.RIGHT
    assert replay(suite, tmp_path / "out", "--device", "model")["counts"]["PASS"] == 10


def test_bad_arguments(capsys) -> None:
    for arguments in (["--count", "0"], ["--budget", "-1"], ["--seed", "-1", "--count", "1"]):
        assert cli.main(["vectors", "random", *arguments]) == ExitCode.USAGE
        assert "give" in capsys.readouterr().err


@pytest.mark.parametrize("broken", ["add", "wait"])
def test_a_wrong_device_fails(tmp_path, monkeypatch, broken) -> None:
    if broken == "add":
        monkeypatch.setattr(Semaphores, "add", Semaphores.set)
    else:
        monkeypatch.setattr(Waiter, "accepts", lambda waiter, value: True)
    assert replay(COMMITTED, tmp_path, "--device", "model")["counts"]["FAIL"] >= 2
