"""Train, quantise and write the digits network: `python examples/digits/train.py`.

Needs scikit-learn for its copy of the digits data set, and nothing else beyond numpy. It is not a
dependency of the project, since `digits.npz` is committed; `REQUIREMENTS` made that file.

The result does not depend on the BLAS or the processor. Every operand of a floating-point matrix
product lies on a grid of powers of two coarse enough for the product to be exact in float64, so
that the order in which a BLAS adds, its threads and its instruction set cannot matter; the loss
needs no exp or log.
"""

import argparse
import importlib
import itertools
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int8s = NDArray[np.int8]
Int32s = NDArray[np.int32]
Labels = NDArray[np.uint8]

REQUIREMENTS = "numpy==2.4.6 scikit-learn==1.9.1"

SEED = 8
SIZES = (64, 256, 256, 10)
EPOCHS = 60
BATCH = 64
LEARNING_RATE = 0.02
MOMENTUM = 0.9
TEST_IMAGES = 512
"""Held-out images: eight batches of 64."""

INPUT_SCALE = 120.0
"""Int8 steps in 1.0 of network input: the pixels 0..16 become -120..120 in steps of 15."""
WEIGHT_BITS, HIDDEN_BITS, GRADIENT_BITS = 20, 12, 20
"""Fraction bits of the three training grids."""


@dataclass(frozen=True, slots=True)
class FloatLayer:
    """Weights [K, N] and bias [N] of one layer, before quantisation."""

    weights: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Layer:
    """One quantised layer: a `gemm_s8` [M, K] @ [K, N] and the `requantise` after it.

    `weights` [K, N]; `bias` [N], in units of the accumulator; `multiplier` 0..2^31-1 and `shift`
    1..62 scale the sum by multiplier / 2^shift; `lo` and `hi` clamp it (ReLU is lo = 0).
    """

    weights: Int8s
    bias: Int32s
    multiplier: int
    shift: int
    lo: int
    hi: int


def reference(images: Int8s, layers: Sequence[Layer]) -> Int8s:
    """Run `images` [n, 64] through `layers` in the device's exact arithmetic: logits [n, 10].

    Sums wrap at 32 bits (the casts from int64 do that); the rounding shift is arithmetic.
    """
    y = images
    for layer in layers:
        sums = (y.astype(np.int64) @ layer.weights.astype(np.int64)).astype(np.int32)
        biased = (sums.astype(np.int64) + layer.bias).astype(np.int32)
        scaled = biased.astype(np.int64) * layer.multiplier
        rounded = (scaled + (1 << (layer.shift - 1))) >> layer.shift
        y = np.clip(rounded, layer.lo, layer.hi).astype(np.int8)
    return y


def accuracy(logits: Floats | Int8s, labels: Labels) -> float:
    """Share of rows of `logits` [n, 10] whose first greatest element is at the label [n]."""
    return float(np.mean(np.argmax(logits, axis=1) == labels))


def load_digits() -> tuple[Floats, Labels]:
    """Return scikit-learn's data set: pixels [1797, 64], integers 0..16, and labels [1797].

    Raises SystemExit with the command that installs scikit-learn where it is missing.
    """
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")  # has no type information
    except ModuleNotFoundError as error:
        raise SystemExit(f"{error}; to get it: pip install {REQUIREMENTS}") from error
    pixels, labels = datasets.load_digits(return_X_y=True)
    return np.asarray(pixels, np.float64), np.asarray(labels, np.uint8)


def snap(x: Floats, bits: int) -> Floats:
    """Round `x` to multiples of 2^-bits."""
    return np.rint(x * 2.0**bits) * 2.0**-bits


def forward(x: Floats, layers: Sequence[FloatLayer]) -> list[Floats]:
    """Input, hidden activations (after ReLU) and logits of the float network, on their grids."""
    outputs = [x]
    for layer in layers:
        z = snap(outputs[-1] @ snap(layer.weights, WEIGHT_BITS) + layer.bias, HIDDEN_BITS)
        outputs.append(z if layer is layers[-1] else np.maximum(z, 0.0))
    return outputs


def descend(values: Floats, speeds: Floats, step: Floats) -> None:
    """Move `values` one `step` against the gradient with momentum; both change in place."""
    speeds *= MOMENTUM
    speeds -= step
    values += speeds


