"""The launcher of the device "rtl": each program runs in a simulator process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, RunOptions, with_replay
from doorbell_tb.errors import BuildError, ProfileError, SimulationError
from doorbell_tb.job import STDOUT_VARIABLE, Job
from doorbell_tb.profiles import names, profile

if TYPE_CHECKING:
    from doorbell_tb.transport import RtlTransport

__all__ = ["RtlLauncher", "launcher"]


class RtlLauncher:
    """Runs programs on the RTL under Verilator; see `doorbell.launch.Launcher`.

    With ``coverage`` each run also leaves ``coverage.dat``: what of the RTL it exercised.
    """

    def __init__(self, *, coverage: bool = False) -> None:
        self._coverage = coverage

    def at(self, place: str) -> RtlLauncher:
        """Return the launcher of a variant: "rtl:coverage" counts. Raises LookupError for another name."""
        if place != "coverage":
            raise LookupError(f"device 'rtl:{place}': there are rtl and rtl:coverage")
        return RtlLauncher(coverage=True)

    def attach(self) -> RtlTransport:
        """Return the transport of the simulator that this process is.

        Raises `SimulationError` elsewhere.
        """
        from doorbell_tb.inside import bench

        return bench().transport

    @property
    def profiles(self) -> Sequence[str]:
        """Names in `profiles.yaml`."""
        return names()

    def launch(self, target: str, arguments: Mapping[str, Any], options: RunOptions) -> Outcome:
        """Run ``module:function`` in a simulator, which is built first if it is not there.

        Leaves ``results.json``, ``trace.npy``, ``sim.log``, ``job.json`` and, with
        ``options.waves``, ``dump.fst`` in ``options.out``.
        """
        from doorbell_tb.build import build
        from doorbell_tb.simulation import simulate

        job = Job(
            out=options.out.resolve(),
            seed=options.seed,
            profile=options.profile,
            strict=options.strict,
            deadline=options.deadline,
            target=target,
            arguments=arguments,
            path=tuple(sys.path),
        )
        try:
            profile(options.profile)
            variant = "-".join(["waves"] * options.waves + ["coverage"] * self._coverage)
            program = build(variant or "default", waves=options.waves, coverage=self._coverage)
            sys.stdout.flush()
            output = os.dup(1)
            try:
                ending = simulate(
                    program,
                    "doorbell_tb.program",
                    job,
                    waves=options.waves,
                    rewrite=f"{target.partition(':')[0].rpartition('.')[2]}.py",
                    environment={STDOUT_VARIABLE: str(output)},
                    files=(output,),
                    progress=lambda line: print(line, file=sys.stderr, flush=True),
                )
            finally:
                os.close(output)
        except (ProfileError, SimulationError) as error:
            return Outcome(ExitCode.USAGE, {}, str(error))
        except BuildError as error:
            return Outcome(ExitCode.SETUP, {}, str(error))
        outcome = Outcome(ending.code, ending.result, ending.message)
        name = "rtl:coverage" if self._coverage else "rtl"
        return with_replay(outcome, name, target, arguments, options)


launcher = RtlLauncher()
