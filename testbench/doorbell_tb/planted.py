"""Planted bugs: named edits of the device and the runtime, each with what must catch it.

The catalogue is `tests/planted/*.yaml`. Edits of SystemVerilog are all compiled into one simulator,
where `+planted=NUMBER` chooses the one that acts; without a choice none does. Edits of the runtime
make a copy of the package, to stand first on PYTHONPATH. The sources themselves carry none.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from doorbell.contract import rules
from doorbell.exit_codes import ExitCode
from doorbell_tb.build import Build, Progress, build
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.errors import PlantedError
from doorbell_tb.profiles import names

__all__ = [
    "CATALOGUE",
    "MARK",
    "Bug",
    "Catch",
    "Edit",
    "Run",
    "edited",
    "load",
    "package",
    "simulator",
]

CATALOGUE = CHECKOUT / "tests" / "planted"
"""Folder of the catalogue and of the package that holds the choice."""
MARK = "${PLANTED}"
"""In the replacement of SystemVerilog: true while this bug is chosen."""

_PITFALLS = range(1, 41)
_RUNTIME = Path("runtime")
_NEEDED = {"id", "name", "pitfalls", "rule", "hunts", "edits", "caught_by"}
_RUN = {"program", "scenario", "vector", "profile", "deadline"}
_ID = re.compile(r"PB-(\d{3})")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one file."""

    file: Path
    """Relative to the checkout: SystemVerilog below `rtl/`, or Python of the runtime."""
    find: str
    """Stands there exactly once."""
    replace: str


@dataclass(frozen=True, slots=True)
class Run:
    """One simulator process: a program, a scenario or a vector."""

    program: str = ""
    """``module:function``."""
    scenario: str = ""
    """``file:test``, a cocotb test of `tests/scenarios`."""
    vector: str = ""
    """Id of a directed vector."""
    profile: str = "harsh"
    deadline: int = 100_000
    """Hang limit of a wait in a program, device cycles; a scenario has its own."""


@dataclass(frozen=True, slots=True)
class Catch:
    """What must turn red, and how; exactly one of ``run`` and ``test`` is given."""

    run: Run | None
    test: str
    """pytest node, for bugs of the runtime that simulated time does not show."""
    ends: ExitCode
    says: str
    """Regular expression that the failure's message holds."""


@dataclass(frozen=True, slots=True)
class Bug:
    """One planted bug."""

    id: str
    """`PB-` and three digits, for ever."""
    name: str
    pitfalls: tuple[int, ...]
    """Rows of the list of pitfalls that this bug stands for; none for a bug of its own kind."""
    rule: str
    """The rule of the contract that it breaks."""
    hunts: str
    """What it does, in one sentence."""
    edits: tuple[Edit, ...]
    caught_by: tuple[Catch, ...]
    escapes: tuple[Run, ...]
    """What does not notice it, to show that something else is needed: an easier profile, say."""

    @property
    def number(self) -> int:
        """What `+planted=` takes."""
        return int(self.id.removeprefix("PB-"))

    @property
    def in_runtime(self) -> bool:
        """Whether it edits the runtime, not the device."""
        return self.edits[0].file.suffix == ".py"

    @property
    def plusargs(self) -> tuple[str, ...]:
        """What makes the simulator act it out."""
        return () if self.in_runtime else (f"+planted={self.number}",)


def load(folder: Path = CATALOGUE) -> tuple[Bug, ...]:
    """Read every `*.yaml` of the catalogue, checked, by id.

    Raises `PlantedError` naming file, bug and field.
    """
    bugs: dict[str, Bug] = {}
    for path in sorted(folder.glob("*.yaml")):
        entries = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        if not isinstance(entries, list):
            raise PlantedError(f"{path}: must be a list of bugs")
        for entry in entries:
            bug = _bug(path, entry)
            if bug.id in bugs or bug.name in {other.name for other in bugs.values()}:
                raise PlantedError(f"{path}: {bug.id} {bug.name}: id or name is taken already")
            bugs[bug.id] = bug
    return tuple(bugs[key] for key in sorted(bugs))


