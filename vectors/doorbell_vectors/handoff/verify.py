#!/usr/bin/env python3
"""Checks a hand-off: every file's hash, nothing missing or added, ids, and the suites' own hashes.

    python3 verify.py                    in the unpacked folder
    python3 verify.py ARCHIVE.zip        or on the archive itself

Needs Python 3.8 or newer and nothing else. Ends with 0 when everything is as it was packed, with 1 and a
line for each fault when it is not.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MANIFEST = "MANIFEST.json"
FORMAT = 1
LARGEST = 256 << 20
UNHASHED = {"hash", "cycles"}
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
IDS = re.compile(r"V[0-9]{4,6}|R[0-9a-f]{10}")


class Fault(Exception):
    """Why this is no hand-off that can be looked at."""


def digest(data: bytes) -> str:
    """Return ``sha256:`` and the digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(data: Any) -> bytes:
    """Return JSON with sorted keys and no spaces, in UTF-8: what hashes are over."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def from_folder(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder: path to bytes."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise Fault(f"{name}: is a link; a hand-off has none")
        if path.is_file() and "__pycache__" not in path.parts:
            files[name] = path.read_bytes()
    return files


def from_archive(path: Path) -> dict[str, bytes]:
    """Return the files of an archive, below its one folder: path to bytes."""
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                folder, _, name = entry.filename.partition("/")
                parts = entry.filename.split("/")
                if not folder.startswith("doorbell-handoff-") or ".." in parts or not name:
                    raise Fault(f"{path.name}: {entry.filename!r} is not below doorbell-handoff-*")
                if name in files:
                    raise Fault(f"{path.name}: {entry.filename} is there twice")
                if entry.file_size > LARGEST:
                    raise Fault(f"{path.name}: {name} is larger than {LARGEST} bytes")
                files[name] = archive.read(entry)
    except (*_BROKEN, OSError) as error:
        raise Fault(f"{path.name}: is no whole archive, or was changed: {error}") from error
    return files


def document(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """Return a JSON object of the hand-off."""
    if name not in files:
        raise Fault(f"{name}: is missing")
    try:
        data: Any = json.loads(files[name].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Fault(f"{name}: is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise Fault(f"{name}: must be a JSON object")
    return data


def packing_faults(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what differs from the packing list."""
    manifest = document(files, MANIFEST)
    listed = manifest.get("files")
    if manifest.get("format") != FORMAT or not isinstance(listed, dict):
        raise Fault(f"{MANIFEST}: is no packing list of format {FORMAT}")
    if manifest.get("hash") != digest(canonical(listed)):
        yield f"{MANIFEST}: does not match its own hash"
    for name in sorted(set(listed) | set(files) - {MANIFEST}):
        if name not in files:
            yield f"{name}: is missing"
        elif name not in listed:
            yield f"{name}: is not on the packing list"
        elif listed[name] != digest(files[name]):
            yield f"{name}: does not match its hash"


def suite_faults(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what is wrong with the vectors: manifest, hashes, ids."""
    manifest = document(files, "vectors/manifest.json")
    seen: dict[str, Any] = {}
    for name, told in sorted(manifest.get("suites", {}).items()):
        place = f"vectors/suites/{name}.json"
        suite = document(files, place)
        if told.get("hash") != digest(files[place]):
            yield f"{place}: is not the suite of vectors/manifest.json"
        yield from vector_faults(place, suite, seen)
    if seen != manifest.get("vectors"):
        different = sorted(set(seen.items()) ^ set(manifest.get("vectors", {}).items()))
        names = ", ".join(sorted({name for name, _ in different})[:9])
        yield f"vectors/manifest.json: differs from the suites: {names}"
    if manifest.get("hash") != digest(canonical(manifest.get("vectors"))):
        yield "vectors/manifest.json: does not match its own hash"


def vector_faults(place: str, suite: Mapping[str, Any], seen: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the vectors of a suite; notes their hashes in ``seen``."""
    for vector in suite.get("vectors", ()):
        name = vector.get("id")
        if not isinstance(name, str) or not IDS.fullmatch(name):
            yield f"{place}: {name!r} is no id of a vector"
            continue
        if name in seen:
            yield f"{place}: {name} stands twice"
        if name in suite.get("retired", {}):
            yield f"{place}: {name} was retired"
        whole = {key: vector[key] for key in vector if key not in UNHASHED}
        if vector.get("hash") != digest(canonical(whole)):
            yield f"{place}: {name} does not match its hash"
        seen[name] = vector.get("hash")


def trace_faults(files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield rules and vectors that the traceability matrix names and that are not there."""
    rules = document(files, "contract/rules.json").get("rules", {})
    vectors = document(files, "vectors/manifest.json").get("vectors", {})
    for row in document(files, "trace/matrix.json").get("rows", ()):
        if row.get("rule") not in rules:
            yield f"trace/matrix.json: {row.get('rule')!r} is no rule of contract/rules.json"
        for name in row.get("vectors", ()):
            if name not in vectors:
                yield f"trace/matrix.json: {row.get('rule')}: {name} is no vector"


def faults(files: Mapping[str, bytes]) -> list[str]:
    """Return every fault of the files."""
    found = list(packing_faults(files))
    if not found:  # what is packed is what was meant; is it right in itself?
        found += list(suite_faults(files)) + list(trace_faults(files))
    return found


def main(arguments: Sequence[str]) -> int:
    """Check and say so; return the exit code."""
    place = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    if len(arguments) > 1 or not place.exists():
        print("usage: verify.py [ARCHIVE.zip or FOLDER]", file=sys.stderr)
        return 2
    try:
        files = from_folder(place) if place.is_dir() else from_archive(place)
        found = faults(files)
        manifest = document(files, MANIFEST)
    except Fault as fault:
        print(f"verify: {fault}", file=sys.stderr)
        return 1
    for line in found:
        print(f"verify: {line}", file=sys.stderr)
    if found:
        print(f"verify: {len(found)} faults; take the archive anew", file=sys.stderr)
        return 1
    print(f"{len(files)} files as packed: Doorbell {manifest.get('version')}, {manifest['hash']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
