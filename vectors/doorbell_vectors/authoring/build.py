"""Everything that is made from the sources: the directed suite and the manifest, the same bytes each time.

Other suites keep their vectors and take their cycles from what was measured.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from doorbell.contract import limits, registers
from doorbell_vectors.authoring.cycles import known
from doorbell_vectors.authoring.needs import capabilities
from doorbell_vectors.authoring.recipes import recipes
from doorbell_vectors.authoring.sources import directed, reasons
from doorbell_vectors.errors import SourceError, SuiteError
from doorbell_vectors.format.canonical import canonical, digest
from doorbell_vectors.format.document import FORMAT, TIERS, dump, load
from doorbell_vectors.format.manifest import MANIFEST

__all__ = ["GENERATOR", "build", "make_suite"]

GENERATOR: Final = "0.1.0"
"""Version of this compiler; raised when it makes other bytes of the same sources."""


def build(folder: Path) -> dict[str, str]:
    """Return the text of each file that the sources below ``folder`` give, by path below it.

    Raises:
        SourceError: the sources are wrong, or an id of the committed manifest has gone without a tombstone.
        SuiteError: another suite below ``suites/`` is not in order.
    """
    retired = reasons(folder, "retired.yaml")
    vectors = directed(folder)
    for vector in vectors:
        if vector["id"] in retired:
            raise SourceError(
                f"{folder.name}/retired.yaml: {vector['id']} is used again; ids are never used twice"
            )
    suites = {"directed": make_suite("directed", vectors, retired)}
    for path in sorted((folder / "suites").glob("*.json")):
        if path.stem != "directed":
            suites[path.stem] = dict(load(path).raw)
    cycles = known(folder)
    for suite in suites.values():
        suite["vectors"] = [
            {**vector, "cycles": cycles.get(vector["id"])} for vector in suite["vectors"]
        ]
    texts = {name: dump(suite) for name, suite in suites.items()}
    manifest = _manifest(folder, suites, texts)
    _check_gone(folder, manifest, retired)
    made = {f"suites/{name}.json": text for name, text in texts.items()}
    return made | {MANIFEST: _pretty(manifest)}


def make_suite(
    name: str, vectors: list[dict[str, Any]], retired: Mapping[str, str]
) -> dict[str, Any]:
    """Return a suite document around ``vectors``."""
    return {
        "format": FORMAT,
        "suite": name,
        "contract": f"{limits.CONTRACT_MAJOR}.{limits.CONTRACT_MINOR}.{limits.CONTRACT_PATCH}",
        "generator": GENERATOR,
        "function": {"vendor": limits.VENDOR_ID, "device": limits.DEVICE_ID},
        "capabilities": capabilities(),
        "clock": registers.DEVICE.CYCLES.offset,
        "recipes": recipes(),
        "vectors": vectors,
        "retired": dict(sorted(retired.items())),
    }


def _manifest(
    folder: Path, suites: Mapping[str, dict[str, Any]], texts: Mapping[str, str]
) -> dict[str, Any]:
    hashes: dict[str, str] = {}
    for name, suite in suites.items():
        for vector in suite["vectors"]:
            if vector["id"] in hashes:
                raise SuiteError(f"suites/{name}.json: {vector['id']} is in another suite already")
            hashes[vector["id"]] = vector["hash"]
    every = [vector for suite in suites.values() for vector in suite["vectors"]]
    return {
        "format": FORMAT,
        "contract": suites["directed"]["contract"],
        "generator": GENERATOR,
        "suites": {
            name: {"vectors": len(suite["vectors"]), "hash": digest(texts[name])}
            for name, suite in suites.items()
        },
        "counts": _counts(every),
        "changed_since_release": _changed(folder, hashes),
        "vectors": hashes,
        "hash": digest(canonical(hashes)),
    }


def _counts(vectors: list[dict[str, Any]]) -> dict[str, Any]:
    tiers = Counter(vector["tier"] for vector in vectors)
    return {
        "vectors": len(vectors),
        "negative": sum(vector["negative"] for vector in vectors),
        "bringup": sum(vector["bringup"] is not None for vector in vectors),
        "tiers": {tier: tiers[tier] for tier in TIERS},
    }


def _changed(folder: Path, hashes: Mapping[str, str]) -> list[str]:
    """Return the ids whose vector is not the one of the last release (`released.json`)."""
    path = folder / "released.json"
    released = json.loads(path.read_text(encoding="utf-8"))["vectors"] if path.exists() else {}
    return sorted(
        name for name, known in released.items() if name in hashes and hashes[name] != known
    )


def _check_gone(folder: Path, manifest: Mapping[str, Any], retired: Mapping[str, str]) -> None:
    path = folder / MANIFEST
    known = json.loads(path.read_text(encoding="utf-8"))["vectors"] if path.exists() else {}
    gone = [
        name
        for name in known
        if name[0] == "V" and name not in manifest["vectors"] and name not in retired
    ]
    if gone:
        raise SourceError(
            f"{folder.name}/{MANIFEST}: {', '.join(gone)} no longer in the sources; "
            f"give the reason in {folder.name}/retired.yaml, ids are never used again"
        )


def _pretty(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
