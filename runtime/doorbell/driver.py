"""Driving programs without an event loop: a program parks until something holds, and the driver makes time pass."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Protocol

__all__ = ["Park", "Source", "parked", "run", "together"]


class Source(Protocol):
    """Something whose time passes when a program asks for it, such as one device."""

    def advance(self, limit: int | None) -> bool:
        """Let one thing happen, or time reach cycle ``limit``; False when nothing can ever happen."""
        ...

    def stuck(self) -> Exception:
        """What to raise in the program when nothing can ever happen."""
        ...


class Park(Protocol):
    """What a parked program waits for."""

    @property
    def source(self) -> Source:
        """Whose time has to pass."""
        ...

    @property
    def limit(self) -> int | None:
        """Cycle at which it is ready in any case."""
        ...

    def ready(self) -> bool:
        """Whether the program can go on."""
        ...


Parks = tuple[Park, ...]
"""What a program yields: it goes on when one of them is ready."""


class _Parked:
    __slots__ = ("_parks",)

    def __init__(self, parks: Parks) -> None:
        self._parks = parks

    def __await__(self) -> Generator[Parks, None, None]:
        while not _ready(self._parks):
            yield self._parks


def parked(*parks: Park) -> _Parked:
    """Return an awaitable that ends when one of ``parks`` is ready; for programs that `run` drives."""
    return _Parked(parks)


def _ready(parks: Parks) -> bool:
    if len(parks) == 1:  # nearly always, and at every step of time
        return parks[0].ready()
    return any(park.ready() for park in parks)


def _resume(program: Coroutine[Any, Any, Any]) -> Parks:
    """Run ``program`` to where it parks next.

    Raises:
        StopIteration: it has returned.
        TypeError: it awaits something of another event loop.
    """
    found = program.send(None)
    if not isinstance(found, tuple):
        program.close()
        raise TypeError(
            f"the program awaits {found!r}, which belongs to another event loop; on this device await "
            f"only what the device and its transport return"
        )
    parks: Parks = found
    return parks


def _advance(parks: Parks) -> Exception | None:
    """Let the time of every source pass, up to its nearest limit; return why none can."""
    if len(parks) == 1:
        source = parks[0].source
        return None if source.advance(parks[0].limit) else source.stuck()
    limits: dict[int, int | None] = {}
    sources: dict[int, Source] = {}
    for park in parks:
        key, limit = id(park.source), park.limit
        sources[key] = park.source
        known = limits.get(key)
        limits[key] = known if limit is None or (known is not None and known < limit) else limit
    moved = [source.advance(limits[key]) for key, source in sources.items()]
    return None if any(moved) else parks[0].source.stuck()


def run(program: Coroutine[Any, Any, Any]) -> Any:
    """Run ``program`` to its end and return its result.

    Raises whatever it raises; when it waits and nothing can ever happen, what its `Source` says is
    raised inside it.
    """
    try:
        parks = _resume(program)
        while True:
            error = None
            while error is None and not _ready(parks):
                error = _advance(parks)
            parks = _resume(program) if error is None else program.throw(error)
    except StopIteration as stop:
        return stop.value


async def together(*programs: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run ``programs`` concurrently and return their results in order; the first exception cancels the others."""
    results: list[Any] = [None] * len(programs)
    waiting: dict[int, Parks] = dict.fromkeys(range(len(programs)), ())
    try:
        while waiting:
            for number, parks in list(waiting.items()):
                if not parks or _ready(parks):
                    try:
                        waiting[number] = _resume(programs[number])
                    except StopIteration as stop:
                        results[number] = stop.value
                        del waiting[number]
            if waiting:
                await parked(*(park for parks in waiting.values() for park in parks))
    finally:
        for number in waiting:
            programs[number].close()
    return results
