"""The portable player, built with sanitizers, and short ways to run it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SANITIZED = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
TROUBLE = "Sanitizer", "runtime error"


@dataclass(frozen=True)
class Played:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What stands in the KTAP for each vector or check."""
        return [line for line in self.out.splitlines() if line.startswith(("ok ", "not ok "))]

    @property
    def comments(self) -> str:
        return "\n".join(line for line in self.out.splitlines() if line.startswith("# "))


@cache
def player() -> Path:
    """Build the player as `make player` does, but with sanitizers; once for all workers."""
    place = ROOT / "out" / "player" / "sanitized"
    place.parent.mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    with (place.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["make", "-s", "player", f"PLAYER={place}", f"PLAYER_CFLAGS={SANITIZED}"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return place


def run(*words: str | Path, cwd: Path | None = None, seconds: float = 120) -> Played:
    done = subprocess.run(
        [player(), *map(str, words)],
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=seconds,
    )
    played = Played(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))
    assert not any(word in played.err for word in TROUBLE), played.err
    assert played.code in {0, 1, 2, 3, 5}, (played.code, played.err)
    return played


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a log."""
    return [json.loads(line) for line in path.read_text().splitlines()]
