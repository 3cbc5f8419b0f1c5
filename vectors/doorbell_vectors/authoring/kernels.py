"""Kernel runs of a vector: operands in device memory, the argument block, and the result to expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import ARGUMENTS, Kernel
from doorbell.reference import gemm, requantise
from doorbell_vectors.authoring.block import Block
from doorbell_vectors.authoring.contents import Segments, parse, seed_of
from doorbell_vectors.authoring.memory import Area
from doorbell_vectors.authoring.source import Map, Wrong
from doorbell_vectors.format.octets import octets
from doorbell_vectors.format.values import Values

if TYPE_CHECKING:
    from doorbell_vectors.authoring.scene import Scene

__all__ = ["KernelRun", "declare"]

_TILE: Final = (64, 16)
"""Columns and rows of one work-group."""
_DEFAULTS: Final = {"multiplier": 1 << 24, "shift": 30, "lo": -128, "hi": 127}


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of ``width`` bytes, ``pitch`` bytes apart, ``offset`` bytes into its device range."""

    rows: int
    width: int
    pitch: int
    offset: int

    @property
    def size(self) -> int:
        """Bytes from the first to the last of it."""
        return (self.rows - 1) * self.pitch + self.width

    def view(self, data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return it as uint8 [rows, width], a view of its range's bytes."""
        strides = (self.pitch, 1)
        body = data[self.offset : self.offset + self.size]
        return np.lib.stride_tricks.as_strided(body, (self.rows, self.width), strides)


@dataclass(frozen=True, slots=True)
class KernelRun:
    """A kernel with operands: what LAUNCH needs, and the bytes of the output's range afterwards."""

    name: str
    kernel: Kernel
    grid: tuple[int, int, int]
    numbers: dict[str, int]
    matrices: dict[str, Matrix]
    areas: dict[str, Area]
    output: str

    def result(self) -> Segments:
        """Return the whole output range after the run: elements of the grid's groups new, the rest as it was."""
        data = {name: _bytes(area) for name, area in self.areas.items()}
        whole = _gemm(self, data) if self.kernel is Kernel.GEMM_S8 else _requantise(self, data)
        out, element = self.matrices[self.output], 4 if self.kernel is Kernel.GEMM_S8 else 1
        made = data[self.output]
        rows = min(self.grid[1] * _TILE[1], out.rows)
        width = min(self.grid[0] * _TILE[0] * element, out.width)
        out.view(made)[:rows, :width] = whole.view(np.uint8).reshape(out.rows, out.width)[
            :rows, :width
        ]
        return [["x", made.tobytes().hex()]]


def declare(name: str, spec: Map, scene: Scene) -> KernelRun:
    """Declare ranges `name_<operand>` and the block `name_arguments`, and return the run.

    Raises:
        Wrong: an unknown kernel or key.
    """
    kernel = Kernel.__members__.get(str(spec.get("kernel")))
    if kernel is None or kernel not in ARGUMENTS:
        raise Wrong(
            f"kernel {name}: {spec.get('kernel')!r}; give one of {[k.name for k in ARGUMENTS]}",
            spec,
        )
    known = {
        "kernel",
        "grid",
        "offset",
        "data",
        "arguments",
        "bytes",
        "host",
        "tail",
        *(ARGUMENTS[kernel].names or ()),
    }
    for key in spec:
        if key not in known:
            raise Wrong(
                f"kernel {name}: unknown key {key!r}; known: {', '.join(sorted(known))}", spec
            )
    numbers = {
        key: scene.plain(spec[key]) for key in spec if key in (ARGUMENTS[kernel].names or ())
    }
    matrices = _matrices(kernel, numbers, spec)
    areas = {
        operand: _area(name, operand, matrix, spec, scene) for operand, matrix in matrices.items()
    }
    columns, rows = -(-numbers["n"] // _TILE[0]), -(-numbers["m"] // _TILE[1])
    grid = tuple(spec.get("grid") or (columns, rows, 1))
    output = "c" if kernel is Kernel.GEMM_S8 else "y"
    run = KernelRun(name, kernel, (grid[0], grid[1], grid[2]), numbers, matrices, areas, output)
    _arguments(run, spec, scene)
    return run


def _matrices(kernel: Kernel, numbers: dict[str, int], spec: Map) -> dict[str, Matrix]:
    offset = spec.get("offset") or {}
    if kernel is Kernel.GEMM_S8:
        m, n, k = _sizes(numbers, "mnk", spec)
        shapes = {"a": (m, k, "lda"), "b": (k, n, "ldb"), "c": (m, 4 * n, "ldc")}
    else:
        for key, value in _DEFAULTS.items():
            numbers.setdefault(key, value)
        m, n = _sizes(numbers, "mn", spec)
        shapes = {"x": (m, 4 * n, "ldx"), "bias": (1, 4 * n, ""), "y": (m, n, "ldy")}
    made = {}
    for operand, (rows, width, pitch) in shapes.items():
        at = numbers.setdefault(pitch, width) if pitch else width
        made[operand] = Matrix(rows, width, at, offset.get(operand, 0))
    return made


def _sizes(numbers: dict[str, int], names: str, spec: Map) -> list[int]:
    for name in names:
        if not 1 <= numbers.get(name, 0) <= 4096:
            raise Wrong(
                f"kernel: {name} = {numbers.get(name)}: give 1 to 4096; `arguments` overrides it",
                spec,
            )
    return [numbers[name] for name in names]


def _area(name: str, operand: str, matrix: Matrix, spec: Map, scene: Scene) -> Area:
    size = matrix.offset + matrix.size + spec.get("tail", 16)
    given = (spec.get("data") or {}).get(operand)
    if given is not None:
        contents = parse(given, scene.names)
    else:
        contents = [["r", seed_of(scene.id, scene.name, name, operand), 0, size]]
    return scene.memory.device(f"{name}_{operand}", contents)


def _arguments(run: KernelRun, spec: Map, scene: Scene) -> None:
    block = Block(ARGUMENTS[run.kernel], f"{run.kernel.name} arguments")
    for operand, area in run.areas.items():
        block.set(operand, area.term.plus(run.matrices[operand].offset))
    for key, number in run.numbers.items():
        block.set(key, scene.term(number))
    for key, value in (spec.get("arguments") or {}).items():
        block.set(key, scene.term(value))
    for at, data in (spec.get("bytes") or {}).items():
        block.poke(int(at, 0), bytes([data]))
    if spec.get("host"):
        scene.memory.buffer(f"{run.name}_arguments", block.segments(), align=64)
    else:
        scene.memory.device(f"{run.name}_arguments", block.segments(), align=64)


def _bytes(area: Area) -> npt.NDArray[np.uint8]:
    return np.frombuffer(octets(area.contents, Values()).exact(), np.uint8).copy()


def _typed(run: KernelRun, data: dict[str, Any], operand: str, dtype: str) -> npt.NDArray[Any]:
    return np.ascontiguousarray(run.matrices[operand].view(data[operand])).view(dtype)


def _gemm(run: KernelRun, data: dict[str, Any]) -> npt.NDArray[Any]:
    return gemm(_typed(run, data, "a", "i1"), _typed(run, data, "b", "i1"))


def _requantise(run: KernelRun, data: dict[str, Any]) -> npt.NDArray[Any]:
    numbers = run.numbers
    return requantise(
        _typed(run, data, "x", "<i4"),
        _typed(run, data, "bias", "<i4")[0],
        multiplier=numbers["multiplier"],
        shift=numbers["shift"],
        lo=numbers["lo"],
        hi=numbers["hi"],
    )
