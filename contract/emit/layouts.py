"""Loads packets.yaml: layouts, operands of each opcode, arguments of each kernel."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from emit.model import Enumeration, Layout, Member
from emit.source import Key, Source

_OPERANDS = "operands"
_ARGUMENTS = "arguments"
_TYPE = re.compile(r"([ui](?:8|16|32|64))(?:\[([1-9][0-9]*)\])?")


def load_layouts(source: Source, enums: Mapping[str, Enumeration]) -> dict[str, Layout]:
    """The layouts that depend on no opcode or kernel. Raises ContractError."""
    return {
        name: _layout(source, (name,), name, raw, enums)
        for name, raw in source.data.items()
        if name not in (_OPERANDS, _ARGUMENTS)
    }


def load_packets(
    source: Source, enums: Mapping[str, Enumeration], packet: Layout
) -> dict[str, Layout]:
    """The whole packet of each opcode: the frame of `packet` with that opcode's operands."""
    hole = next(member for member in packet.members if member.name == _OPERANDS)
    frame = tuple(member for member in packet.members if member is not hole)
    docs = {value.name: value for value in enums["opcode"].values}
    packets = {}
    for name, fields in source.data[_OPERANDS].items():
        if name not in docs:
            raise source.error((_OPERANDS, name), "is no opcode of enums.yaml")
        members = _members(source, (_OPERANDS, name), fields, enums)
        for member in members:
            if member.at < hole.at or member.end > hole.end:
                raise source.error(
                    (_OPERANDS, name, member.name),
                    f"bytes {member.at} to {member.end - 1} leave the operands, "
                    f"{hole.at} to {hole.end - 1}",
                )
            if member.name in {other.name for other in frame}:
                raise source.error(
                    (_OPERANDS, name, member.name), "name is taken by the packet's frame"
                )
        whole = tuple(sorted((*frame, *members), key=lambda member: member.at))
        packets[name] = Layout(name, packet.size, docs[name].doc, whole)
    for name, value in docs.items():
        if value.status == "active" and name not in packets:
            raise source.error((_OPERANDS,), f"opcode {name} is active and has no operands")
    return packets


def load_arguments(source: Source, enums: Mapping[str, Enumeration]) -> dict[str, Layout]:
    """The argument block of each kernel."""
    docs = {value.name: value for value in enums["kernel"].values}
    arguments = {}
    for name, raw in source.data[_ARGUMENTS].items():
        if name not in docs:
            raise source.error((_ARGUMENTS, name), "is no kernel of enums.yaml")
        documented = {"doc": docs[name].doc, **raw}
        arguments[name] = _layout(source, (_ARGUMENTS, name), name, documented, enums)
    for name, value in docs.items():
        if value.status == "active" and name not in arguments:
            raise source.error((_ARGUMENTS,), f"kernel {name} is active and has no arguments")
    return arguments


def _layout(
    source: Source,
    where: tuple[Key, ...],
    name: str,
    raw: Mapping[str, Any],
    enums: Mapping[str, Enumeration],
) -> Layout:
    size: int = raw["size"]
    members = _members(source, (*where, "fields"), raw["fields"], enums)
    for member in members:
        if member.end > size:
            raise source.error(
                (*where, "fields", member.name),
                f"ends at byte {member.end}, after the layout's size of {size}",
            )
    return Layout(name, size, raw["doc"], members)


def _members(
    source: Source,
    where: tuple[Key, ...],
    fields: Mapping[str, Any],
    enums: Mapping[str, Enumeration],
) -> tuple[Member, ...]:
    members: list[Member] = []
    for name, raw in fields.items():
        here = (*where, name)
        found = _TYPE.fullmatch(raw["type"])
        if found is None:
            raise source.error(here, f"type {raw['type']!r} must look like u8, i32 or u8[24]")
        member = Member(
            name, raw["at"], found[1], int(found[2] or 0), raw.get("enum", ""), raw.get("doc", "")
        )
        if member.at % member.element:
            raise source.error(
                here, f"offset {member.at} is not a multiple of its {member.element} bytes"
            )
        if member.enum:
            enum = enums.get(member.enum)
            if enum is None:
                raise source.error(here, f"enum {member.enum!r} is not in enums.yaml")
            if enum.width != 8 * member.element:
                raise source.error(
                    here, f"enum {enum.name} has {enum.width} bits, type has {8 * member.element}"
                )
        members.append(member)
    members.sort(key=lambda member: member.at)
    for one, other in pairwise(members):
        if other.at < one.end:
            raise source.error(
                (*where, other.name),
                f"starts at byte {other.at}, inside {one.name}, which ends at {one.end}",
            )
    return tuple(members)
