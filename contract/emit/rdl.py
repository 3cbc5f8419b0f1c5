"""Writes gen/enums.rdl: the enumerations that registers.rdl encodes fields with."""

from collections.abc import Iterable

from emit.model import Enumeration
from emit.text import NOTICE


def enums_rdl(enums: Iterable[Enumeration]) -> str:
    """SystemRDL text of every enumeration that is no mask."""
    lines = [f"// {NOTICE}"]
    for enum in enums:
        if enum.mask:
            continue
        lines += ["", f"enum {enum.name}_e {{"]
        for value in enum.values:
            doc = value.doc.replace("\\", "\\\\").replace('"', '\\"')
            number = f"{enum.width}'h{value.value:x}"
            lines.append(f'    {value.name} = {number} {{ desc = "{doc}"; }};')
        lines.append("};")
    return "\n".join(lines) + "\n"
