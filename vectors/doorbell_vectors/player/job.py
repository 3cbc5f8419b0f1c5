"""What runs where the device lives: plays a list of vectors and streams the results."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doorbell.device import Device
from doorbell.errors import FaultError
from doorbell_vectors.format.document import load_own
from doorbell_vectors.player.hardware import Hardware
from doorbell_vectors.player.play import Player
from doorbell_vectors.player.recovery import recover
from doorbell_vectors.player.stream import Writer
from doorbell_vectors.player.verdict import Verdict

__all__ = ["main", "probe"]

_BAD = {Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE}


def _facts(player: Player) -> dict[str, Any]:
    """Return what `doorbell probe` writes down."""
    function = player.hardware.function
    return {
        "transport": player.hardware.transport.name,
        "vendor": player.suite.vendor,
        "device": player.suite.device,
        "bars": {str(number): bar.size for number, bar in function.bars.items()},
        "vectors": function.vectors,
        "capabilities": player.capabilities,
        "abilities": sorted(player.hardware.abilities),
    }


@contextlib.contextmanager
def _settled() -> Iterator[None]:
    """Have the garbage collector leave alone what there is already: a suite is a million objects that stay."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _nothing(_row: object) -> None:
    """Keep no log."""


async def probe(device: Device, suite: str, without: list[str]) -> dict[str, Any]:
    """Return what the device and its host can do. Raises IncompatibleDevice for another contract major."""
    hardware = Hardware(device.transport, device.function, without=frozenset(without))
    player = Player(load_own(Path(suite)), hardware, _nothing, seed=1, scale=1.0)
    await player.start()
    return _facts(player)


async def main(
    device: Device,
    suite: str,
    plan: list[tuple[str, int]],
    results: str,
    transactions: str,
    seed: int,
    scale: float,
    without: list[str],
    bail: bool,
    hook: str,
    header: dict[str, Any],
) -> dict[str, Any]:
    """Play the (id, round) pairs of ``plan`` from the suite file in order.

    Appends to the files ``results`` (`stream`) and ``transactions``.
    The device is used for its transport and enumeration alone, so that nothing of the runtime's stands
    between vectors and a device that is broken. Returns why it ended.

    Raises:
        SuiteError: the suite is not what it should be.
        IncompatibleDevice: the device follows another contract.
    """
    content = load_own(Path(suite))
    with Writer(Path(results)) as tell, Writer(Path(transactions)) as log, _settled():
        hardware = Hardware(device.transport, device.function, without=frozenset(without))
        player = Player(content, hardware, log, seed=seed, scale=scale)
        log({"run": header})
        await player.start()
        tell({"kind": "device", "device": _facts(player)})
        log({"device": _facts(player)})
        why = await _play(player, plan, tell, bail=bail, hook=hook, bringup=header["bringup"])
        tell({"kind": "end", "why": why})
    with contextlib.suppress(FaultError):  # what vectors made the host refuse is their business
        device.check_faults()
    return {"ended": why}


async def _play(
    player: Player,
    plan: list[tuple[str, int]],
    tell: Writer,
    *,
    bail: bool,
    hook: str,
    bringup: bool,
) -> str:
    """Play the plan and return why it ended: "done", "bail", "bringup" or "sick"."""
    by_id = {vector.id: vector for vector in player.suite.vectors}
    broken_level = None
    for identifier, number in plan:
        vector = by_id[identifier]
        if broken_level is not None and vector.bringup != broken_level:
            return "bringup"
        tell({"kind": "begin", "id": identifier, "round": number})
        result = (await player.play(vector)).changed(round=number)
        means: str | None = ""
        bad = result.verdict in _BAD
        if bad and not bail:  # who stops here may want to see the device as it is
            means = await recover(player, hook)
            result = result.changed(recovered=means or "nothing helped")
        tell({"kind": "result", "result": result.to_json()})
        if means is None:
            return "sick"
        if bad and bail:
            return "bail"
        if bad and bringup:
            broken_level = vector.bringup
    return "done"
