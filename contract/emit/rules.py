"""Loads rules/*.yaml: one file per area."""

from collections.abc import Iterable

from emit.errors import ContractError
from emit.model import Rule
from emit.source import Source


def load_rules(sources: Iterable[Source]) -> tuple[Rule, ...]:
    """All rules by id. Raises ContractError for a repeated id or a text that is no promise."""
    rules: dict[str, Rule] = {}
    areas: dict[str, str] = {}
    for source in sources:
        area: str = source.data["area"]
        if area in areas:
            raise source.error(("area",), f"area {area} is owned by {areas[area]}")
        areas[area] = source.name
        for index, raw in enumerate(source.data["rules"]):
            rule = Rule(
                raw["id"],
                area,
                " ".join(raw["text"].split()),
                " ".join(raw["rationale"].split()),
                raw["status"],
                raw["since"],
            )
            fault = _fault(rule, rules)
            if fault:
                raise _error(source, index, rule, fault)
            rules[rule.id] = rule
    return tuple(rules[key] for key in sorted(rules))


def _fault(rule: Rule, rules: dict[str, Rule]) -> str:
    """What is wrong with `rule`; empty when nothing is."""
    if not rule.id.startswith(f"{rule.area}-"):
        return f"id does not start with the file's area {rule.area}"
    if rule.id in rules:
        return "id is taken; ids are permanent and unique"
    if not rule.text.endswith("."):
        return "text must end with a full stop"
    if " shall " not in rule.text:
        return "text must say what `shall` be so"
    if ". " in rule.text:
        return "text must be one sentence; a full stop stands inside it"
    return ""


def _error(source: Source, index: int, rule: Rule, fault: str) -> ContractError:
    return source.error(("rules", index), f"{rule.id}: {fault}")
