"""What is committed below vectors/ is what its sources give; `make vectors` mends a difference."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from vectors_made import compiled

from doorbell_vectors.authoring.build import build
from doorbell_vectors.authoring.sources import FOLDER
from doorbell_vectors.authoring.vector import STEPS
from doorbell_vectors.format.abilities import ABILITIES
from doorbell_vectors.format.document import load


def test_committed_suites_are_current() -> None:
    stale = [name for name, text in build(FOLDER).items() if (FOLDER / name).read_text() != text]
    assert not stale, "run `make vectors`"


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "suites").glob("*.json")), ids=lambda path: path.stem
)
def test_suites_load(path: Path) -> None:
    assert load(path).vectors


def test_the_example_of_the_readme_compiles(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(vectors:.*?)```", (FOLDER / "README.md").read_text(), re.S)
    (vector,) = compiled(tmp_path, text=example)
    assert vector["id"] == "V0008"


def test_every_step_is_in_schema_and_readme() -> None:
    """The schema of the sources, the compiler and the reference name the same steps."""
    schema = json.loads((FOLDER / "schema" / "directed.json").read_text())
    listed = set(schema["$defs"]["step"]["properties"]) - {"note", "foreach", "repeat"}
    assert listed == set(STEPS)
    text = (FOLDER / "README.md").read_text()
    assert not [name for name in STEPS if f"`{name}:" not in text]


def test_every_op_of_the_format_has_a_definition() -> None:
    schema = json.loads((FOLDER / "schema" / "suite.json").read_text())["$defs"]
    defined = {name.removeprefix("op-") for name in schema if name.startswith("op-")}
    assert defined == set(schema["step"]["properties"]["op"]["enum"])
    text = (FOLDER / "FORMAT.md").read_text()
    assert not [name for name in defined if f"`{name}`" not in text]


def test_abilities_are_those_of_the_schema() -> None:
    schema = json.loads((FOLDER / "schema" / "suite.json").read_text())["$defs"]
    assert set(schema["ability"]["enum"]) == set(ABILITIES)
