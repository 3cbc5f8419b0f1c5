"""Which mutants a campaign has: drawn by seed from all sites, each with a permanent id, all in one simulator."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from doorbell_tb.build import Build, Progress, build
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.build_tools import Tools
from doorbell_tb.errors import BuildError
from doorbell_tb.mutation.schemata import PACKAGE, mutated
from doorbell_tb.mutation.sites import Site, sites

__all__ = ["Mutant", "accepted", "all_mutants", "draw", "simulator"]

_RTL = CHECKOUT / "rtl"
_ERROR = re.compile(r"^%Error[^:]*: ([^:\s]+):(\d+):(\d+):", re.MULTILINE)
_CHOICE = re.compile(r"mutant_pkg::chosen == (\d+)")
_PACKAGE = "mutant_pkg.sv"
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Mutant:
    """A site with its name for ever."""

    id: str
    """`M` and 10 hex digits, from what is changed into what in which line's text: it survives edits elsewhere."""
    site: Site

    @property
    def module(self) -> str:
        """The module (or package) it is in; one a file."""
        return self.site.file.stem


def all_mutants(folder: Path = _RTL) -> tuple[Mutant, ...]:
    """Return every mutant of the device, by file and place. Raises ``ValueError`` when a source does not parse."""
    found = []
    for path in sorted(folder.glob("*.sv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        seen: Counter[str] = Counter()
        for site in sites(path):
            key = "|".join(
                (path.name, lines[site.line - 1].strip(), site.kind, site.original, site.text)
            )
            seen[key] += 1
            digest = hashlib.sha256(f"{key}|{seen[key]}".encode()).hexdigest()
            found.append(Mutant(f"M{digest[:10]}", site))
    return tuple(found)


def draw(mutants: Sequence[Mutant], count: int, seed: int) -> tuple[Mutant, ...]:
    """Return ``count`` mutants (or all there are): every module gets its share, at least one.

    A larger draw of the same seed holds all mutants of a smaller one.
    """
    modules: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        modules.setdefault(mutant.module, []).append(mutant)
    chosen: list[Mutant] = []
    share = min(1.0, count / max(1, len(mutants)))
    for name in sorted(modules):
        own = modules[name]
        shuffled = random.Random(f"{seed} {name}").sample(own, len(own))
        chosen += shuffled[: max(1, round(share * len(own)))]
    return tuple(sorted(chosen, key=lambda one: (one.site.file, one.site.start, one.id)))


def simulator(
    mutants: Sequence[Mutant], folder: Path, progress: Progress | None = None
) -> tuple[Build, Mapping[int, Mutant]]:
    """Return one simulator with all of them and their numbers (`+mutant=N`), without those that are no SystemVerilog.

    ``folder`` takes the mutated sources. Raises `BuildError`.
    """
    replace, numbered = accepted(mutants, folder)
    extra = [folder / _PACKAGE]
    return build("mutation", replace=replace, extra=extra, progress=progress), numbered


def accepted(
    mutants: Sequence[Mutant], folder: Path
) -> tuple[Mapping[Path, Path], Mapping[int, Mutant]]:
    """Return which source each mutated file in ``folder`` replaces, and the mutants in them by number.

    Mutants that are no SystemVerilog are left out, those beside them stay; numbers count all of ``mutants`` from 1.
    Raises `BuildError`.
    """
    numbered = dict(enumerate(mutants, 1))
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / _PACKAGE
    package.write_text(PACKAGE, encoding="utf-8")
    for _ in range(_ROUNDS):
        replace = _write(numbered, folder)
        wrong = _refused(replace, package)
        if not wrong:
            return replace, numbered
        numbered = {number: one for number, one in numbered.items() if number not in wrong}
    raise BuildError(f"mutants that Verilator refuses are left after {_ROUNDS} rounds: {wrong}")


def _write(numbered: Mapping[int, Mutant], folder: Path) -> dict[Path, Path]:
    files: dict[Path, dict[int, Site]] = {}
    for number, mutant in numbered.items():
        files.setdefault(mutant.site.file, {})[number] = mutant.site
    replace = {}
    for path, own in files.items():
        replace[path] = folder / path.name
        replace[path].write_text(mutated(path.read_bytes(), own), encoding="utf-8")
    return replace


def _refused(replace: Mapping[Path, Path], package: Path) -> set[int]:
    """Return the numbers of those that Verilator calls errors: an enumeration that became a number, mostly."""
    tools = Tools.find()
    listed = [
        (_RTL / line.split("//")[0].strip()).resolve()
        for line in (_RTL / "doorbell.f").read_text().splitlines()
        if line.split("//")[0].strip() and not line.startswith("+")
    ]
    sources = [package, *(replace.get(path, path) for path in listed)]
    argv = [
        str(tools.verilator),
        "--lint-only",
        "--assert",
        "-Wno-lint",
        "-Wno-style",
        "-Wno-fatal",
    ]
    argv += ["--error-limit", "10000", "--top-module", "doorbell_device", f"-I{_RTL}"]
    done = subprocess.run(
        [*argv, *map(str, sources)],
        env=tools.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    wrong: set[int] = set()
    texts = {str(path): path.read_text().splitlines() for path in replace.values()}
    errors = _ERROR.findall(done.stderr)
    for name, line, column in errors:
        if name in texts:
            wrong.update(_blamed(texts[name][int(line) - 1], int(column)))
    if done.returncode and not wrong:
        raise BuildError(f"mutated sources do not read:\n{done.stderr[:2000]}")
    return wrong


def _blamed(text: str, column: int) -> set[int]:
    """Return the number whose choice an error at ``column`` (from 1) is in: the last that begins before it.

    An error before all choices of the line is of the whole line: any of them may be wrong.
    """
    choices = list(_CHOICE.finditer(text))
    before = [choice for choice in choices if choice.start() < column][-1:]
    return {int(choice[1]) for choice in before or choices}
