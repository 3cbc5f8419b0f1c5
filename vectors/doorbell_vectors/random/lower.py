"""A plan and what it comes to, as an entry of the authoring language."""

from __future__ import annotations

import re
from typing import Any, Final

from doorbell.contract import Flag
from doorbell_vectors.authoring.source import Map
from doorbell_vectors.format.octets import length
from doorbell_vectors.random.epoch import Ending
from doorbell_vectors.random.memory import Contents
from doorbell_vectors.random.plan import (
    INTERRUPT,
    RECORD,
    Access,
    Action,
    DeviceReset,
    Epoch,
    LostDoorbell,
    Mask,
    Operand,
    Packet,
    Place,
    Plan,
    Poke,
    Queue,
    Refused,
    Run,
    Store,
    Submit,
)
from doorbell_vectors.random.stream import mix
from doorbell_vectors.random.world import Outcome, Result

__all__ = ["LONG_TIMER", "source"]

LONG_TIMER: Final = 0xFFFF_FFFF
"""Moderation timer, in cycles, that no test outlives."""
_SPACED: Final = {
    "COPY": ("source", "destination"),
    "FILL": ("destination",),
    "WRITE": ("destination",),
    "SIGNAL": ("destination",),
    "LAUNCH": ("arguments",),
}


def source(plan: Plan, came: Outcome) -> Map:
    """Return the entry without what names it: id, name, rules, tier, hunts, tags."""
    lowered = _Lowered(plan)
    for epoch, result in zip(plan.epochs, came.results, strict=True):
        lowered.epoch(epoch, result)
    lowered.end(came)
    return Map(
        buffers=_map({area.name: _area(plan, area.name) for area in plan.areas if area.host}),
        device=_map({area.name: _area(plan, area.name) for area in plan.areas if not area.host}),
        kernels=_map({run.name: _run(run) for run in plan.runs}),
        queues=_map({queue.name: _queue(queue) for queue in plan.queues}),
        needs=Map(device=Map(queues=_queues(plan))),
        steps=lowered.steps,
    )


def _queues(plan: Plan) -> int:
    """Return how many queues the registers that are named without a queue take for granted."""
    most = 1
    for action in (action for epoch in plan.epochs for action in epoch.actions):
        if isinstance(action, LostDoorbell):
            most = max(most, action.number + 1)
        elif isinstance(action, Access) and (found := re.match(r"QUEUE\[(\d+)\]", action.register)):
            most = max(most, int(found[1]) + 1)
    return most


def _map(entries: dict[str, Any]) -> Map:
    return Map(entries)


def _area(plan: Plan, name: str) -> Map:
    area = next(area for area in plan.areas if area.name == name)
    seed = mix(int.from_bytes(name.encode(), "little"))
    spec = Map(size=area.size, init=f"random {area.size} seed {seed}")
    if area.edge is not None:
        spec["edge"] = area.edge
    if area.window != "any":
        spec["window"] = area.window
    return spec


def _queue(queue: Queue) -> Map:
    spec = Map(number=queue.number, log2=queue.log2, start=queue.start)
    if queue.error_vector is not None:
        spec["error_vector"] = queue.error_vector
    for key in ("error_record", "writeback"):
        if not getattr(queue, key):
            spec[key] = False
    if queue.weight != 1:
        spec["weight"] = queue.weight
    return spec


def _run(run: Run) -> Map:
    spec = Map(kernel=run.kernel, m=run.m, n=run.n)
    if run.kernel == "GEMM_S8":
        spec["k"] = run.k
    if run.host:
        spec["host"] = True
    fields = {name: value for name, value in run.overrides if not name.startswith("byte")}
    pokes = {name[4:]: value for name, value in run.overrides if name.startswith("byte")}
    if fields:
        spec["arguments"] = Map(fields)
    if pokes:
        spec["bytes"] = Map(pokes)
    return spec


def _text(operand: Operand) -> int | str:
    return operand.text() if isinstance(operand, Place) else operand


