"""What is committed below vectors/ is what its sources give; `make vectors` mends a difference."""

from __future__ import annotations

import pytest

from doorbell_vectors.authoring.build import build
from doorbell_vectors.authoring.sources import FOLDER
from doorbell_vectors.format.document import load


def test_committed_suites_are_current() -> None:
    stale = [name for name, text in build(FOLDER).items() if (FOLDER / name).read_text() != text]
    assert not stale, "run `make vectors`"


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "suites").glob("*.json")), ids=lambda path: path.stem
)
def test_suites_load(path) -> None:
    assert load(path).vectors
