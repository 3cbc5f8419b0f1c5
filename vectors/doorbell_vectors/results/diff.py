"""What lies between two editions: rules, vectors, and which vectors have to be played again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from doorbell_vectors.results.edition import Edition

__all__ = ["Diff", "diff"]

_HEADS: Final = {
    "rules_added": "rules added",
    "rules_changed": "rules with another text",
    "rules_status": "rules with another status",
    "rules_retired": "rules retired or gone",
    "vectors_added": "vectors added",
    "vectors_changed": "vectors changed",
    "vectors_retired": "vectors retired or gone",
    "vectors_invalidated": "vectors invalidated: unchanged, but a result of them no longer counts",
    "rerun": "to play (again)",
}


@dataclass(frozen=True, slots=True)
class Diff:
    """Ids, each with what happened to it; ``rerun`` are the vectors to play."""

    old: str
    new: str
    contract: tuple[str, str]
    rules_added: Mapping[str, str]
    rules_changed: Mapping[str, str]
    rules_status: Mapping[str, str]
    rules_retired: Mapping[str, str]
    vectors_added: Mapping[str, str]
    vectors_changed: Mapping[str, str]
    vectors_retired: Mapping[str, str]
    vectors_invalidated: Mapping[str, str]
    rerun: Sequence[str]
    notes: Sequence[str]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not any(getattr(self, name) for name in _HEADS)

    def data(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Yield it for people."""
        yield f"{self.old} (contract {self.contract[0]}) -> {self.new} (contract {self.contract[1]})"
        yield from self.notes
        for name, head in _HEADS.items():
            found = getattr(self, name)
            if found:
                yield f"{head}: {len(found)}"
            if isinstance(found, Mapping):
                yield from (f"  {key}: {said}" for key, said in found.items())
            elif found:
                yield f"  {' '.join(found)}"
        if self.same:
            yield "nothing differs"


def diff(old: Edition, new: Edition) -> Diff:
    """Compare two editions."""
    before, after = old.rules or {}, new.rules or {}
    both = [name for name in after if name in before]
    known = old.rules is not None and new.rules is not None
    text = {name: _told(before, after, name, "text") for name in both}
    status = {name: _told(before, after, name, "status") for name in both}
    gone = {name: "is gone" for name in before if name not in after}
    retired = [name for name in both if status[name] and after[name]["status"] == "retired"]
    common = [name for name in new.vectors if name in old.vectors]
    changed = {
        name: _parts(old.vectors[name], new.vectors[name])
        for name in common
        if old.vectors[name]["hash"] != new.vectors[name]["hash"]
    }
    added = {name: new.vectors[name]["name"] for name in new.vectors if name not in old.vectors}
    broken = {name for name in both if text[name]} | set(gone if known else ()) | set(retired)
    invalid = {
        name: f"its rules have changed: {', '.join(hit)}"
        for name in common
        if name not in changed and (hit := sorted(broken & set(new.vectors[name]["rules"])))
    }
    return Diff(
        old=old.name,
        new=new.name,
        contract=(old.contract, new.contract),
        rules_added={k: after[k]["text"] for k in after if known and k not in before},
        rules_changed={name: said for name, said in text.items() if said},
        rules_status={name: said for name, said in status.items() if said and name not in retired},
        rules_retired=(gone if known else {}) | {name: status[name] for name in retired},
        vectors_added=added,
        vectors_changed=changed,
        vectors_retired={
            name: new.retired.get(name, "is gone without a reason")
            for name in old.vectors
            if name not in new.vectors
        },
        vectors_invalidated=invalid,
        rerun=sorted({*added, *changed, *invalid}),
        notes=[] if known else ["a suite alone has no rules: their texts were not compared"],
    )


def _told(
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
    name: str,
    key: str,
) -> str:
    old, new = before[name][key], after[name][key]
    return "" if old == new else f"{old!r} -> {new!r}"


def _parts(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    keys = sorted({*old, *new} - {"hash", "cycles"})
    return ", ".join(key for key in keys if old.get(key) != new.get(key))