class _Lowered:
    """The steps so far; records get numbers of their own."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.steps: list[Map] = []
        self.values = 0
        self.records: dict[str, list[int]] = {queue.name: [] for queue in plan.queues}
        """Values of the records of each queue, by packet since it was enabled; 0: none."""
        for vector in plan.vectors:
            self.vector(vector.number, vector.moderation)

    def add(self, name: str, args: Any) -> None:
        self.steps.append(Map({name: args}))

    def vector(self, number: int, moderation: int) -> None:
        self.add("interrupt_setup", number)
        if moderation:
            self.add(
                "write",
                Map({f"VECTOR[{number}].MODERATION": Map(count=moderation, timer=LONG_TIMER)}),
            )

    def packet(self, queue: str, packet: Packet) -> Map:
        operands = Map({name: _text(value) for name, value in packet.fields})
        if packet.op == "WRITE":
            operands["data"] = f"hex {packet.data.hex()}"
        if packet.run:
            operands["run"] = packet.run
            operands["grid"] = [operands.pop(f"grid_{axis}") for axis in "xyz"]
        spec = Map({packet.op: operands or None})
        known = [flag.name for flag in (Flag.BARRIER,) if packet.flags & flag]
        if known:
            spec["flags"] = known
        if packet.flags & ~7:
            spec["raw_flags"] = packet.flags & ~7
        self.values += 1
        self.records[queue].append(self.values if packet.flags & RECORD else 0)
        if packet.flags & RECORD:
            spec["record"] = self.values
            if packet.record_shift:
                spec["record_address"] = f"{queue}.records + {packet.record_shift}"
        if packet.flags & INTERRUPT:
            spec["interrupt"] = packet.vector
        elif packet.vector:
            spec["vector"] = packet.vector
        if packet.opcode is not None:
            spec["opcode"] = packet.opcode
        if packet.pokes:
            spec["bytes"] = Map({str(at): value for at, value in packet.pokes})
        return spec

    def epoch(self, epoch: Epoch, result: Result) -> None:
        for action in epoch.actions:
            self.action(action)
        for name, ending in result.followed.endings.items():
            self.ending(name, ending, result)
        for number, value in sorted(result.semaphores.items()):
            if number in result.followed.semaphores:
                self.add("read", Map({f"SEMAPHORE_SET[{number}]": value}))
                self.add(
                    "read", Map({f"SEMAPHORE_POISON[{number}]": int(number in result.poisoned)})
                )

    def action(self, action: Action) -> None:
        match action:
            case Submit():
                self.submit(action)
            case Refused():
                put = (
                    f"{action.queue}.put + {action.add}"
                    if action.add >= 0
                    else f"{action.queue}.put - {-action.add}"
                )
                self.add("doorbell", Map(queue=action.queue, put=put))
            case LostDoorbell():
                self.add("write", Map({f"DOORBELL[{action.number}].DOORBELL": action.put}))
                self.add("read", Map({"DEVICE.DROPPED_DOORBELLS": 1 << action.number}))
                self.add("write", Map({"DEVICE.DROPPED_DOORBELLS": 1 << action.number}))
                self.add("read", Map({"DEVICE.DROPPED_DOORBELLS": 0}))
                self.add("read", Map({f"QUEUE[{action.number}].PUT": 0}))
            case Poke():
                self.add("write", Map({f"SEMAPHORE_{action.kind}[{action.number}]": action.value}))
            case Access():
                self.access(action)
            case Store():
                self.add(
                    "put", Map(to=action.place.text(), bytes=f"hex {action.data.hex()}", keep=False)
                )
            case Mask():
                self.add("interrupt_mask" if action.masked else "interrupt_unmask", action.vector)
            case DeviceReset():
                self.reset()

    def access(self, action: Access) -> None:
        name = action.register
        before = 0x0F1E_2D3C_4B5A_6978
        self.add("write", Map({name: before}))
        self.add("write", Map({f"{name}.{action.half}" if action.half else name: action.value}))
        shift = {"": 0, "lo": 0, "hi": 32}[action.half]
        mask = (1 << 64) - 1 if not action.half else 0xFFFF_FFFF << shift
        self.add("read", Map({name: before & ~mask | action.value << shift & mask}))

    def submit(self, action: Submit) -> None:
        packets = [self.packet(action.queue, packet) for packet in action.packets]
        queue, style = action.queue, action.style
        number = next(q.number for q in self.plan.queues if q.name == queue)
        if style == "batches" and len(packets) > 1:
            half = len(packets) // 2
            self.add("submit", Map(queue=queue, packets=packets[:half]))
            self.add("submit", Map(queue=queue, packets=packets[half:]))
            return
        if style == "staged":
            self.add("write", Map({f"DOORBELL[{number}].DOORBELL.lo": 0xDEAD_BEEF}))
        if style == "halves":
            self.add("place", Map(queue=queue, packets=packets))
            self.add("publish", None)
            self.add("doorbell", Map(queue=queue, half="lo"))
            self.add("read", Map({f"DOORBELL[{number}].DOORBELL": f"{queue}.put - {len(packets)}"}))
            self.add("doorbell", Map(queue=queue, half="hi"))
        elif style == "ahead":
            self.add("place", Map(queue=queue, packets=packets))
            self.add("publish", None)
            for behind in range(len(packets) - 1, -1, -1):
                self.add("doorbell", Map(queue=queue, put=f"{queue}.put - {behind}"))
        else:
            self.add("submit", Map(queue=queue, packets=packets))
        if style == "twice":
            self.add("doorbell", Map(queue=queue, put=f"{queue}.put"))
            self.add("doorbell", Map(queue=queue, half="both"))

    def ending(self, name: str, ending: Ending, result: Result) -> None:
        placed = result.first[name] + ending.index
        listed = self.records[name]
        if ending.kind == "idle":
            if any(listed):
                self.add("recorded", name)
            self.add("idle", name)
            for register in ("PUT", "GET"):
                self.add("poll", Map({f"QUEUE[{name}].{register}": f"{name}.put"}))
            self.add("read", Map({f"QUEUE[{name}].RETIRED": placed}))
            return
        if ending.kind == "halted":
            self.add("halted", self.halted(name, ending, placed))
        elif ending.kind == "blocked":
            if values := [value for value in listed[:placed] if value > 0]:
                self.add("recorded", Map(queue=name, value=values[-1]))
            self.add("state", Map(queue=name, state="RUNNING", idle=0))
            self.add("unrecorded", Map(queue=name, after=placed))
        self.add("recover", name)
        self.records[name] = [-1]

    def halted(self, name: str, ending: Ending, placed: int) -> Map:
        args = Map(queue=name, code=ending.code.name, index=placed)
        address = ending.address
        if isinstance(address, Place) and address.base == "record":
            address = Place(f"{name}.records", address.add)
        if address != 0:
            args["address"] = _text(address)
        if ending.refused is not None:
            start = next(queue.start for queue in self.plan.queues if queue.name == name)
            args["detail"] = (start + placed + ending.refused) % (1 << 32)
        return args

    def reset(self) -> None:
        self.add("write", Map({"DEVICE.SCRATCH": 1, "DEVICE.DROPPED_DOORBELLS": 0}))
        self.add("reset", "device")
        self.add("read", Map({"DEVICE.SCRATCH": 0}))
        for queue in self.plan.queues:
            block = f"QUEUE[{queue.name}]"
            self.add("read", Map({f"{block}.STATUS": Map(state="DISABLED", idle=1, resetting=0)}))
            self.add(
                "read",
                Map(
                    {
                        f"{block}.{name}": 0
                        for name in ("RING_BASE", "START", "WRITEBACK", "ERROR_RECORD")
                    }
                ),
            )
            self.add("write", Map(self.programming(queue, block)))
            self.add("enable", queue.name)
            self.records[queue.name] = []
        for vector in self.plan.vectors:
            self.vector(vector.number, vector.moderation)

    @staticmethod
    def programming(queue: Queue, block: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            f"{block}.RING_BASE": f"{queue.name}.ring",
            f"{block}.RING_LOG2": queue.log2,
            f"{block}.START": queue.start,
        }
        if queue.writeback:
            found[f"{block}.WRITEBACK"] = f"{queue.name}.state + 1"
        if queue.error_record:
            found[f"{block}.ERROR_RECORD"] = f"{queue.name}.state + 65"
        if queue.error_vector is not None:
            found[f"{block}.ERROR_VECTOR"] = queue.error_vector | 1 << 31
        return found

    def end(self, came: Outcome) -> None:
        final = came.results[-1].messages if came.results else {}
        for vector in self.plan.vectors:
            count = final.get(vector.number, 0)
            if count and (count == 1 or self.plan.exact):
                self.add("interrupt_wait", Map(vector=vector.number, count=count))
            elif count:
                self.add("interrupt_wait", Map(vector=vector.number, count=1))
            if not count or self.plan.exact:
                self.add("interrupts", Map({str(vector.number): count}))
        for name in came.memory.areas:
            self.add("memory", Map({name: _expected(came.memory, name)}))
        if came.unsent:
            self.add(
                "reset", "device"
            )  # else the device is not idle: events wait for more of their kind


def _expected(memory: Contents, name: str) -> Any:
    """Return an area's contents for a `memory` step: only what is not as it began."""
    changed = memory.changed(name)
    if not changed:
        return "unchanged"
    return Map({str(at): _bytes(segment) for at, segment in changed})


def _bytes(segment: list[Any]) -> str:
    match segment:
        case ["r", name, skip, count]:
            return f"{name}[{skip}:{skip + count}]"
        case ["x", text]:
            return f"hex {text}"
        case ["f", byte, count]:
            return f"fill {byte} {count}"
    return f"unspecified {length([segment])}"
