"""The walls between the parts of the project, as rules over import statements.

A wall says which files it holds for and which modules they may not import; `violations` reads the
files' syntax trees, so imports inside functions and under TYPE_CHECKING count as well. Each wall
carries one planted violation, with which its test shows that the rule can fail.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE_ROOTS = ("runtime", "testbench", "vectors")
OWN = {"doorbell", "doorbell_tb", "doorbell_vectors"}
MODEL_ADAPTERS = {"lab", "launcher", "transport"}
"""Modules of `doorbell.model` that fit the model to the runtime's protocols; the rest is pure."""


def within(module: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or inside one."""
    return any(module == package or module.startswith(package + ".") for package in packages)


@dataclass(frozen=True, slots=True)
class Wall:
    """One rule: the modules it holds for, and what these may not import."""

    name: str
    holds_for: Callable[[str], bool]
    """Takes the importing module's dotted name."""
    forbids: Callable[[str], bool]
    """Takes the imported module's dotted name."""
    planted: tuple[str, str]
    """A file (path below the root) and its text, which break this wall."""


def _third_party(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in sys.stdlib_module_names and top not in OWN


def _model_core(module: str) -> bool:
    rest = module.removeprefix("doorbell.model").lstrip(".")
    return within(module, "doorbell.model") and rest.partition(".")[0] not in MODEL_ADAPTERS


def _beyond_model(module: str) -> bool:
    if within(module, "doorbell.model"):
        return not _model_core(module)
    return (within(module, *OWN) and not within(module, "doorbell.contract")) or (
        _third_party(module) and not within(module, "numpy")
    )


WALLS = [
    Wall(
        "the runtime stands alone",
        lambda module: within(module, "doorbell"),
        lambda module: within(
            module, "doorbell_tb", "doorbell_vectors", "cocotb", "cocotb_tools", "asyncio"
        ),
        ("runtime/doorbell/planted.py", "def f():\n    import asyncio\n"),
    ),
    Wall(
        "the runtime needs numpy and yaml only",
        lambda module: within(module, "doorbell"),
        lambda module: _third_party(module) and not within(module, "numpy", "yaml"),
        ("runtime/doorbell/planted.py", "from filelock import FileLock\n"),
    ),
    Wall(
        "the vectors know the runtime only",
        lambda module: within(module, "doorbell_vectors"),
        lambda module: within(module, "doorbell_tb", "cocotb", "cocotb_tools"),
        ("vectors/doorbell_vectors/planted.py", "import doorbell_tb.mutation\n"),
    ),
    Wall(
        "the model knows the contract and numpy only",
        _model_core,
        _beyond_model,
        ("runtime/doorbell/model/planted.py", "from ..errors import DeviceLost\n"),
    ),
    Wall(
        "the runtime finds the model through its entry point",
        lambda module: within(module, "doorbell") and not within(module, "doorbell.model"),
        lambda module: within(module, "doorbell.model"),
        ("runtime/doorbell/planted.py", "from . import model\n"),
    ),
    Wall(
        "the command line finds its commands through entry points",
        lambda module: within(module, "doorbell.cli"),
        lambda module: (
            within(module, *OWN) and not within(module, "doorbell.exit_codes", "doorbell.version")
        ),
        ("runtime/doorbell/cli.py", "from doorbell.runner.command import command\n"),
    ),
]


def modules(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield every module of the three packages below the root: dotted name and file."""
    for source in SOURCE_ROOTS:
        for path in sorted((root / source).rglob("*.py")):
            parts = path.relative_to(root / source).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            if parts[0] in OWN:
                yield name, path


def imports(name: str, path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything that a module imports.

    `from a import b` yields `a` and `a.b`, since `b` may be a module.
    """
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{origin}.{alias.name}"
        elif isinstance(node, ast.Call) and _imports_by_name(node):
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def _imports_by_name(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"import_module", "__import__"}


def violations(wall: Wall, root: Path) -> list[str]:
    """Return `file:line: imports module` for each import that breaks the wall."""
    return [
        f"{path.relative_to(root)}:{line}: {name} imports {imported}"
        for name, path in modules(root)
        if wall.holds_for(name)
        for line, imported in imports(name, path)
        if wall.forbids(imported)
    ]


def defined(path: Path) -> set[str]:
    """Return the public classes and literal constants at a module's top level."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8"), str(path)).body:
        match node:
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant()):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def redefinitions(root: Path) -> list[str]:
    """Return what a module defines though the contract, which owns it, already does."""
    contract = [path for name, path in modules(root) if within(name, "doorbell.contract")]
    owned = set[str]().union(*map(defined, contract))
    return [
        f"{path.relative_to(root)}: {name}"
        for module, path in modules(root)
        if not within(module, "doorbell.contract")
        for name in sorted(defined(path) & owned)
    ]
