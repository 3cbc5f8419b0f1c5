"""Loads limits.yaml."""

from emit.model import Limit
from emit.source import Source


def load_limits(source: Source, part: str) -> tuple[Limit, ...]:
    """Limits of `part` (`fixed` or `reference`). Raises ContractError for a name in both."""
    other = source.data["reference" if part == "fixed" else "fixed"]
    limits = []
    for name, raw in source.data[part].items():
        if name in other:
            raise source.error((part, name), "stands under both fixed and reference")
        if raw["value"] >> 64:
            raise source.error((part, name), f"value {raw['value']:#x} does not fit in 64 bits")
        limits.append(Limit(name, raw["value"], raw.get("doc", "")))
    return tuple(limits)
