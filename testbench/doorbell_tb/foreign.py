"""Somebody else's RTL in the device's place: a list of sources and a module with the ports of `doorbell_device`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

from doorbell_tb.build import TOPLEVEL, Build, build
from doorbell_tb.build_inputs import collect
from doorbell_tb.build_tools import Tools
from doorbell_tb.errors import BuildError

__all__ = ["foreign_build"]

_BENCH: Final = re.escape(f"{TOPLEVEL}.sv")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
# What Verilator says about the place where the testbench connects the device. Lint of the device itself is its owner's.
_PORTS: Final = re.compile(
    rf"%(?:Warning|Error)-(?:PINMISSING|PINNOTFOUND|WIDTH\w*|PORTSHORT): [^\n]*{_BENCH}:\d+:\d+: ([^\n]*)"
)
_ERROR: Final = re.compile(r"^%Error(?!: Exiting)[^\n]*", re.MULTILINE)
_HINT: Final = "docs/attach.md lists the ports"


def foreign_build(sources: Path, top: str, *, waves: bool = False) -> Build:
    """Return a simulator with module ``top`` of the list ``sources`` as its device, built if it is not there yet.

    Raises:
        BuildError: the list or a file of it is missing, no module has that name, its ports are not the device's, or
            the sources have an error.
    """
    if not _NAME.fullmatch(top):
        raise BuildError(f"--top {top!r}: is no name of a SystemVerilog module")
    defines = {"DOORBELL_DEVICE": top}
    _check_ports(sources, top, defines)
    return build(f"foreign-{top}", waves=waves, device=sources, defines=defines)


def _check_ports(sources: Path, top: str, defines: dict[str, str]) -> None:
    """Elaborate once with Verilator's eyes open: a build is silent on widths and on inputs left open."""
    inputs = collect(
        public=(), replace={}, extra=(), defines=defines, device=sources, waves="", coverage=False
    )
    tools = Tools.find()
    argv = [str(tools.verilator), "--lint-only", "--timing", "-Wno-fatal", "-Wno-style"]
    argv += ["--timescale", "1ns/1ns", "--top-module", TOPLEVEL]
    argv += [f"-I{folder}" for folder in inputs.include]
    argv += [f"-D{define}" for define in inputs.defines]
    argv += [str(path) for path in inputs.sources]
    ran = subprocess.run(
        argv, capture_output=True, text=True, errors="replace", env=tools.environment(), check=False
    )
    said = ran.stdout + ran.stderr
    wrong = list(dict.fromkeys(found[1].strip() for found in _PORTS.finditer(said)))
    if wrong:
        listed = "".join(f"\n  {line}" for line in wrong)
        raise BuildError(f"{sources}: ports of {top} are not those of a device:{listed}\n  {_HINT}")
    if f"containing module: '{top}'" in said:
        raise BuildError(f"{sources}: no module {top!r} in its files; give --top one that is there")
    if ran.returncode:
        first = _ERROR.search(said)
        raise BuildError(f"{sources}: {first[0] if first else said.strip()[-400:]}")
