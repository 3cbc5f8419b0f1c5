"""Arrays that the device can reach: in device memory (`Buffer`) and pinned in host memory (`HostArray`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from doorbell.checks import integer
from doorbell.contract import Space
from doorbell.errors import ArgumentError
from doorbell.lease import Lease
from doorbell.memory import HostBuffer

if TYPE_CHECKING:
    from doorbell.device import Device
    from doorbell.event import Event

__all__ = ["Buffer", "HostArray", "Operand", "byte_range"]


class Operand:
    """A C-contiguous array of ``device`` at a device-visible address: ``shape``, ``dtype``, ``nbytes``, ``space``.

    ``ready`` is the event of its upload; a stream that uses it waits for that first. As a context
    manager it is freed at the end of the block.
    """

    def __init__(
        self,
        device: Device,
        space: Space,
        address: int,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        release: Callable[[], None],
    ) -> None:
        """``address`` counts bytes in ``space``; ``release`` gives the memory back."""
        self.device = device
        self.space = space
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.nbytes = math.prod(shape) * self.dtype.itemsize
        self.ready: Event | None = None
        self._address = address
        self._label = f"{type(self).__name__} {self.dtype} {shape} at {space.name} {address:#x}"
        self.lease = Lease(self._label, release)

    def __repr__(self) -> str:
        return f"<{self._label}{', freed' if self.lease.freed else ''}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.lease.freed:
            self.free()

    @property
    def address(self) -> int:
        """First byte, in ``space``.

        Raises:
            UseAfterFree: it was freed.
        """
        self.lease.check()
        return self._address

    def free(self) -> None:
        """Give the memory back; it is reused only after every command that uses it has retired.

        Raises:
            UseAfterFree: it was freed already.
        """
        self.lease.free()


class Buffer(Operand):
    """An array in device memory."""

    def __init__(
        self, device: Device, address: int, shape: tuple[int, ...], dtype: npt.DTypeLike
    ) -> None:
        """Use `Device.empty`; ``address`` is already allocated."""
        super().__init__(
            device, Space.DEVICE, address, shape, dtype, lambda: device.memory.free(address)
        )


class HostArray(Operand):
    """A pinned array in host memory."""

    def __init__(
        self, device: Device, memory: HostBuffer, shape: tuple[int, ...], dtype: npt.DTypeLike
    ) -> None:
        """Use `Device.pinned`; ``memory`` is already allocated."""
        super().__init__(
            device, Space.HOST, memory.iova, shape, dtype, lambda: device.host.free(memory)
        )
        self._array: npt.NDArray[Any] = memory.view[: self.nbytes].view(self.dtype).reshape(shape)

    @property
    def array(self) -> npt.NDArray[Any]:
        """Its numpy view, in place; the device sees what stands there when a doorbell is rung.

        Raises:
            UseAfterFree: it was freed.
        """
        self.lease.check()
        return self._array


def byte_range(operand: Operand, offset: int, length: int | None, what: str) -> tuple[int, int]:
    """Return (address, bytes) of a part of ``operand``; None takes the rest.

    Raises:
        ArgumentError: ``operand`` is no buffer, or the part does not lie inside it.
        UseAfterFree: it was freed.
    """
    if not isinstance(operand, Operand):
        raise ArgumentError(
            f"{what}: {type(operand).__name__} is not a buffer; give what Device.upload, empty or pinned returned"
        )
    address = operand.address
    offset = integer(f"{what} offset (bytes)", offset, 0, operand.nbytes)
    rest = operand.nbytes - offset
    return address + offset, (
        rest if length is None else integer(f"{what} length (bytes)", length, 0, rest)
    )
