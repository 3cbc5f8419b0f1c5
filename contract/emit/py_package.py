"""Writes the Python contract: runtime/doorbell/contract/."""

from emit import py_enums, py_layouts, py_limits, py_registers, py_rules
from emit.literal import Group, lay_out, quoted, sorted_names
from emit.model import Contract
from emit.text import NOTICE

FOLDER = "runtime/doorbell/contract"


def modules(contract: Contract) -> dict[str, str]:
    """Text of each file by its path from the repository's root."""
    files = {
        "__init__.py": _package(contract),
        "enums.py": py_enums.module(contract),
        "layouts.py": py_layouts.module(contract),
        "limits.py": py_limits.fixed(contract),
        "reference.py": py_limits.reference(contract),
        "register_types.py": py_registers.TYPES,
        "registers.py": py_registers.module(contract),
        "rules.py": py_rules.module(contract),
    }
    return {f"{FOLDER}/{name}": text for name, text in files.items()}


def _package(contract: Contract) -> str:
    enums = sorted_names(py_enums.names(contract))
    layouts = sorted_names(py_layouts.names(contract))
    submodules = ["limits", "registers", "rules"]
    lines = [
        '"""What hardware and software promise each other.',
        "",
        NOTICE,
        '"""',
        "",
        f"from doorbell.contract import {', '.join(submodules)}",
    ]
    lines += _import("enums", enums)
    lines += _import("layouts", layouts)
    exported = sorted_names([*enums, *layouts, *submodules])
    lines += ["", *lay_out(Group("__all__ = [", tuple(quoted(name) for name in exported), "]"))]
    return "\n".join(lines) + "\n"


def _import(module: str, names: list[str]) -> list[str]:
    return lay_out(Group(f"from doorbell.contract.{module} import (", tuple(names), ")"))
