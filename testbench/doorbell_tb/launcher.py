"""The launchers of the devices "rtl" and "rtl:PLACE": each program runs in a simulator process of its own.

PLACE is `TOP@FILELIST` for somebody else's RTL (`doorbell_tb.foreign`), or the name of a legal variant of ours
(`doorbell_tb.variants`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from doorbell.exit_codes import ExitCode
from doorbell.launch import Outcome, RunOptions, with_replay
from doorbell_tb.errors import BuildError, ProfileError, SimulationError
from doorbell_tb.job import VARIABLE, Job
from doorbell_tb.profiles import names, profile

if TYPE_CHECKING:
    from doorbell_tb.build import Build
    from doorbell_tb.transport import RtlTransport

__all__ = ["RtlLauncher", "launcher"]


_NESTED: Final = (
    "a simulation is started from inside a simulation: the simulator imports the program's module, so what "
    'starts it (`doorbell.run`) must stand below `if __name__ == "__main__":`'
)
Builder = Callable[[bool], "Build"]
"""Returns a simulator, with waves if asked for; raises BuildError."""


class RtlLauncher:
    """Runs programs on RTL under Verilator; see `doorbell.launch.Launcher` and `Placed`."""

    def __init__(self, name: str, builder: Builder) -> None:
        """``name`` is the device's in commands."""
        self._name = name
        self._builder = builder

    def at(self, place: str) -> RtlLauncher:
        """Return the launcher of other RTL: ``TOP@FILELIST``, or the name of a variant.

        Each run of "rtl:coverage" also leaves ``coverage.dat``: what of the RTL it exercised.

        Raises:
            LookupError: there is no variant of that name.
        """
        top, separator, sources = place.partition("@")
        if separator:
            return RtlLauncher(f"rtl:{place}", lambda waves: _foreign(Path(sources), top, waves))
        from doorbell_tb.variants import VARIANTS

        if place == "coverage":
            return RtlLauncher("rtl:coverage", lambda waves: _ours(waves, coverage=True))
        if place not in VARIANTS:
            known = ", ".join(["coverage", *VARIANTS])
            raise LookupError(f"no variant {place!r} of the RTL: give {known}, or TOP@FILELIST")
        return RtlLauncher(f"rtl:{place}", lambda waves: _variant(place, waves))

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
        from doorbell_tb.simulation import simulate

        if VARIABLE in os.environ:  # else each simulator would start the next one
            return Outcome(ExitCode.USAGE, {}, _NESTED)
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
            program = self._builder(options.waves)
            sys.stdout.flush()
            output = os.dup(1)
            try:
                ending = simulate(
                    program,
                    "doorbell_tb.program",
                    job,
                    waves=options.waves,
                    rewrite=f"{target.partition(':')[0].rpartition('.')[2]}.py",
                    output=output,
                    progress=lambda line: print(line, file=sys.stderr, flush=True),
                )
            finally:
                os.close(output)
        except (ProfileError, SimulationError) as error:
            return Outcome(ExitCode.USAGE, {}, str(error))
        except BuildError as error:
            return Outcome(ExitCode.SETUP, {}, str(error))
        outcome = Outcome(ending.code, ending.result, ending.message)
        return with_replay(outcome, self._name, target, arguments, options)


# Verilator and cocotb are looked for only when something is built.
def _ours(waves: bool, *, coverage: bool = False) -> Build:
    from doorbell_tb.build import build

    variant = "-".join(["waves"] * waves + ["coverage"] * coverage)
    return build(variant or "default", waves=waves, coverage=coverage)


def _variant(name: str, waves: bool) -> Build:
    from doorbell_tb.variants import variant_build

    return variant_build(name, waves=waves)


def _foreign(sources: Path, top: str, waves: bool) -> Build:
    from doorbell_tb.foreign import foreign_build

    return foreign_build(sources, top, waves=waves)


launcher = RtlLauncher("rtl", _ours)
