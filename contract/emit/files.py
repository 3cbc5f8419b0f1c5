"""Compares the emitted texts with the files on disk, or writes them."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def stale(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Paths below `root` whose file is missing or differs from its text, sorted."""
    return sorted(name for name, text in texts.items() if _content(root / name) != text)


def write(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Write what differs, each file to a temporary name first; returns the paths written."""
    changed = stale(root, texts)
    for name in changed:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(texts[name])
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    return changed


def _content(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
