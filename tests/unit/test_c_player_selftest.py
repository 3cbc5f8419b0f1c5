"""The self-test of the portable player passes a right hardware layer and finds every wrong one."""

from __future__ import annotations

import c_player
import pytest

CHECKS = [
    "configuration-space",
    "scratch-and-byte-order",
    "access-size",
    "access-order",
    "memory-bar",
    "time",
    "map",
    "coherence",
    "every-page",
    "interrupt",
    "reset",
]
FOUND_BY = {
    "bar2-is-bar0": "memory-bar",
    "bytes-swapped": "scratch-and-byte-order",
    "config-read-shifted": "configuration-space",
    "config-write-wide": "configuration-space",
    "fetch-nothing": "coherence",
    "interrupt-lost": "interrupt",
    "interrupt-other-vector": "interrupt",
    "interrupt-twice": "interrupt",
    "map-first-page-only": "every-page",
    "map-ignores-alignment": "map",
    "map-ignores-edge": "map",
    "map-ignores-window": "map",
    "map-same-address": "map",
    "publish-nothing": "coherence",
    "reset-nothing": "reset",
    "split-reads": "access-size",
    "split-writes": "access-size",
    "split-writes-high-first": "access-size",
    "time-backwards": "time",
    "time-stopped": "time",
    "wide-writes": "access-size",
    "writes-late": "access-order",
}


def test_a_right_layer_passes():
    played = c_player.run("--device", "loopback", "--selftest")
    assert played.code == 0
    assert played.lines == [f"ok {at} {name}" for at, name in enumerate(CHECKS, 1)]


@pytest.mark.parametrize("defect", FOUND_BY)
def test_a_wrong_layer_is_found(defect):
    played = c_player.run("--device", f"loopback:{defect}", "--selftest")
    assert played.code == 1
    at = CHECKS.index(FOUND_BY[defect]) + 1
    assert f"not ok {at} {FOUND_BY[defect]}" in played.lines
    assert played.comments.count("\n") >= 1, "no reason is given"


def test_every_defect_of_the_loopback_is_here():
    played = c_player.run("--device", "loopback:none-of-them", "--selftest")
    assert played.code == 5
    assert played.err.partition("there are: ")[2].split() == sorted(FOUND_BY)


def test_the_template_says_that_it_is_one():
    played = c_player.run("--device", "template:x", "--selftest")
    assert played.code == 1
    assert "write your layer" in played.out