def _bug(path: Path, entry: Any) -> Bug:
    where = f"{path}: {entry.get('id', entry) if isinstance(entry, dict) else entry}"
    fields = _fields(where, entry, _NEEDED, {"escapes"})
    if not _ID.fullmatch(str(fields["id"])) or not _NAME.fullmatch(str(fields["name"])):
        raise PlantedError(f"{where}: id must be PB-NNN, name words-with-hyphens: {fields['name']}")
    if fields["rule"] not in rules.RULES:
        raise PlantedError(f"{where}: no such rule: {fields['rule']}")
    for field in ("pitfalls", "edits", "caught_by"):
        if not isinstance(fields[field], list):
            raise PlantedError(f"{where}: {field} must be a list: {fields[field]!r}")
    unknown = [row for row in fields["pitfalls"] if row not in _PITFALLS]
    if unknown:
        raise PlantedError(f"{where}: pitfalls {unknown}: must be 1 to {_PITFALLS[-1]}")
    if not fields["edits"] or not fields["caught_by"]:
        raise PlantedError(f"{where}: needs at least one edit and something that catches it")
    bug = Bug(
        id=fields["id"],
        name=fields["name"],
        pitfalls=tuple(fields["pitfalls"]),
        rule=fields["rule"],
        hunts=str(fields["hunts"]),
        edits=tuple(_edit(where, edit) for edit in fields["edits"]),
        caught_by=tuple(_catch(where, catch) for catch in fields["caught_by"]),
        escapes=tuple(_run(where, run) for run in fields.get("escapes", ())),
    )
    if len({edit.file.suffix for edit in bug.edits}) > 1:
        raise PlantedError(f"{where}: edits either the device or the runtime, not both")
    if not bug.in_runtime and any(catch.test for catch in bug.caught_by):
        raise PlantedError(f"{where}: a bug of the device is caught by programs, not by `test`")
    if bug.in_runtime and any(
        catch.run and not catch.run.program and not catch.test for catch in bug.caught_by
    ):
        raise PlantedError(
            f"{where}: a bug of the runtime is caught by programs, not by scenarios or vectors"
        )
    return bug


def _edit(where: str, entry: Any) -> Edit:
    fields = _fields(where, entry, {"file", "find", "replace"})
    edit = Edit(Path(fields["file"]), str(fields["find"]), str(fields["replace"]))
    hardware = edit.file.suffix == ".sv" and edit.file.parts[0] == "rtl"
    software = edit.file.suffix == ".py" and edit.file.parts[:2] == ("runtime", "doorbell")
    if not (hardware or software):
        raise PlantedError(f"{where}: {edit.file}: must be rtl/*.sv or runtime/doorbell/*.py")
    if hardware != (MARK in edit.replace):
        raise PlantedError(
            f"{where}: {edit.file}: the replacement of SystemVerilog, and of nothing else, holds {MARK}"
        )
    return edit


def _catch(where: str, entry: Any) -> Catch:
    fields = _fields(where, entry, {"says"}, {"test", "ends", *_RUN})
    name = str(fields.get("ends", "wrong")).upper()
    if name not in ExitCode.__members__ or name == "RIGHT":
        raise PlantedError(f"{where}: ends {name}: must be wrong, usage, hang, protocol or setup")
    try:
        says = re.compile(str(fields["says"])).pattern
    except re.error as error:
        raise PlantedError(f"{where}: says {fields['says']!r}: {error}") from None
    run = {key: value for key, value in fields.items() if key in _RUN}
    if bool(run) == ("test" in fields):
        raise PlantedError(
            f"{where}: is caught by a program, a scenario, a vector or a test, by one of them"
        )
    return Catch(_run(where, run) if run else None, fields.get("test", ""), ExitCode[name], says)


def _run(where: str, entry: Any) -> Run:
    run = Run(**_fields(where, entry, set(), _RUN))
    if run.profile not in names():
        raise PlantedError(f"{where}: no profile {run.profile!r}")
    places = [place for place in (run.program, run.scenario) if place]
    if len(places) + bool(run.vector) != 1 or not all(":" in place for place in places):
        raise PlantedError(
            f"{where}: give program: module:function, or scenario: file:test, or vector: id: {run}"
        )
    return run


