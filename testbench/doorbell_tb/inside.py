"""The simulator's side of a run: sets the host up, watches over the test, checks and reports at its end.

There is one `Bench` in a simulator process, made by the first call of `bench()`.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import cocotb
import numpy as np
from cocotb.triggers import Timer

from doorbell.blame import LIBRARIES, describe
from doorbell.errors import DeadlineExceeded
from doorbell.exit_codes import ExitCode
from doorbell.launch import exit_code
from doorbell_tb import checkers, interrupts, lifeline, segments
from doorbell_tb.checkers import Evidence, Finding, leaks
from doorbell_tb.errors import (
    BuildError,
    HostError,
    ProfileError,
    ProtocolError,
    SimulationError,
)
from doorbell_tb.host import Host
from doorbell_tb.job import Job, write_json
from doorbell_tb.lab import RtlLab
from doorbell_tb.profiles import Profile, profile
from doorbell_tb.trace import TLP
from doorbell_tb.transport import RtlTransport

__all__ = ["LEAK", "Bench", "bench", "code_of"]

LEAK = "leak"
"""Stands for a rule in findings about what is left behind."""

_SETTLE_CYCLES = 20_000
_CYCLE_NS = 4
_WATCHES = 5
"""The watchdog looks so often, four times in a deadline, before it takes a silent simulation for a hang."""
_CODES: dict[type[BaseException], ExitCode] = {
    ProtocolError: ExitCode.PROTOCOL,
    BuildError: ExitCode.SETUP,
    ProfileError: ExitCode.USAGE,
    HostError: ExitCode.USAGE,
    SimulationError: ExitCode.USAGE,
}
_HERE = Path(__file__).resolve().parent
_LIBRARIES = (*LIBRARIES, _HERE, Path(str(cocotb.__file__)).resolve().parent)

T = TypeVar("T")


def code_of(error: BaseException) -> ExitCode:
    """Return the exit code that stands for an exception of a program or test."""
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code
    return exit_code(error)


class Bench:
    """Host, transport and bookkeeping of this simulator process."""

    def __init__(self, job: Job) -> None:
        lifeline.hold()
        self.job = job
        self.host = Host()
        self.resets: list[int] = []
        self.expected: set[str] = set()
        self.lab = RtlLab(self)
        self.windows = False
        """The program judges its own stretches of the run (`lab`), so the end does not judge the whole."""
        self._began = perf_counter()
        self._spoiled = False
        self._hang: DeadlineExceeded | None = None
        self._before = np.empty(0, TLP)
        self._found: list[Finding] = []
        self.transport = self.configure(profile(job.profile), job.seed)

    def configure(self, behaviour: Profile, seed: int) -> RtlTransport:
        """Start link, device and trace afresh; returns the new transport."""
        self.host.configure(behaviour, seed)
        self.host.set_strict(self.job.strict)
        self.resets.clear()
        self._before = np.empty(0, TLP)
        self.transport = RtlTransport(self.host, seed=seed, patience=self.job.deadline)
        return self.transport

    def spoil(self) -> None:
        """Note that raw TLPs were sent or faults injected."""
        self._spoiled = True

    async def checkpoint(self) -> None:
        """Judge every TLP so far, then forget all but the configuration requests.

        To be called while the device is idle. Raises `ProtocolError` with what the checkers found,
        or when the link does not come to rest.
        """
        transport = self.transport
        limit = transport.now() + _SETTLE_CYCLES
        while not self.host.quiet:
            if transport.now() >= limit:
                lines = "; ".join(transport.leaks()) or "TLPs come and go"
                raise ProtocolError(f"no checkpoint while the link is in use: {lines}")
            await transport.wait(transport.events(), min(limit, transport.now() + 256))
        findings = self._findings()
        surprises = [str(one) for one in findings if one.rule not in self.expected]
        if surprises:
            raise ProtocolError("\n".join(surprises))
        self._found = findings
        self._before = segments.configuration(segments.joined(self._before, self.host.trace()))
        self.host.trace_clear()
        self.resets.clear()
        transport.journal.restart(len(self._before))

    async def supervise(self, body: Coroutine[Any, Any, T]) -> T:
        """Run a test or program to its end, then the checks; leave the results whatever happens.

        Raises what the body raised, `ProtocolError` with what the checkers found, or
        `DeadlineExceeded` when nothing has happened on the link for the job's deadline.
        """
        watchdog = cocotb.start_soon(self._watch())
        try:
            result = await body
            await self._settle()
            pending = await interrupts.pending(self.transport)
        except BaseException as error:
            self._report(self._hang or error, None, self._findings())
            raise
        finally:
            watchdog.cancel()
        findings = self._findings()
        if not self.transport.abandoned:
            left = [*self.transport.remains(), *leaks.pending(pending)]
            findings += [Finding(LEAK, line, self.host.cycle) for line in left]
        surprises = self._surprises(findings)
        if surprises:
            failure = ProtocolError("\n".join(surprises))
            self._report(failure, None, findings)
            raise failure
        self._report(None, result, findings)
        return result

    async def _watch(self) -> None:
        """End a test that waits for what never comes without asking the transport, which has deadlines."""
        silent, seen = 0, self.host.event_count
        while silent < _WATCHES:
            await Timer(max(1, self.job.deadline // (_WATCHES - 1)) * _CYCLE_NS, "ns")
            silent = silent + 1 if self.host.event_count == seen else 0
            seen = self.host.event_count
        self._hang = DeadlineExceeded(
            f"the test still runs and nothing has happened for {self.job.deadline:,} cycles: no MMIO answer, no"
            " interrupt, no watched write; what does it wait for?"
        )
        raise self._hang

    async def _settle(self) -> None:
        """Let what is under way arrive, so that only what is lost counts as left behind."""
        transport = self.transport
        limit = transport.now() + _SETTLE_CYCLES
        while transport.now() < limit and not (self.host.quiet and not transport.remains()):
            await transport.wait(transport.events(), min(limit, transport.now() + 256))

    def _findings(self) -> list[Finding]:
        transport, host = self.transport, self.host
        if self.windows:
            return []
        evidence = Evidence(
            trace=segments.joined(self._before, host.trace()),
            faults=host.faults(),
            journal=transport.journal,
            resets=tuple(self.resets),
            faults_told=host.fault_count if transport.abandoned else transport.faults_told,
            spoiled=self._spoiled or host.stats().injected > 0,
        )
        findings = [*self._found, *checkers.check(evidence)]
        if host.trace_dropped:
            what = f"the TLP trace is full, {host.trace_dropped} TLPs are missing: call link.checkpoint() in between"
            findings.append(Finding("trace", what, host.cycle))
        return findings

    def _surprises(self, findings: list[Finding]) -> list[str]:
        """Return a line for each finding that was not expected, and each expected one that is missing."""
        lines = [str(finding) for finding in findings if finding.rule not in self.expected]
        missing = self.expected - {finding.rule for finding in findings}
        return lines + [
            f"{rule}: expected to be broken here, but it held" for rule in sorted(missing)
        ]

    def _report(self, error: BaseException | None, result: Any, findings: list[Finding]) -> None:
        out, host = self.job.out, self.host
        message = self._message(error) if error is not None else ""
        if error is not None and not isinstance(error, ProtocolError) and findings:
            message += "".join(f"\nalso {finding}" for finding in findings)
        trace = segments.joined(self._before, host.trace())
        np.save(out / ".trace.npy.new.npy", trace)
        (out / ".trace.npy.new.npy").replace(out / "trace.npy")
        content = {
            "device": "rtl",
            "target": self.job.target or f"{self.job.file}:{self.job.test}",
            "arguments": dict(self.job.arguments),
            "seed": self.job.seed,
            "profile": self.job.profile,
            "code": int(ExitCode.RIGHT if error is None else code_of(error)),
            "message": message,
            "cycles": host.cycle,
            "wall_seconds": round(perf_counter() - self._began, 3),
            "tlps": len(trace),
            "findings": [asdict(finding) for finding in findings],
            "stats": asdict(host.stats()),
        }
        write_json(out / "results.json", content | {"result": result})

    def _message(self, error: BaseException) -> str:
        """Say what, where, when, and which rule."""
        if isinstance(error, ProtocolError):
            return str(error)
        return describe(error, self.host.cycle, _LIBRARIES)


_bench: Bench | None = None


def bench() -> Bench:
    """Return the bench of this simulator process; the first call starts link and device.

    Raises `SimulationError` or `HostError` outside a Doorbell simulation.
    """
    global _bench  # noqa: PLW0603 - one simulator, one host
    if _bench is None:
        _bench = Bench(Job.current())
    return _bench
