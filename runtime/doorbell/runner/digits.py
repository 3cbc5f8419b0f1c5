"""The main job: a quantised network reads handwritten digits on the device, bit for bit as numpy does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from doorbell import kernels, reference
from doorbell.buffer import Buffer, HostArray
from doorbell.contract import registers
from doorbell.device import Device
from doorbell.errors import WrongResult
from doorbell.event import Event
from doorbell.stream import Stream

__all__ = ["DATA", "Layer", "load", "main", "predict"]

DATA: Final = Path(__file__).resolve().parents[3] / "examples" / "digits" / "digits.npz"
BATCH: Final = 64
_PIECE: Final = 1 << 16
_PIECES: Final = 8


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: int8 ``weights`` [k, n], int32 ``bias`` [n], then ``multiplier``, ``shift``, clamp ``lo``..``hi``."""

    weights: npt.NDArray[np.int8]
    bias: npt.NDArray[np.int32]
    multiplier: int
    shift: int
    lo: int
    hi: int


def load(
    path: Path = DATA,
) -> tuple[list[Layer], npt.NDArray[np.int8], npt.NDArray[np.uint8]]:
    """Return the layers, images int8 [n, 64] and labels uint8 [n] of an ``.npz`` file (keys: examples/digits)."""
    with np.load(path, allow_pickle=False) as file:
        scalars = [
            [int(value) for value in file[key]] for key in ("multiplier", "shift", "lo", "hi")
        ]
        layers = [
            Layer(file[f"w{number}"], file[f"b{number}"], *rest)
            for number, rest in enumerate(zip(*scalars, strict=True))
        ]
        return layers, file["images"], file["labels"]


