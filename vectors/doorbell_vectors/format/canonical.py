"""Canonical JSON, and the hashes over it: the same data gives the same bytes everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["UNHASHED", "canonical", "digest", "vector_hash"]

UNHASHED: Final = frozenset({"hash", "cycles"})
"""Keys of a vector that its hash leaves out: itself, and what is measured afterwards."""


def canonical(data: Any) -> str:
    """Return ``data`` as JSON with sorted keys and no spaces; text stays as it is (UTF-8)."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    """Return ``sha256:`` and the 64 hexadecimal digits over ``text`` in UTF-8."""
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


def vector_hash(vector: Mapping[str, Any]) -> str:
    """Return the hash that a vector in machine form has to carry."""
    return digest(canonical({key: vector[key] for key in vector if key not in UNHASHED}))
