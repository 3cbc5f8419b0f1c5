"""The cocotb tests of a Python file: found by importing it, outside the simulator or inside."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType

from cocotb.regression import Test, TestGenerator

from doorbell_tb.errors import SimulationError

__all__ = ["load", "looks_like_cocotb", "tests_of"]


def looks_like_cocotb(file: Path) -> bool:
    """Say whether a file has functions under a decorator of cocotb; reads it, imports nothing."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (OSError, SyntaxError, ValueError):
        return False  # pytest itself says what is wrong with it
    return any(
        "cocotb" in ast.dump(decorator)
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef)
        for decorator in node.decorator_list
    )


def load(file: Path) -> ModuleType:
    """Import a test file by its name, its folder first on the path.

    Raises `SimulationError` when there is no such file, when its import fails, or when its name
    belongs to another module.
    """
    if file.is_dir():
        raise SimulationError(f"{file}: is a folder; give one file, or run `pytest {file}`")
    if not file.is_file():
        raise SimulationError(f"{file}: no such file")
    sys.path.insert(0, str(file.resolve().parent))
    try:
        module = importlib.import_module(file.stem)
    except Exception as error:
        raise SimulationError(f"{file}: {type(error).__name__}: {error}") from error
    if Path(module.__file__ or "").resolve() != file.resolve():
        raise SimulationError(
            f"{file}: the name {file.stem!r} belongs to {module.__file__}; rename the file"
        )
    return module


def tests_of(module: ModuleType) -> list[Test]:
    """Return a module's tests in the order of their definition, parametrised ones one by one.

    Raises `SimulationError` for one that is not `async def`.
    """
    found: list[Test] = []
    for item in vars(module).values():
        if isinstance(item, Test):
            found.append(item)
        elif isinstance(item, TestGenerator):
            found.extend(item.generate_tests())
    for test in found:
        if not inspect.iscoroutinefunction(inspect.unwrap(test.func)):
            raise SimulationError(
                f"{module.__file__}: {test.name} is a plain function; write `async def`"
            )
    return found
