"""The directed suite passes on the reference model and on the RTL, and plain silicon's hosts fail nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doorbell import cli
from doorbell.contract import registers
from doorbell.exit_codes import ExitCode
from doorbell.model.variant import VARIANTS
from doorbell_vectors.player.options import suite_path

SHARDS = 2
"""Parts for the RTL, so that test processes share them."""
CONTROLS = [queue.CONTROL.offset for queue in registers.QUEUE]
FREE = [name for name in VARIANTS if name != "reference"]


def replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str, suite: str = "directed"
) -> dict:
    out = tmp_path / "replay"
    code = cli.main(["replay", str(suite_path(suite)), "--out", str(out), *options])
    printed = capsys.readouterr()
    assert code == ExitCode.RIGHT, printed.out + printed.err
    return json.loads((out / "results.json").read_text())


def test_on_the_model(tmp_path, capsys, seed):
    content = replay(tmp_path, capsys, "--device", "model", "--seed", str(seed))
    assert content["counts"]["NOT_SUPPORTED"] == 0


@pytest.mark.parametrize("part", range(1, SHARDS + 1))
def test_on_the_rtl(tmp_path, capsys, seed, part):
    shard = f"{part}/{SHARDS}"
    content = replay(tmp_path, capsys, "--device", "rtl", "--seed", str(seed), "--shard", shard)
    assert content["counts"]["NOT_OBSERVED"] == 0


def test_with_a_plain_host(tmp_path, capsys):
    content = replay(tmp_path, capsys, "--device", "model", "--abilities=plain")
    assert content["counts"]["PASS"] > 0


@pytest.mark.parametrize(("number", "variant"), list(enumerate(FREE)), ids=FREE)
def test_legal_freedom_fails_nothing_in_any_order(tmp_path, capsys, seed, number, variant):
    order = str(seed + number)
    options = "--device", f"model:{variant}", "--seed", str(seed), "--shuffle", order
    replay(tmp_path, capsys, *options)


def test_legal_freedom_of_rtl_fails_nothing(tmp_path, capsys, seed):
    """What fewer channels and tags bear on."""
    rules = "--rule", "DMA-", "--rule", "EP-TAG", "--rule", "ORD-"
    replay(tmp_path, capsys, "--device", "rtl:small", "--seed", str(seed), *rules)


@pytest.mark.parametrize("device", ["model", "rtl"])
def test_the_random_sample(tmp_path, capsys, seed, device):
    replay(tmp_path, capsys, "--device", device, "--seed", str(seed), suite="random")


@pytest.mark.parametrize("profile", ["ideal", "distant"])
def test_smoke_on_other_hosts(tmp_path, capsys, profile):
    replay(tmp_path, capsys, "--device", "rtl", "--profile", profile, "--tier", "smoke")


def test_what_bears_on_time_with_a_distant_host(tmp_path, capsys):
    """Answers after thousands of cycles are legal: no vector may take one for lost, or for there already."""
    suite = json.loads(suite_path("directed").read_text(encoding="utf-8"))
    chosen = [
        f"--id={vector['id']}"
        for vector in suite["vectors"]
        if vector["tier"] != "stress" and any(map(bears_on_time, vector["steps"]))
    ]
    replay(tmp_path, capsys, "--device", "rtl", "--profile", "distant", *chosen)


def bears_on_time(step: dict) -> bool:
    """Say whether it loses reads, sets their deadline, or drains, which wants to know what has started."""
    drains = step["op"] == "write" and step["value"] == 2 and step["at"] in CONTROLS
    return (
        step["op"] == "spoil"
        or drains
        or step.get("at") == registers.DEVICE.COMPLETION_TIMEOUT.offset
    )
