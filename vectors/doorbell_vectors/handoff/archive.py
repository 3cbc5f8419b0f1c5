"""The archive's bytes: sorted entries, one time stamp, one kind of permissions, and a packing list."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from doorbell_vectors.format.canonical import canonical, digest
from doorbell_vectors.handoff.verify import FORMAT
from doorbell_vectors.handoff.verify import digest as digest_of_bytes

__all__ = ["pack", "packing_list", "write"]

_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP archive can say."""
_FILE: Final = 0o100644 << 16
_PROGRAM: Final = 0o100755 << 16


def packing_list(files: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    """Return `MANIFEST.json` for these files; ``about`` says version and contract."""
    listed = {name: digest_of_bytes(files[name]) for name in sorted(files)}
    data = {"format": FORMAT, **about, "files": listed, "hash": digest(canonical(listed))}
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def pack(folder: str, files: Mapping[str, bytes]) -> bytes:
    """Return the archive of ``files`` below ``folder``, the same bytes for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{name}", _TIME)
            entry.create_system = 3  # Unix, wherever it is made
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _PROGRAM if name.endswith("verify.py") else _FILE
            archive.writestr(entry, files[name])
    return made.getvalue()


def write(path: Path, data: bytes) -> None:
    """Write to a temporary name beside ``path``, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
