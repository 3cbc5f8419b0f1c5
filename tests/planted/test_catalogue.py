"""The catalogue's own mistakes are named; an edit that fits no more is an error, never silently nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from doorbell.exit_codes import ExitCode
from doorbell_tb import planted
from doorbell_tb.build_inputs import CHECKOUT
from doorbell_tb.errors import PlantedError

GOOD: dict[str, Any] = {
    "id": "PB-017",
    "name": "early-tag-reuse",
    "pitfalls": [21],
    "rule": "EP-TAG-001",
    "hunts": "A tag is free too soon.",
    "edits": [{"file": "rtl/one.sv", "find": "free", "replace": "free || ${PLANTED}"}],
    "caught_by": [{"program": "programs:one_large_copy", "ends": "hang", "says": "timeline"}],
}
SOFT = {"file": "runtime/doorbell/queue.py", "find": "a", "replace": "b"}


def catalogue(folder: Path, *entries: Any) -> tuple[planted.Bug, ...]:
    (folder / "some.yaml").write_text(yaml.safe_dump(list(entries)))
    return planted.load(folder)


def test_a_good_entry(tmp_path: Path) -> None:
    (bug,) = catalogue(tmp_path, GOOD)
    assert (bug.number, bug.plusargs, bug.in_runtime) == (17, ("+planted=17",), False)
    (catch,) = bug.caught_by
    assert catch.ends is ExitCode.HANG
    assert catch.run == planted.Run(program="programs:one_large_copy")
    (soft,) = catalogue(tmp_path, GOOD | {"edits": [SOFT]})
    assert (soft.plusargs, soft.in_runtime) == ((), True)


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"id": "17"}, "id must be PB-NNN"),
    ({"name": "Early reuse"}, "words-with-hyphens"),
    ({"rule": "EP-TAG-999"}, "no such rule: EP-TAG-999"),
    ({"pitfalls": [41]}, r"pitfalls \[41\]: must be 1 to 40"),
    ({"pitfalls": 21}, "pitfalls must be a list: 21"),
    ({"edits": []}, "at least one edit"),
    ({"caught_by": []}, "something that catches it"),
    ({"more": 1}, r"\['more'\] are unknown"),
    ({"edits": [SOFT, *GOOD["edits"]]}, "either the device or the runtime"),
    ({"edits": [GOOD["edits"][0] | {"replace": "free"}]}, r"holds \$\{PLANTED\}"),
    ({"edits": [SOFT | {"replace": "${PLANTED}"}]}, r"and of nothing else, holds"),
    ({"edits": [SOFT | {"file": "tests/conformance/raw.py"}]}, "must be rtl/"),
    ({"edits": [{"file": "rtl/one.sv"}]}, r"lacks \['find', 'replace'\]"),
    ({"caught_by": [{"test": "tests/x.py::y", "says": "."}]}, "not by `test`"),
    ({"edits": [SOFT], "caught_by": [{"scenario": "a:b", "says": "."}]}, "not by scenarios"),
    ({"caught_by": [{"program": "a:b", "test": "c", "says": "."}]}, "by one of them"),
    ({"caught_by": [{"program": "a:b", "ends": "right", "says": "."}]}, "ends RIGHT"),
    ({"caught_by": [{"program": "a:b", "says": "("}]}, "says '\\('"),
    ({"caught_by": [{"program": "a", "says": "."}]}, "module:function"),
    ({"caught_by": [{"program": "a:b", "scenario": "c:d", "says": "."}]}, "or scenario"),
    ({"caught_by": [{"program": "a:b", "vector": "V0001", "says": "."}]}, "or vector"),
    ({"edits": [SOFT], "caught_by": [{"vector": "V0001", "says": "."}]}, "scenarios or vectors"),
    ({"caught_by": [{"program": "a:b", "profile": "mild", "says": "."}]}, "no profile 'mild'"),
    ({"escapes": [{"program": "a:b", "says": "."}]}, r"\['says'\] are unknown"),
)


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_bad_entry_is_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(PlantedError, match=message) as caught:
        catalogue(tmp_path, GOOD | change)
    assert "some.yaml" in str(caught.value)


def test_ids_and_names_are_used_once(tmp_path: Path) -> None:
    for other in ({"name": "other"}, {"id": "PB-018"}):
        with pytest.raises(PlantedError, match="taken already"):
            catalogue(tmp_path, GOOD, GOOD | other)


def device(folder: Path, text: str) -> Path:
    (folder / "rtl").mkdir()
    (folder / "rtl" / "one.sv").write_text(text)
    return folder


def two(folder: Path, find: str, other: str) -> tuple[planted.Bug, ...]:
    """Two bugs in one file."""
    edits = [
        [{"file": "rtl/one.sv", "find": f, "replace": f"<{f}|${{PLANTED}}>"}] for f in (find, other)
    ]
    second = {"id": "PB-018", "name": "other", "edits": edits[1]}
    return catalogue(folder, GOOD | {"edits": edits[0]}, GOOD | second)


def test_edits_are_spliced_in_whatever_their_order(tmp_path: Path) -> None:
    found = planted.edited(two(tmp_path, "cd", "ab"), device(tmp_path, "_ab_cd_"))
    chosen = "(planted_pkg::chosen == {})".format
    assert found == {Path("rtl/one.sv"): f"_<ab|{chosen(18)}>_<cd|{chosen(17)}>_"}


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("ab", ["PB-017 early-tag-reuse: this text is there 0 times"]),
        ("ab ab cd", ["PB-018 other: this text is there 2 times"]),
        ("", ["PB-017.* 0 times", "PB-018.* 0 times"]),
    ],
)
def test_an_edit_that_does_not_fit_is_named(tmp_path: Path, text: str, messages: list[str]) -> None:
    bugs = two(tmp_path, "cd", "ab")
    with pytest.raises(PlantedError) as caught:
        planted.edited(bugs, device(tmp_path, text))
    for message in ["rtl/one.sv", *messages]:
        assert re.search(message, str(caught.value))


def test_edits_of_one_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PlantedError, match="PB-018 and PB-017 edit the same place"):
        planted.edited(two(tmp_path, "bc", "ab"), device(tmp_path, "abc"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlantedError, match=r"rtl/one.sv: PB-017.*No such file"):
        planted.edited(catalogue(tmp_path, GOOD), tmp_path)


def test_every_edit_fits_the_sources() -> None:
    """Whoever changes a planted line learns it here first."""
    bugs = planted.load()
    planted.edited(bug for bug in bugs if not bug.in_runtime)
    for bug in bugs:
        planted.edited([bug])


def test_a_package_differs_in_its_edit_alone() -> None:
    bug = next(bug for bug in planted.load() if bug.in_runtime)
    (folder, edit) = planted.package(bug), bug.edits[0]
    original = CHECKOUT / edit.file
    changed = folder / edit.file.relative_to("runtime")
    assert changed.read_text() == original.read_text().replace(edit.find, edit.replace)
    names = {path.name for path in original.parent.glob("*.py")}
    assert {path.name for path in changed.parent.glob("*.py")} == names
    assert planted.package(bug) == folder
