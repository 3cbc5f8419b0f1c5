"""Legal freedom never fails a device: the same programs on every variant of the model (`doorbell.model.variant`)."""

from __future__ import annotations

from pathlib import Path

import pytest
from raw import Pace
from test_transport import DEADLINE, MODULES, PROGRAMS

import doorbell
from doorbell.model.variant import VARIANTS

PACE = {"slow": 10, "lazy": 4}
"""How many times slower than the reference a variant is; 1 if it is not named."""
SHORT = [(module, name) for module, name in PROGRAMS if module != "soak_programs"]


@pytest.mark.parametrize(("module", "name"), SHORT, ids=[name for _, name in SHORT])
@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "reference"])
def test_program(
    variant: str,
    module: str,
    name: str,
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace = PACE.get(variant, 1)
    monkeypatch.setattr(Pace, "factor", pace)
    program = getattr(MODULES[module], name)
    doorbell.run(program, f"model:{variant}", seed=seed, deadline=pace * DEADLINE, out=tmp_path)


def test_there_are_variants() -> None:
    assert len(VARIANTS) >= 6
