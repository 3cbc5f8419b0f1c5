"""Arrays that the device can reach: in device memory (`Buffer`) and pinned in host memory (`HostArray`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doorbell.contract import Space
from doorbell.errors import ArgumentError, UseAfterFree
from doorbell.memory import HostBuffer

if TYPE_CHECKING:
    from doorbell.device import Device
    from doorbell.event import Event
    from doorbell.queue import Queue

__all__ = ["Buffer", "HostArray", "Operand", "byte_range"]


class Operand:
    """A C-contiguous array at a device-visible address: ``shape``, ``dtype``, ``nbytes``, ``space``.

    ``ready`` is the event of its upload; a stream that uses it waits for that first.
    """

    def __init__(
        self,
        space: Space,
        address: int,
        shape: tuple[int, ...],
        dtype: npt.DTypeLike,
        release: Callable[[], None],
    ) -> None:
        """``address`` counts bytes in ``space``; ``release`` gives the memory back."""
        self.space = space
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.nbytes = int(np.prod(shape, dtype=np.int64)) * self.dtype.itemsize
        self.ready: Event | None = None
        self._address = address
        self._release = release
        self._freed = False
        self._uses: dict[Queue, int] = {}

    @property
    def address(self) -> int:
        """First byte, in ``space``.

        Raises:
            UseAfterFree: it was freed.
        """
        if self._freed:
            raise UseAfterFree(
                f"buffer {self.shape} at {self.space.name} {self._address:#x} is used after it was freed"
            )
        return self._address

    def used(self, queue: Queue, value: int) -> None:
        """Note that ``queue`` uses the memory until its timeline reaches ``value``."""
        self._uses[queue] = value

    def free(self) -> None:
        """Give the memory back; it is reused only after every command that uses it has retired.

        Raises:
            UseAfterFree: it was freed already.
        """
        _ = self.address
        self._freed = True
        waiting = [(queue, value) for queue, value in self._uses.items() if queue.recorded < value]
        left = len(waiting)

        def one_less() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self._release()

        if not waiting:
            self._release()
        for queue, value in waiting:
            queue.on_retire(value, one_less)


class Buffer(Operand):
    """An array in device memory."""

    def __init__(
        self, device: Device, address: int, shape: tuple[int, ...], dtype: npt.DTypeLike
    ) -> None:
        """Use `Device.empty`; ``address`` is already allocated."""
        super().__init__(Space.DEVICE, address, shape, dtype, lambda: device.memory.free(address))
        self.device = device


class HostArray(Operand):
    """A pinned array in host memory; ``array`` is its numpy view, in place."""

    def __init__(
        self, device: Device, memory: HostBuffer, shape: tuple[int, ...], dtype: npt.DTypeLike
    ) -> None:
        """Use `Device.pinned`; ``memory`` is already allocated."""
        super().__init__(Space.HOST, memory.iova, shape, dtype, lambda: device.host.free(memory))
        self.device = device
        self.array: npt.NDArray[Any] = memory.view[: self.nbytes].view(self.dtype).reshape(shape)


def byte_range(operand: Operand, offset: int, length: int | None, what: str) -> tuple[int, int]:
    """Return (address, bytes) of a part of ``operand``; None takes the rest.

    Raises:
        ArgumentError: the part does not lie inside the operand.
    """
    length = operand.nbytes - offset if length is None else length
    if offset < 0 or length < 0 or offset + length > operand.nbytes:
        raise ArgumentError(
            f"{what}: bytes [{offset}, {offset + length}) of a buffer of {operand.nbytes} bytes"
        )
    return operand.address + offset, length
