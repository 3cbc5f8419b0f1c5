"""Making the device usable again after a failure, with the mildest means that does."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Awaitable, Callable

from doorbell_vectors.player.play import Player

__all__ = ["recover"]

_HOOK_SECONDS = 600


async def recover(player: Player, hook: str) -> str | None:
    """Return what made the device healthy; None: nothing did.

    One of "nothing", "queue_reset", "reset" (recipes), "host reset" (FLR, link or power) and "hook".
    ``hook`` is the user's command, run without a shell; empty: none.
    """

    async def nothing() -> bool:
        return True

    async def outside() -> bool:
        return await player.hardware.reset()

    async def command() -> bool:
        words = shlex.split(hook)
        if not words or subprocess.run(words, check=False, timeout=_HOOK_SECONDS).returncode:
            return False
        await player.hardware.enumerate()
        return True

    def recipe(name: str) -> Callable[[], Awaitable[bool]]:
        async def do() -> bool:
            await player.recipe(name)
            return True

        return do

    for name, step in (
        ("nothing", nothing),
        ("queue_reset", recipe("queue_reset")),
        ("reset", recipe("reset")),
        ("host reset", outside),
        ("hook", command),
    ):
        try:
            if await step():
                await player.recipe("health")
                return name
        except Exception:  # noqa: BLE001, S112 - a means that fails is followed by a stronger one
            continue
    return None