def train(x: Floats, labels: Labels, rng: np.random.Generator) -> list[FloatLayer]:
    """Fit the network to `x` [n, 64] by momentum descent on a squared hinge, one against all."""
    shapes = list(itertools.pairwise(SIZES))
    layers = [
        FloatLayer((rng.random(shape) * 2.0 - 1.0) * np.sqrt(6.0 / shape[0]), np.zeros(shape[1]))
        for shape in shapes
    ]
    speeds = [FloatLayer(np.zeros(shape), np.zeros(shape[1])) for shape in shapes]
    signs = np.where(labels[:, None] == np.arange(SIZES[-1]), 1.0, -1.0)
    for epoch in range(EPOCHS):
        rate = LEARNING_RATE * (1.0 - epoch / EPOCHS) / BATCH
        order = rng.permutation(len(x))
        for first in range(0, len(x) - BATCH + 1, BATCH):
            rows = order[first : first + BATCH]
            outputs = forward(x[rows], layers)
            gradient = -2.0 * signs[rows] * np.maximum(1.0 - signs[rows] * outputs[-1], 0.0)
            for i in reversed(range(len(layers))):
                gradient = snap(gradient, GRADIENT_BITS)
                back = gradient @ snap(layers[i].weights, WEIGHT_BITS).T
                descend(layers[i].weights, speeds[i].weights, rate * (outputs[i].T @ gradient))
                descend(layers[i].bias, speeds[i].bias, rate * gradient.sum(axis=0))
                gradient = np.where(outputs[i] > 0.0, back, 0.0)
    return layers


def quantise(layers: Sequence[FloatLayer], x: Floats) -> list[Layer]:
    """Symmetric int8 weights per layer; activation ranges from the training inputs `x` [n, 64]."""
    quantised = []
    steps_in = INPUT_SCALE
    for layer, output in zip(layers, forward(x, layers)[1:], strict=True):
        steps_weight = 127.0 / float(np.abs(layer.weights).max())
        steps_out = 127.0 / float(np.abs(output).max())
        steps_sum = steps_in * steps_weight
        mantissa, exponent = np.frexp(steps_out / steps_sum)  # mantissa in 0.5..1
        last = layer is layers[-1]
        quantised.append(
            Layer(
                weights=np.rint(layer.weights * steps_weight).astype(np.int8),
                bias=np.rint(layer.bias * steps_sum).astype(np.int32),
                multiplier=min(int(np.rint(mantissa * 2.0**31)), 2**31 - 1),
                shift=31 - int(exponent),
                lo=-128 if last else 0,
                hi=127,
            )
        )
        steps_in = steps_out
    return quantised


def save(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write `arrays` as an uncompressed .npz whose bytes hold no time stamp and no platform."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o644 << 16
            with archive.open(info, "w") as member:
                np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
    temporary.replace(path)


def main() -> None:
    """Train, print the accuracies on the held-out images, write the file."""
    parser = argparse.ArgumentParser(description="Train and quantise the digits network.")
    default = Path(__file__).with_name("digits.npz")
    parser.add_argument("--output", type=Path, default=default, help="default: %(default)s")
    path: Path = parser.parse_args().output

    rng = np.random.default_rng(SEED)
    pixels, labels = load_digits()
    order = rng.permutation(len(labels))
    test, fit = order[:TEST_IMAGES], order[TEST_IMAGES:]
    x = (pixels - 8.0) / 8.0
    images = (x * INPUT_SCALE).astype(np.int8)

    trained = train(x[fit], labels[fit], rng)
    layers = quantise(trained, x[fit])
    print(f"float accuracy {accuracy(forward(x[test], trained)[-1], labels[test]):.4f}")
    print(f"int8  accuracy {accuracy(reference(images[test], layers), labels[test]):.4f}")

    arrays: dict[str, NDArray[Any]] = {f"w{i}": layer.weights for i, layer in enumerate(layers)}
    arrays |= {f"b{i}": layer.bias for i, layer in enumerate(layers)}
    arrays |= {
        "multiplier": np.array([layer.multiplier for layer in layers], np.int32),
        "shift": np.array([layer.shift for layer in layers], np.int32),
        "lo": np.array([layer.lo for layer in layers], np.int8),
        "hi": np.array([layer.hi for layer in layers], np.int8),
        "images": images[test],
        "labels": labels[test],
    }
    save(path, arrays)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