def _fields(
    where: str, entry: Any, needed: set[str], allowed: Iterable[str] = ()
) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise PlantedError(f"{where}: {entry!r}: must be a mapping")
    missing, unknown = needed - entry.keys(), entry.keys() - needed - set(allowed)
    if missing or unknown:
        raise PlantedError(f"{where}: lacks {sorted(missing)}, and {sorted(unknown)} are unknown")
    return entry


def edited(bugs: Iterable[Bug], root: Path = CHECKOUT) -> dict[Path, str]:
    """Return the new text of every file that ``bugs`` edit, by its path relative to ``root``.

    Raises `PlantedError` with a line for every edit whose text is not there exactly once, or that
    wants the place of another.
    """
    places: dict[Path, list[_Place]] = {}
    texts: dict[Path, str] = {}
    wrong = []
    for bug in bugs:
        for edit in bug.edits:
            try:
                text = texts.setdefault(edit.file, (root / edit.file).read_text(encoding="utf-8"))
            except OSError as error:
                wrong.append(f"{edit.file}: {bug.id} {bug.name}: {error.strerror}")
                continue
            count = text.count(edit.find)
            if count != 1:
                wrong.append(
                    f"{edit.file}: {bug.id} {bug.name}: this text is there {count} times, must be once;"
                    f" bring the edit up to date: {edit.find!r}"
                )
                continue
            new = edit.replace.replace(MARK, f"(planted_pkg::chosen == {bug.number})")
            at = text.index(edit.find)
            places.setdefault(edit.file, []).append(_Place(at, at + len(edit.find), new, bug.id))
    for file, found in places.items():
        found.sort(key=lambda place: place.start)
        wrong += [
            f"{file}: {one.bug} and {other.bug} edit the same place; merge or move one"
            for one, other in pairwise(found)
            if other.start < one.stop
        ]
    if wrong:
        raise PlantedError("\n".join(wrong))
    return {file: _spliced(texts[file], found) for file, found in places.items()}


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    stop: int
    new: str
    bug: str


def _spliced(text: str, places: list[_Place]) -> str:
    pieces, end = [], 0
    for place in places:
        pieces += [text[end : place.start], place.new]
        end = place.stop
    return "".join([*pieces, text[end:]])


def simulator(bugs: Iterable[Bug], progress: Progress | None = None) -> Build:
    """Return the simulator that holds every bug of the device; built when it is not there yet.

    Raises `PlantedError` as `edited`, or `BuildError`.
    """
    sources = edited(bug for bug in bugs if not bug.in_runtime)
    folder = _folder("rtl", sources)
    for file, text in sources.items():
        _write(folder / file.name, text)
    return build(
        "planted",
        replace={CHECKOUT / file: folder / file.name for file in sources},
        extra=[CATALOGUE / "planted_pkg.sv"],
        progress=progress,
    )


def package(bug: Bug) -> Path:
    """Return a folder, to stand first on PYTHONPATH, with the runtime that ``bug`` edits.

    Raises `PlantedError` as `edited`.
    """
    sources = edited([bug])
    source = CHECKOUT / _RUNTIME / "doorbell"
    originals = {
        path.relative_to(CHECKOUT): path.read_text(encoding="utf-8")
        for path in source.rglob("*.py")
    }
    folder = _folder(bug.id, originals | sources)
    if not folder.is_dir():
        fresh = folder.with_name(f".new-{folder.name}-{os.getpid()}")
        shutil.copytree(source, fresh / "doorbell", ignore=shutil.ignore_patterns("__pycache__"))
        for file, text in sources.items():
            (fresh / file.relative_to(_RUNTIME)).write_text(text, encoding="utf-8")
        try:
            fresh.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(fresh)
    return folder


def _folder(name: str, texts: Mapping[Path, str]) -> Path:
    """Return a place that is named by what will be in it."""
    total = hashlib.sha256()
    for file in sorted(texts):
        total.update(f"{file}\0{texts[file]}\0".encode())
    return CHECKOUT / "out" / "planted" / f"{name}-{total.hexdigest()[:16]}"


def _write(path: Path, text: str) -> None:
    if not path.is_file():  # its folder is named by its content
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
