"""Which rules have vectors, and what shares of the vectors are negative or playable on plain silicon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doorbell.contract.rules import RULES
from doorbell_vectors.authoring.sources import directed, reasons
from doorbell_vectors.errors import SourceError
from doorbell_vectors.format.abilities import PLAIN
from doorbell_vectors.format.document import TIERS

__all__ = ["Coverage", "coverage"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rules by what holds them, and counts of vectors; `RT` rules bind software and have no vectors."""

    by_rule: Mapping[str, tuple[str, ...]]
    """Ids of the vectors of each active rule of the device."""
    plain_rules: frozenset[str]
    untestable: Mapping[str, str]
    planned: tuple[str, ...]
    vectors: int
    negative: int
    plain: int
    tiers: Mapping[str, int]

    @property
    def missing(self) -> list[str]:
        """Active rules with neither vector nor reason."""
        return [
            rule for rule, ids in self.by_rule.items() if not ids and rule not in self.untestable
        ]

    @property
    def needless(self) -> list[str]:
        """Rules called untestable that have a vector."""
        return [rule for rule in self.untestable if self.by_rule.get(rule)]

    def data(self) -> dict[str, Any]:
        """Return it as JSON."""
        rules = len(self.by_rule) - len(self.untestable)
        return {
            "rules": len(self.by_rule),
            "covered": sum(bool(ids) for ids in self.by_rule.values()),
            "untestable": len(self.untestable),
            "planned": len(self.planned),
            "missing": self.missing,
            "needless": self.needless,
            "vectors": self.vectors,
            "negative_share": _share(self.negative, self.vectors),
            "plain_vectors_share": _share(self.plain, self.vectors),
            "plain_rules_share": _share(len(self.plain_rules), rules),
            "tiers": dict(self.tiers),
        }

    def text(self) -> str:
        """Return it for people."""
        data = self.data()
        tiers = ", ".join(f"{tier} {count}" for tier, count in self.tiers.items())
        rules = f"{data['covered']} of {data['rules']} active ones have vectors"
        lines = [
            f"rules: {rules}, {data['untestable']} untestable, {data['planned']} planned",
            f"vectors: {self.vectors} ({tiers}); negative {data['negative_share']:.0%}",
            f"plain silicon: {data['plain_vectors_share']:.0%} of vectors, {data['plain_rules_share']:.0%} of rules",
        ]
        lines += [f"without vector: {rule}  {RULES[rule].text}" for rule in self.missing]
        lines += [f"called untestable but has vectors: {rule}" for rule in self.needless]
        return "\n".join(lines)


def coverage(folder: Path) -> Coverage:
    """Compile the sources below ``folder`` and count.

    Raises:
        SourceError: the sources are wrong, or `untestable.yaml` names a rule that is not active.
    """
    vectors = directed(folder)
    rules = {name: rule for name, rule in RULES.items() if rule.area != "RT"}
    active = [name for name, rule in rules.items() if rule.status == "active"]
    untestable = reasons(folder, "untestable.yaml")
    for rule in untestable:
        if rule not in active:
            raise SourceError(
                f"{folder.name}/untestable.yaml: {rule} is no active rule of the device"
            )
    plain = [vector for vector in vectors if set(vector["needs"]["host"]) <= PLAIN]
    tiers = Counter(vector["tier"] for vector in vectors)
    return Coverage(
        by_rule={rule: tuple(v["id"] for v in vectors if rule in v["rules"]) for rule in active},
        plain_rules=frozenset(rule for vector in plain for rule in vector["rules"]),
        untestable=untestable,
        planned=tuple(name for name, rule in rules.items() if rule.status == "planned"),
        vectors=len(vectors),
        negative=sum(vector["negative"] for vector in vectors),
        plain=len(plain),
        tiers={tier: tiers[tier] for tier in TIERS},
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
