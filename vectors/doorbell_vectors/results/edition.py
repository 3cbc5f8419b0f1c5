"""An edition: the rules and vectors of a checkout, of a hand-off (archive or folder), or of one suite."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from doorbell_vectors.authoring.source import read
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.format.canonical import vector_hash
from doorbell_vectors.format.document import FORMAT
from doorbell_vectors.results.record import ResultsError

__all__ = ["RULES", "Edition", "load"]

RULES: Final = "contract/rules.json"
"""Where a hand-off has its rules: id to status, since and text."""
_LARGEST: Final = 256 << 20
"""Bytes of one file of an archive, unpacked."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Rules (id to ``text``, ``status``, ``since``) and vectors (id to the JSON object)."""

    name: str
    contract: str
    rules: Mapping[str, Mapping[str, str]] | None
    """None: a suite alone does not have the rules' texts."""
    vectors: Mapping[str, Mapping[str, Any]]
    retired: Mapping[str, str]


def load(place: Path) -> Edition:
    """Read an edition.

    Raises:
        VectorsError: it is none, or a file in it is not as it should be; another version of the
            contract is no fault.
    """
    try:
        if place.is_dir():
            return _folder(place)
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                return _archive(place.name, archive)
        if place.suffix == ".zip":
            raise ResultsError(f"{place}: is no archive, or cut short; take it anew")
        return _edition(place.name, None, {place.name: place.read_text(encoding="utf-8")})
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise ResultsError(f"{place}: cannot be read: {error}") from error


def _folder(place: Path) -> Edition:
    inner = [path for path in place.glob("doorbell-handoff-*") if path.is_dir()]
    if len(inner) == 1 and not (place / "vectors").exists():
        return _folder(inner[0])
    suites = {
        f"suites/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted((place / "vectors" / "suites").glob("*.json"))
    }
    rules: Mapping[str, Any] | None = None
    if (place / RULES).exists():
        rules = _rules_json(RULES, (place / RULES).read_text(encoding="utf-8"))
    elif (place / "contract" / "rules").is_dir():
        rules = dict(_rules_yaml(place / "contract" / "rules"))
    return _edition(place.name, rules, suites)


def _archive(name: str, archive: zipfile.ZipFile) -> Edition:
    def text(entry: str) -> str:
        if archive.getinfo(entry).file_size > _LARGEST:
            raise ResultsError(f"{name}: {entry} is larger than {_LARGEST} bytes unpacked")
        return archive.read(entry).decode("utf-8")

    names = sorted(archive.namelist())
    suites = {entry: text(entry) for entry in names if _is_suite(entry)}
    rules = [entry for entry in names if entry.endswith(f"/{RULES}")]
    return _edition(name, _rules_json(rules[0], text(rules[0])) if rules else None, suites)


def _is_suite(entry: str) -> bool:
    return "/vectors/suites/" in entry and entry.endswith(".json")


def _edition(name: str, rules: Mapping[str, Any] | None, suites: Mapping[str, str]) -> Edition:
    if not suites:
        raise ResultsError(
            f"{name}: has no vectors/suites/*.json; give a checkout, hand-off or suite"
        )
    contract = ""
    vectors: dict[str, Mapping[str, Any]] = {}
    retired: dict[str, str] = {}
    for entry, text in suites.items():
        suite = _json(f"{name}: {entry}", text)
        if suite.get("format") != FORMAT or not isinstance(suite.get("vectors"), list):
            raise ResultsError(f"{name}: {entry}: is no suite of format {FORMAT}")
        contract = str(suite.get("contract", ""))
        retired |= suite.get("retired", {})
        for vector in suite["vectors"]:
            _check_vector(vector, f"{name}: {entry}", vectors)
            vectors[vector["id"]] = vector
    return Edition(name, contract, rules, vectors, retired)


def _check_vector(vector: Any, where: str, known: Mapping[str, Any]) -> None:
    good = isinstance(vector, dict) and all(key in vector for key in ("id", "hash", "rules"))
    if not good:
        raise ResultsError(f"{where}: a vector has no id, hash or rules")
    if vector["id"] in known:
        raise ResultsError(f"{where}: {vector['id']} stands twice")
    if vector["hash"] != vector_hash(vector):
        raise ResultsError(f"{where}: {vector['id']} does not match its hash; take the original")


def _json(where: str, text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{where}: is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise ResultsError(f"{where}: must be a JSON object")
    return data


def _rules_json(where: str, text: str) -> dict[str, Any]:
    rules = _json(where, text).get("rules")
    if not isinstance(rules, dict):
        raise ResultsError(f"{where}: has no rules")
    for name, rule in rules.items():
        _check_rule(f"{where}: {name}", rule)
    return rules


def _rules_yaml(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for path in sorted(folder.glob("*.yaml")):
        where = f"contract/rules/{path.name}"
        source = read(path, where)
        for entry in source.get("rules") or ():
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                raise VectorsError(f"{where}: a rule has no id")
            rule = {key: " ".join(str(entry.get(key, "")).split()) for key in _RULE_KEYS}
            yield entry["id"], rule


_RULE_KEYS: Final = ("text", "status", "since")


def _check_rule(where: str, rule: Any) -> None:
    if not isinstance(rule, dict) or not all(isinstance(rule.get(key), str) for key in _RULE_KEYS):
        raise ResultsError(f"{where}: must have {', '.join(_RULE_KEYS)}")
