"""Every error of the vectors' tools. Each names the file or vector, the value, the limit and what to do."""

from __future__ import annotations

__all__ = ["SourceError", "SuiteError", "ValueUnknown", "VectorsError"]


class VectorsError(Exception):
    """Base of every error of this package."""


class SuiteError(VectorsError):
    """A suite, or a vector in it, is not what FORMAT.md says; nothing of it is played."""


class SourceError(VectorsError):
    """A YAML source of the vectors is wrong; the message starts with file and line."""


class ValueUnknown(VectorsError):
    """A relative value names a buffer, capability or saved value that is not there."""
