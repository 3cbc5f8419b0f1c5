"""Execution units: they take work-groups of all launches in turn, a slice of a launch at a time (EU-LAUNCH rules)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from doorbell.model.clock import Clock, Timer

__all__ = ["Launch", "Units"]

_SLICES = 16


@dataclass(slots=True, eq=False)
class Launch:
    """Work-groups on their way: ``groups`` in all, together taking ``cycles``, ``mac_cycles`` of them multiplying."""

    mask: int
    groups: int
    cycles: int
    mac_cycles: int
    finished: Callable[[], None]
    """Called when the last group has finished."""
    left: int = 0
    """Groups that no unit has taken yet."""
    running: int = 0


@dataclass(slots=True, eq=False)
class _Unit:
    busy_cycles: int = 0
    mac_cycles: int = 0
    groups: int = 0
    launch: Launch | None = None
    since: int = 0
    timer: Timer | None = None


class Units:
    """The units and the dispatcher before them: every free unit of a launch's mask is used (EU-LAUNCH-003)."""

    def __init__(self, clock: Clock, count: int) -> None:
        """``count`` units."""
        self._clock = clock
        self._units = [_Unit() for _ in range(count)]
        self._launches: list[Launch] = []

    def submit(self, launch: Launch) -> None:
        """Run every group of ``launch`` once, on units of its mask only (EU-LAUNCH-001, EU-LAUNCH-002)."""
        launch.left = launch.groups
        self._launches.append(launch)
        self._dispatch()

    def stop(self, launch: Launch) -> None:
        """Forget ``launch``; its units are free at once."""
        if launch in self._launches:
            self._launches.remove(launch)
        for unit in self._units:
            if unit.launch is launch:
                if unit.timer is not None:
                    unit.timer.cancel()
                unit.busy_cycles += self._clock.now - unit.since
                unit.launch = None
        self._dispatch()

    def reset(self) -> None:
        """Stop everything and clear the counts."""
        for unit in self._units:
            if unit.timer is not None:
                unit.timer.cancel()
        self._launches.clear()
        self._units = [_Unit() for _ in self._units]

    def busy(self, number: int) -> bool:
        """Whether a work-group is running on unit ``number``."""
        return self._units[number].launch is not None

    def counts(self, number: int) -> tuple[int, int, int]:
        """Return busy cycles, MAC cycles and finished groups of unit ``number`` since reset."""
        unit = self._units[number]
        running = self._clock.now - unit.since if unit.launch is not None else 0
        return unit.busy_cycles + running, unit.mac_cycles, unit.groups

    def _dispatch(self) -> None:
        for number, unit in enumerate(self._units):
            if unit.launch is None:
                launch = next((item for item in self._launches if item.mask >> number & 1), None)
                if launch is not None:
                    self._take(unit, launch)

    def _take(self, unit: _Unit, launch: Launch) -> None:
        """Give ``unit`` a slice of ``launch``, which then goes behind the others."""
        groups = min(launch.left, max(1, launch.groups // _SLICES))
        launch.left -= groups
        launch.running += 1
        self._launches.remove(launch)
        if launch.left:
            self._launches.append(launch)
        unit.launch, unit.since = launch, self._clock.now
        cycles = max(1, launch.cycles * groups // launch.groups)
        unit.timer = self._clock.after(cycles, lambda: self._done(unit, launch, groups))

    def _done(self, unit: _Unit, launch: Launch, groups: int) -> None:
        unit.busy_cycles += self._clock.now - unit.since
        unit.mac_cycles += launch.mac_cycles * groups // launch.groups
        unit.groups += groups
        unit.launch = None
        launch.running -= 1
        if not launch.left and not launch.running:
            launch.finished()
        self._dispatch()
