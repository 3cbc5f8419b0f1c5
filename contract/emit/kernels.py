"""Loads kernels.yaml: what each kernel computes."""

from collections.abc import Mapping

from emit.model import Check, Enumeration, Kernel
from emit.source import Source


def load_kernels(source: Source, enums: Mapping[str, Enumeration]) -> dict[str, Kernel]:
    """Kernels by name. Raises ContractError where they contradict the enumerations."""
    values = {value.name: value for value in enums["kernel"].values if value.status != "never"}
    codes = {value.name: value.value for value in enums["error"].values}
    kernels = {}
    for name, raw in source.data.items():
        if name not in values:
            raise source.error((name,), "is no kernel of enums.yaml")
        status: str = raw["status"]
        if status != values[name].status:
            raise source.error(
                (name, "status"), f"is {status} here and {values[name].status} in enums.yaml"
            )
        checks = tuple(Check(check["error"], check["condition"]) for check in raw["checks"])
        last = 0
        for index, check in enumerate(checks):
            if check.error not in codes:
                raise source.error((name, "checks", index), f"{check.error} is no error code")
            if codes[check.error] < last:
                raise source.error(
                    (name, "checks", index), f"{check.error} is out of order; codes ascend"
                )
            last = codes[check.error]
        tile = raw.get("tile")
        kernels[name] = Kernel(
            name,
            status,
            raw["doc"],
            (tile["rows"], tile["columns"]) if tile else None,
            raw["group"],
            tuple(raw["arithmetic"]),
            checks,
            tuple(raw.get("notes", ())),
        )
    for name in values:
        if name not in kernels:
            raise source.error((name,), "is a kernel of enums.yaml and has no arithmetic here")
    return kernels