def predict(layers: list[Layer], images: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return the int8 logits [n, 10] as numpy computes them."""
    x = images
    for layer in layers:
        x = reference.requantise(
            reference.gemm(x, layer.weights),
            layer.bias,
            multiplier=layer.multiplier,
            shift=layer.shift,
            lo=layer.lo,
            hi=layer.hi,
        )
    return x


class _Network:
    """The network on one stream: weights are shared, activations are its own."""

    def __init__(
        self, stream: Stream, layers: list[Layer], weights: list[tuple[Buffer, Buffer]]
    ) -> None:
        self._stream = stream
        self._layers = layers
        self._weights = weights
        device = stream.device
        shapes = [(BATCH, layer.bias.size) for layer in layers]
        self._sums = [device.empty(shape, np.int32) for shape in shapes]
        self._outputs = [device.empty(shape, np.int8) for shape in shapes]

    def infer(self, images: Buffer, logits: HostArray) -> Event:
        """Stage one batch: int8 [64, 64] in, int8 [64, 10] to pinned memory; the event says it is there."""
        x = images
        for layer, (weights, bias), sums, output in zip(
            self._layers, self._weights, self._sums, self._outputs, strict=True
        ):
            self._stream.launch(kernels.gemm(x, weights, sums))
            scale = kernels.requantise(
                sums,
                bias,
                output,
                multiplier=layer.multiplier,
                shift=layer.shift,
                lo=layer.lo,
                hi=layer.hi,
            )
            self._stream.launch(scale)
            x = output
        self._stream.copy(logits, x)
        return self._stream.record()


async def main(device: Device, batches: int = 4) -> dict[str, Any]:
    """Infer ``batches`` x 64 images over two streams; return accuracy and measurements (cycles, bytes, ratios).

    Raises:
        WrongResult: a logit differs from numpy's.
    """
    layers, images, labels = load()
    count = min(batches * BATCH, len(images) // BATCH * BATCH)
    started = perf_counter()
    transfers = await _transfers(device)
    latency = await _latency(device)
    weights = [(device.upload(layer.weights), device.upload(layer.bias)) for layer in layers]
    networks = [_Network(device.stream(), layers, weights) for _ in range(2)]
    before, units_before = await device.counters(), await _units(device)
    landing = [device.pinned((BATCH, 10), np.int8) for _ in range(count // BATCH)]
    events = []
    for number, target in enumerate(landing):
        batch = device.upload(images[number * BATCH : (number + 1) * BATCH])
        events.append(networks[number % 2].infer(batch, target))
        batch.free()  # given back when the launches that use it have retired
        device.service()
    for event in events:
        await event
    device.check_faults()
    after, units_after = await device.counters(), await _units(device)
    logits = np.concatenate([part.array for part in landing])
    _compare(logits, predict(layers, images[:count]))
    cycles = after["cycles"] - before["cycles"]
    macs = count * sum(layer.weights.size for layer in layers)
    peak = device.capabilities.macs_per_cycle
    busy = units_after[0] - units_before[0]
    return {
        "images": count,
        "accuracy": float(np.mean(logits.argmax(axis=1) == labels[:count])),
        "cycles": cycles,
        "bytes_to_device": after["rx_bytes"] - before["rx_bytes"],
        "bytes_to_host": after["tx_bytes"] - before["tx_bytes"],
        **transfers,
        "mac_utilisation": macs / (peak * busy),
        "mac_utilisation_elapsed": macs / (peak * device.capabilities.units * cycles),
        "doorbell_to_record_cycles": latency,
        "commands": after["commands"] - before["commands"],
        "doorbells": after["doorbells"] - before["doorbells"],
        "interrupts": after["interrupts"] - before["interrupts"],
        "total_cycles": device.transport.now(),
        "cycles_per_second": device.transport.now() / (perf_counter() - started),
    }


def _compare(found: npt.NDArray[np.int8], expected: npt.NDArray[np.int8]) -> None:
    wrong = np.argwhere(found != expected)
    if wrong.size:
        image, logit = (int(at) for at in wrong[0])
        raise WrongResult(
            f"digits: {len(wrong)} of {found.size} logits differ from numpy; first: image {image}, logit {logit}, "
            f"device {found[image, logit]}, numpy {expected[image, logit]}",
            rule="EU",
        )


async def _units(device: Device) -> tuple[int, int]:
    """Busy cycles and MAC cycles, summed over the units."""
    blocks = [registers.UNIT[number] for number in range(device.capabilities.units)]
    busy = [await device.read(block.BUSY_CYCLES) for block in blocks]
    macs = [await device.read(block.MAC_CYCLES) for block in blocks]
    return sum(busy), sum(macs)


async def _latency(device: Device, samples: int = 8) -> float:
    """Median cycles from the doorbell's posting to the record seen in host memory, for a NOP on an idle queue."""
    stream = device.stream()
    times = []
    for _ in range(samples):
        stream.record()
        start = device.transport.now()
        await stream.synchronize()
        times.append(device.transport.now() - start)
    return float(np.median(times))


async def _transfers(device: Device) -> dict[str, float]:
    """Bus efficiency each way: eight overlapping copies of 64 KiB, payload / (cycles x 64), and its wire equivalent."""
    stream = device.stream()
    host, local = device.pinned(_PIECE * _PIECES), device.empty(_PIECE * _PIECES)
    host.array[:] = np.arange(host.nbytes, dtype=np.uint32).astype(np.uint8)
    figures: dict[str, float] = {}
    for name, target, source in (("read", local, host), ("write", host, local)):
        before = await device.counters()
        with stream.overlap():
            for piece in range(_PIECES):
                at = piece * _PIECE
                stream.copy(target, source, _PIECE, destination_offset=at, source_offset=at)
        await stream.synchronize()
        after = await device.counters()
        moved = {key: after[key] - before[key] for key in after}
        payload, tlps = (
            (moved["rx_bytes"], moved["rx_tlps"])
            if name == "read"
            else (moved["tx_bytes"], moved["tx_tlps"])
        )
        figures[f"dma_{name}_efficiency"] = payload / (moved["cycles"] * 64)
        # Headers travel beside the data here; on a wire each TLP costs about 24 bytes more.
        figures[f"dma_{name}_wire"] = payload / (payload + 24 * tlps)
    host.free()
    local.free()
    return figures
