"""The progress line of a replay, from what the processes have written so far."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

__all__ = ["Ticker"]

_TERMINAL_SECONDS: Final = 0.5
_LOG_SECONDS: Final = 10.0


class Ticker:
    """While entered, tells on standard error how many of ``total`` vectors are done."""

    def __init__(self, out: Path, total: int, done: int) -> None:
        """``done`` were played in an earlier replay of the same folder."""
        self._out = out
        self._total = total
        self._known = done
        self._before = {path: path.stat().st_size for path in out.glob("results-*.jsonl")}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _tell(self) -> None:
        began = time.monotonic()
        while not self._end.wait(_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS):
            done, wrong = self._count()
            line = (
                f"replay: {done} of {self._total} vectors, {wrong} not right,"
                f" {time.monotonic() - began:.0f} s"
            )
            start, end = ("\r\x1b[K", "") if self._terminal else ("", "\n")
            print(f"{start}{line}", end=end, file=sys.stderr, flush=True)

    def _count(self) -> tuple[int, int]:
        done = wrong = 0
        for path in self._out.glob("results-*.jsonl"):
            with path.open(encoding="utf-8") as file:
                file.seek(self._before.get(path, 0))
                for line in file:
                    done += '"kind":"result"' in line
                    wrong += any(f'"verdict":"{one}"' in line for one in ("FAIL", "ERROR"))
        return self._known + done, wrong
