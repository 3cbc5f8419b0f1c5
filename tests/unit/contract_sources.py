"""The contract's sources, read without the emitter, for the tests that hold its outputs to them."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def source(name: str) -> Any:
    return yaml.load((ROOT / "contract" / f"{name}.yaml").read_text(), yaml.CSafeLoader)


def sizes(kind: str) -> tuple[int, int]:
    """Bytes of an element and of the whole of a type such as u16 or u8[24]."""
    base, _, count = kind.rstrip("]").partition("[")
    element = int(base[1:]) // 8
    return element, element * int(count or 1)


def layouts() -> dict[str, tuple[int, dict[str, tuple[int, int]]]]:
    """Emitted name in lower case -> bytes, and (offset, bytes) of each field, from the YAML."""
    raw = source("packets")
    operands, arguments = raw.pop("operands"), raw.pop("arguments")
    found = {name: (entry["size"], entry["fields"]) for name, entry in raw.items()}
    size, frame = found["packet"]
    frame = {name: field for name, field in frame.items() if name != "operands"}
    for name, fields in operands.items():
        found[f"{name.lower()}_packet"] = (size, {**frame, **fields})
    for name, entry in arguments.items():
        found[f"{name.lower()}_arguments"] = (entry["size"], entry["fields"])
    return {
        name: (size, {key: (f["at"], sizes(f["type"])[1]) for key, f in fields.items()})
        for name, (size, fields) in found.items()
    }


def signed() -> set[tuple[str, str]]:
    """Emitted layout and field of every signed field."""
    raw = source("packets")["arguments"]
    return {
        (f"{name.lower()}_arguments", key)
        for name, entry in raw.items()
        for key, field in entry["fields"].items()
        if field["type"].startswith("i")
    }


LAYOUTS = layouts()
SIGNED = signed()
