"""Small folders of vectors' sources, for tests of the compiler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from doorbell_vectors.authoring.build import build
from doorbell_vectors.format.files import write_text

HEAD = """\
vectors:
- id: V0001
  name: made
  rules: [CP-NOP-001]
  tier: core
  hunts: "A planted mistake."
  buffers: {src: 64, dst: {size: 80, edge: -3}}
  device: {mem: 64}
  queues: {q: {start: -1}}
  kernels: {g: {kernel: GEMM_S8, m: 3, n: 5, k: 2, ldc: 24}}
  steps:
"""
FIRST_STEP = HEAD.count("\n") + 1


def folder(root: Path, *steps: str, text: str | None = None) -> Path:
    """Write sources with these steps (or this text) and return their folder."""
    made = root / "vectors"
    lines = "".join(f"  - {step}\n" for step in steps)
    write_text(made / "directed" / "made.yaml", HEAD + lines if text is None else text)
    for name in ("retired.yaml", "untestable.yaml"):
        write_text(made / name, "{}\n")
    return made


def compiled(root: Path, *steps: str, text: str | None = None) -> list[dict[str, Any]]:
    """Return the vectors that the compiler makes."""
    return json.loads(build(folder(root, *steps, text=text))["suites/directed.json"])["vectors"]


def ops(root: Path, *steps: str) -> list[dict[str, Any]]:
    """Return what these steps give, without set-up and the wait at the end."""
    return compiled(root, "publish: ", *steps)[0]["steps"][_set_up(root) + 1 : -1]


def _set_up(root: Path) -> int:
    names = [step["op"] for step in compiled(root, "publish: ")[0]["steps"]]
    return names.index("publish")
