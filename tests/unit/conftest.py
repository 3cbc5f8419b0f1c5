"""A served model, and clients of bytes on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import process
from vfio_raw import RawClient, client


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Path, int]]:
    with process("model") as made:
        yield made


@pytest.fixture
def path(server: tuple[Path, int]) -> Path:
    return server[0]


@pytest.fixture
def raw(path: Path) -> Iterator[RawClient]:
    with client(path) as made:
        yield made


@pytest.fixture
def bell() -> Iterator[int]:
    file = os.eventfd(0, os.EFD_NONBLOCK)
    yield file
    os.close(file)
