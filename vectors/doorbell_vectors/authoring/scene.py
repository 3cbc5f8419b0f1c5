"""One vector under compilation: names, memory, queues, and the ops made so far."""

from __future__ import annotations

from typing import Any, Final

from doorbell.contract import Kernel, Opcode, limits
from doorbell_vectors.authoring.block import Block
from doorbell_vectors.authoring.contents import Named, Segments
from doorbell_vectors.authoring.kernels import KernelRun
from doorbell_vectors.authoring.memory import Area, Areas
from doorbell_vectors.authoring.needs import CAPABILITIES, Needs
from doorbell_vectors.authoring.queues import Queue
from doorbell_vectors.authoring.source import Wrong
from doorbell_vectors.authoring.terms import Term, evaluate, plain
from doorbell_vectors.authoring.touched import expected_log2, reach, rung
from doorbell_vectors.format.values import literal, number

__all__ = ["WITHIN", "Scene"]

WITHIN: Final = 200_000
"""Device cycles that a wait takes at most unless the source says otherwise."""


class Scene:
    """What a step's compiler works on; ``steps`` are ops of the machine form."""

    def __init__(self, identifier: str, name: str) -> None:
        self.id, self.name = identifier, name
        self.memory = Areas()
        self.queues: dict[str, Queue] = {}
        self.kernels: dict[str, KernelRun] = {}
        self.needs = Needs()
        self.steps: list[dict[str, Any]] = []
        self.saved: set[str] = set()
        self.names = Named(self.contents, self.term, f"{identifier} {name}")
        self.negative = False

    # Names and values -----------------------------------------------------------------------------
    def term(self, spec: Any) -> Term:
        """Return what an expression stands for."""
        return evaluate(spec, self._lookup)

    def plain(self, spec: Any) -> int:
        """Return the integer that an expression stands for."""
        return plain(spec, self._lookup)

    def value(self, spec: Any) -> Any:
        """Return an expression as the machine form holds it."""
        return self.term(spec).value()

    def _lookup(self, name: str) -> Term:
        kind, _, rest = name.partition(".")
        if kind == "cap":
            if rest not in CAPABILITIES:
                raise Wrong(f"no capability {rest!r}; there are: {', '.join(CAPABILITIES)}")
            return Term(kind="cap", name=rest)
        if kind == "saved":
            if rest not in self.saved:
                raise Wrong(
                    f"no value saved as {rest!r}; so far: {', '.join(sorted(self.saved)) or 'none'}"
                )
            return Term(kind="saved", name=rest)
        if kind == "limits" and isinstance(getattr(limits, rest, None), int):
            return Term(getattr(limits, rest))
        if kind in self.queues and rest in {"", "put", "start", "number"}:
            queue = self.queues[kind]
            return Term({"put": queue.count, "start": queue.start}.get(rest, queue.number))
        return self.area(name).term

    def area(self, name: str) -> Area:
        """Return a buffer or device range."""
        return self.memory.find(name)

    def contents(self, name: str) -> Segments | None:
        """Return the bytes that a name stands for, or None."""
        run, _, what = name.partition(".")
        if run in self.kernels and what == "result":
            return self.kernels[run].result()
        key = name.replace(".", "_")
        return self.memory.areas[key].contents if key in self.memory.areas else None

    def queue(self, name: Any) -> Queue:
        """Return the queue called ``name``."""
        if name not in self.queues:
            raise Wrong(f"no queue {name!r}; there are: {', '.join(self.queues) or 'none'}")
        return self.queues[name]

    def kernel(self, name: Any) -> KernelRun:
        """Return the kernel run called ``name``."""
        if name not in self.kernels:
            raise Wrong(f"no kernel {name!r}; there are: {', '.join(self.kernels) or 'none'}")
        return self.kernels[name]

    # Ops ------------------------------------------------------------------------------------------
    def emit(self, op: str, **keys: Any) -> None:
        """Append an op; keys that are None are left out. What it touches in a BAR is needed."""
        step = {"op": op} | {key: value for key, value in keys.items() if value is not None}
        self.steps.append(step)
        for place in reach(step):
            self.needs.touch(*place)
        if (log2 := expected_log2(step)) is not None:
            self.needs.ring(log2)
        for queue in self.queues.values():
            if queue.number == rung(step):
                self._rings(queue, step)

    @staticmethod
    def _rings(queue: Queue, step: dict[str, Any]) -> None:
        """Note a write to a queue's doorbell page; only a whole and plain count tells which slots it is about."""
        whole = step["op"] == "write" and step["size"] == 8
        if whole and isinstance(step["value"], int | str):
            queue.rings(number(step["value"]))
        else:
            queue.fixed = True

    def write(self, at: int, term: Term, size: int = 8) -> None:
        """Append a register write."""
        self.emit("write", bar=0, at=literal(at), size=size, value=term.value())

    def poll(self, at: int, expect: dict[str, Any], within: Any = None) -> None:
        """Append a read that is repeated until it is as expected."""
        self.emit("read", bar=0, at=literal(at), size=8, expect=expect, within=self.within(within))

    def within(self, spec: Any = None) -> Any:
        """Return a limit in device cycles as the machine form holds it."""
        if isinstance(spec, Term):
            return spec.value()
        return WITHIN if spec is None else self.value(spec)

    def save(self, name: str) -> str:
        """Note that a step saves a value under this name, and return it."""
        self.saved.add(name)
        return name

    # Needs ----------------------------------------------------------------------------------------
    def uses_vector(self, vector: Term) -> None:
        """Note an interrupt vector; one above 31 is meant to be absent."""
        if not vector.kind and vector.add < 32:
            self.needs.least("vectors", vector.add + 1)
        elif not vector.kind:
            self.needs.most("vectors", vector.add)

    def uses(self, opcode: Opcode, block: Block) -> None:
        """Note what a packet's operands need; what is far above any count is meant to be absent."""
        if opcode is Opcode.LAUNCH:
            if block.get("kernel") in {kernel.value for kernel in Kernel if kernel}:
                self.needs.bits("kernels", 1 << block.get("kernel"))
            if block.get("unit_mask") < 1 << 8:
                self.needs.least("units", block.get("unit_mask").bit_length())
            else:
                self.needs.most("units", block.get("unit_mask").bit_length() - 1)
        elif opcode in {Opcode.WAIT, Opcode.SIGNAL} and block.get("semaphore") >= 1 << 16:
            self.needs.most("semaphores", block.get("semaphore"))
        elif opcode in {Opcode.WAIT, Opcode.SIGNAL} and block.get("semaphore") >= 1024:
            self.needs.least("semaphores", block.get("semaphore") + 1)
