"""Loads enums.yaml."""

from emit.model import Enumeration, Value
from emit.source import Source


def load_enums(source: Source) -> dict[str, Enumeration]:
    """Enumerations by name. Raises ContractError for values that repeat or do not fit."""
    return {name: _load(source, name) for name in source.data}


def _load(source: Source, name: str) -> Enumeration:
    raw = source.data[name]
    mask = raw.get("kind", "plain") == "mask"
    width: int = raw["width"]
    seen: dict[int, str] = {}
    values = []
    last = -1
    for key, entry in raw["values"].items():
        value: int = entry["value"]
        where = (name, "values", key)
        if value >> width:
            raise source.error(where, f"value {value:#x} does not fit in {width} bits")
        if value in seen:
            raise source.error(where, f"value {value:#x} is taken by {seen[value]}; choose another")
        if mask and value.bit_count() != 1:
            raise source.error(where, f"value {value:#x} of a mask must have exactly one bit set")
        if name == "error" and value <= last:
            raise source.error(
                where, f"code {value:#x} follows {last:#x}; codes ascend in checking order"
            )
        if ("group" in entry) != (name == "error"):
            raise source.error(where, "`group` is needed on errors and allowed only there")
        seen[value] = key
        last = value
        values.append(
            Value(key, value, entry["doc"], entry.get("status", "active"), entry.get("group", ""))
        )
    return Enumeration(name, width, mask, raw.get("capability", ""), raw["doc"], tuple(values))
