"""What goes into a simulator: sources in compile order, flags, and a digest that names the build."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from doorbell_tb.errors import BuildError

__all__ = ["CHECKOUT", "Inputs", "collect"]

CHECKOUT = Path(__file__).resolve().parents[2]
"""The project's folder: simulators are built from a checkout."""

_TESTBENCH = CHECKOUT / "testbench"
_CONTRACT_HEADERS = CHECKOUT / "contract" / "gen"
_DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that decides what the simulator is, but for the tools."""

    controls: tuple[Path, ...]
    """Verilator control files: what Python sees, lint exceptions."""
    sources: tuple[Path, ...]
    """SystemVerilog, in compile order, the testbench last."""
    include: tuple[Path, ...]
    """Folders of SystemVerilog headers."""
    host: tuple[Path, ...]
    """C++ of the host side."""
    headers: tuple[Path, ...]
    """Headers of all kinds: they count for the digest."""
    host_include: tuple[Path, ...]
    defines: tuple[str, ...]
    """`NAME=value` or `NAME`."""
    waves: str
    """`fst`, `vcd` or empty."""
    coverage: bool
    """Count what lines, toggles and expressions of the device are exercised."""

    def digest(self, tools: str) -> str:
        """Return the build's name: a hash of contents, flags and `tools` (versions and flags)."""
        return _hash(
            [tools, *self.defines, self.waves, *self._counted()],
            [*self.controls, *self.sources, *self.host, *self.headers],
        )

    def host_digest(self, tools: str) -> str:
        """Return the same for what does not depend on the device: host and runtime objects."""
        return _hash([tools, self.waves, *self._counted()], [*self.host, *self.headers])

    def _counted(self) -> list[str]:
        """Return words for the digest that leave the names of other builds as they are."""
        return ["coverage"] if self.coverage else []


def collect(
    *,
    public: Sequence[Path],
    replace: Mapping[Path, Path],
    extra: Sequence[Path],
    defines: Mapping[str, str],
    device: Path,
    waves: str,
    coverage: bool = False,
) -> Inputs:
    """Find all files of a build (arguments as for `build.build`). Raises `BuildError`."""
    replaced = {original.resolve(): edited.resolve() for original, edited in replace.items()}
    listed, include, listed_defines = _read_list(device)
    unknown = [str(path) for path in replaced if path not in listed]
    if unknown:
        raise BuildError(f"to be replaced, but not listed in {device}: {', '.join(unknown)}")
    sources = [path.resolve() for path in extra]
    sources += [replaced.get(path, path) for path in listed]
    sources.append(_TESTBENCH / "top" / "doorbell_tb.sv")
    controls = [_TESTBENCH / "top" / "public.vlt", *(path.resolve() for path in public)]
    host = sorted((_TESTBENCH / "host").glob("*.cpp"))
    headers = sorted((_TESTBENCH / "host").glob("*.h")) + sorted(_CONTRACT_HEADERS.glob("*.h"))
    headers += sorted(path for folder in include for path in folder.glob("*.*vh"))
    for path in [*controls, *sources, *host, *headers]:
        if not path.is_file():
            raise BuildError(f"{path}: no such file; listed in {device}, or asked for")
    return Inputs(
        controls=tuple(controls),
        sources=tuple(sources),
        include=tuple(include),
        host=tuple(host),
        headers=tuple(headers),
        host_include=(_TESTBENCH / "host",),
        defines=(
            *listed_defines,
            *(f"{name}={value}" if value else name for name, value in defines.items()),
        ),
        waves=waves,
        coverage=coverage,
    )


def _read_list(path: Path) -> tuple[list[Path], list[Path], list[str]]:
    """Read sources, folders of headers and macros from a list, whose paths are relative to it.

    A line is a path, `+incdir+FOLDER`, `+define+NAME=VALUE` or a comment.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise BuildError(f"{path}: cannot read the list of sources: {why}") from None
    here = path.resolve().parent
    sources: list[Path] = []
    defines: list[str] = []
    include = [here]
    for raw in text.splitlines():
        line = raw.split("//")[0].split("#")[0].strip()
        if line.startswith("+incdir+"):
            include.append((here / line.removeprefix("+incdir+")).resolve())
        elif line.startswith("+define+"):
            defines.append(line.removeprefix("+define+"))
        elif line.startswith(("+", "-")):
            known = "paths, +incdir+FOLDER and +define+NAME=VALUE"
            raise BuildError(f"{path}: {line!r}: only {known} are known here")
        elif line:
            sources.append((here / line).resolve())
    return sources, list(dict.fromkeys(include)), defines


def _hash(words: list[str], files: list[Path]) -> str:
    total = hashlib.sha256()
    for word in words:
        total.update(word.encode() + b"\0")
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.name}\0{content}\0".encode())
    return total.hexdigest()[:_DIGEST_CHARACTERS]
