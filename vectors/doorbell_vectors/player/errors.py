"""How a vector's play can end before its last step; `play` turns each into a verdict, none leaves it."""

from __future__ import annotations

from doorbell_vectors.errors import VectorsError

__all__ = ["Broken", "Inconclusive", "Mismatch", "Unsupported"]


class Mismatch(VectorsError):
    """The device did not do what the vector expects: FAIL.

    ``kind`` names the kind of difference in one word, for buckets; ``where`` the address or place;
    ``expected`` and ``actual`` are text for people.
    """

    def __init__(self, kind: str, where: str, expected: str, actual: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {actual}")
        self.kind = kind
        self.where = where
        self.expected = expected
        self.actual = actual


class Inconclusive(VectorsError):
    """A guard of the host's wall clock ran out before the device's own clock said anything: INCONCLUSIVE."""


class Unsupported(VectorsError):
    """The device lacks a capability, or the host an ability: NOT_SUPPORTED; the message says which."""


class Broken(VectorsError):
    """The host cannot do what the vector asks of every host: ERROR."""
