"""Playing vectors on one device: each to a verdict, whatever happens; recovery after a failure."""

from __future__ import annotations

import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import numpy as np

from doorbell.errors import DeviceLost, DoorbellError, IncompatibleDevice
from doorbell_vectors.errors import ValueUnknown
from doorbell_vectors.format.document import Suite, Vector
from doorbell_vectors.format.values import Values
from doorbell_vectors.player.clock import Clock
from doorbell_vectors.player.errors import Broken, Inconclusive, Mismatch, Unsupported
from doorbell_vectors.player.hardware import Hardware
from doorbell_vectors.player.lacking import lacking
from doorbell_vectors.player.ops import perform
from doorbell_vectors.player.placement import place
from doorbell_vectors.player.run import Log, Run
from doorbell_vectors.player.verdict import Result, Verdict, signature

__all__ = ["Player"]

_REFUSED: Final = (1 << 64) - 1
"""What a refused read gives: the register belongs to a unit that is absent."""
_RULES: Final = {"leak": "ERR-RESET-002"}


class Player:
    """Plays vectors of ``suite`` on a device; ``scale`` stretches the guards, ``seed`` places the buffers."""

    def __init__(
        self, suite: Suite, hardware: Hardware, log: Log, *, seed: int, scale: float
    ) -> None:
        self.suite = suite
        self.hardware = hardware
        self.capabilities: dict[str, int] = {}
        self._clock = Clock(hardware, suite.clock, scale)
        self._log = log
        self._seed = seed

    async def start(self) -> None:
        """Enumerate, read the capabilities, check the contract's version.

        Raises:
            IncompatibleDevice: the device follows another major version.
        """
        await self.hardware.enumerate()
        for name, where in self.suite.capabilities.items():
            word = await self.hardware.read(0, where["at"], 8)
            if word == _REFUSED:
                word = 0
            self.capabilities[name] = word >> where["lsb"] & (1 << where["width"]) - 1
        try:
            await self.recipe("version")
        except Mismatch as error:
            raise IncompatibleDevice(
                f"suite {self.suite.suite} was made for contract {self.suite.contract}: {error}"
            ) from error

    async def recipe(self, name: str) -> None:
        """Do a recipe. Raises what its ops raise."""
        await perform(self._run(name), self.suite.recipes[name], recipe=name)

    def _run(self, vector: str) -> Run:
        def log(row: Mapping[str, Any]) -> None:
            self._log({"vector": vector, **row})

        return Run(self.hardware, self._clock, Values(capabilities=self.capabilities), log)

    async def play(self, vector: Vector) -> Result:
        """Play one vector to its verdict; never raises for what device or host did."""
        began = time.monotonic()
        if lacks := lacking(vector, self.capabilities, self.hardware.abilities):
            result = self._result(vector, Verdict.NOT_SUPPORTED, lacks)
        else:
            run = self._run(vector.id)
            result = await self._guarded(vector, run, lambda: self._steps(vector, run))
            if result.verdict in {Verdict.PASS, Verdict.NOT_OBSERVED}:
                ended = await self._guarded(vector, run, lambda: self._after(run))
                result = result if ended.verdict is Verdict.PASS else ended
            if result.verdict in {Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE}:
                result = await self._with_findings(result)
            self._release(run)
        return result.changed(seconds=round(time.monotonic() - began, 6))

    async def _guarded(
        self, vector: Vector, run: Run, body: Callable[[], Awaitable[int | None]]
    ) -> Result:
        try:
            cycles = await body()
        except Mismatch as error:
            return self._failure(vector, run, error)
        except Unsupported as error:
            return self._result(vector, Verdict.NOT_SUPPORTED, str(error))
        except Inconclusive as error:
            return self._at(self._result(vector, Verdict.INCONCLUSIVE, str(error)), run, "guard")
        except (DeviceLost, IncompatibleDevice) as error:
            lost = Mismatch("lost", "configuration space", "the device", str(error))
            return self._failure(vector, run, lost)
        except (Broken, ValueUnknown, DoorbellError) as error:
            return self._at(self._result(vector, Verdict.ERROR, f"host: {error}"), run, "host")
        except Exception as error:  # noqa: BLE001 - a vector never takes the player down
            text = f"player: {type(error).__name__}: {error}"
            self._log({"vector": vector.id, "trace": traceback.format_exc()})
            return self._at(self._result(vector, Verdict.ERROR, text), run, "player")
        verdict = Verdict.NOT_OBSERVED if run.unobserved else Verdict.PASS
        text = "host ability link: no analyser" if run.unobserved else ""
        return self._result(vector, verdict, text).changed(cycles=cycles)

    async def _steps(self, vector: Vector, run: Run) -> int | None:
        """Reset, map, do the steps; return the device cycles they took, if the device can tell."""
        hardware = self.hardware
        hardware.begin()
        await perform(run, self.suite.recipes["reset"], recipe="reset")
        run.op = "map"
        seed = f"{self._seed} {vector.id}"
        high = "high_addresses" in hardware.abilities
        placed = place(vector.buffers, seed, hardware.allocate, high=high)
        for name, buffer in placed.items():
            run.values.buffers[name] = buffer.address
        for name, buffer in placed.items():
            data = run.octets(vector.buffers[name].init).exact()
            buffer.memory[:] = np.frombuffer(data, np.uint8)
            hardware.map(buffer)
            run.buffers[name] = buffer
            run.tell(name, buffer.address)
        hardware.transport.publish()
        run.faults = len(hardware.transport.faults())
        run.interrupts = {
            number: hardware.transport.interrupts(number)
            for number in range(hardware.function.vectors)
        }
        watched = any(step["op"] == "link" for step in vector.steps)
        if watched and "link" in hardware.abilities:
            run.tlps = len(hardware.lab("link").link())
        start = await self._clock.read()
        await perform(run, vector.steps)
        end = await hardware.read(0, self.suite.clock, 8)
        # A vector may end with the device's memory space off.
        return None if end == (1 << 64) - 1 else (end - start) % (1 << 64)

    async def _after(self, run: Run) -> None:
        """Check what a vector must leave behind: intact guard bytes, a usable device, silent checkers."""
        run.step, run.op = None, "guard bytes"
        for buffer in run.buffers.values():
            if (spill := buffer.spilled()) is not None:
                where = f"bus address {spill:#x}, outside buffer {buffer.name!r}"
                run.tell(where, None, "the guard pattern", ok=False)
                raise Mismatch("spill", where, "the guard pattern", "another byte")
        self._release(run)
        await self.hardware.restore()
        await perform(run, self.suite.recipes["health"], recipe="health")
        run.op = "checkers"
        for line in await self.hardware.findings():
            rule, _, what = line.partition(": ")
            run.tell("link", None, rule, ok=False)
            raise Mismatch(rule, "link", f"{rule} to hold", what)

    def _release(self, run: Run) -> None:
        """Unmap whatever of the vector is mapped."""
        for name, buffer in run.buffers.items():
            if name not in run.unmapped:
                self.hardware.unmap(buffer)
        run.buffers.clear()

    def _result(self, vector: Vector, verdict: Verdict, text: str) -> Result:
        return Result(vector.id, vector.name, verdict, text, hash=vector.hash)

    def _at(self, result: Result, run: Run, kind: str) -> Result:
        bucket = signature(run.op, "", kind)
        return result.changed(step=run.step, op=run.op, signature=bucket)

    def _failure(self, vector: Vector, run: Run, error: Mismatch) -> Result:
        rule = vector.rules[0]
        if run.op == "checkers":
            rule = error.kind if error.kind != "leak" else _RULES["leak"]
        return self._result(vector, Verdict.FAIL, str(error)).changed(
            step=run.step,
            op=run.op,
            rule=rule,
            signature=signature(run.op, rule, error.kind),
            where=error.where,
            expected=error.expected,
            actual=error.actual,
        )

    async def _with_findings(self, result: Result) -> Result:
        """Add what the checkers say to a failure: it is often the cause."""
        try:
            await self.hardware.restore()
            found = await self.hardware.findings()
        except Exception as error:  # noqa: BLE001 - a dead device; the failure itself is reported
            found = [f"the checkers could not be asked: {error}"]
        return result.changed(text=result.text + "".join(f"\nalso {line}" for line in found[:3]))
