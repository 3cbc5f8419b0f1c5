"""What a queue keeps in host memory: ring, argument blocks, record, error record.

    | 2^log2 packets | 2^log2 argument blocks | record 16 |  | error record 64 | get 8 |

A command's packet and its argument block have the same slot: its count modulo the size.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from doorbell.contract import ERROR_RECORD, PACKET, Flag, limits
from doorbell.memory import HostPool

__all__ = ["RUNTIME_FLAGS", "Ring"]

RUNTIME_FLAGS: Final = int(Flag.RECORD | Flag.INTERRUPT)
"""Flags of the packets that tell the timeline: the last of a batch, and the one before each WAIT."""
_REPORT, _WRITEBACK, _STATE_BYTES = 64, 128, 192


class Ring:
    """Host memory of a queue of ``size`` packets at bus address ``iova``; counts pick slots, in any lap."""

    def __init__(self, host: HostPool, log2: int) -> None:
        """Allocate it, zeroed."""
        self.size = 1 << log2
        self._host = host
        packets, arguments = self.size * limits.PACKET_BYTES, self.size * limits.ARGUMENT_BYTES
        state = packets + arguments
        self._memory = host.allocate(state + _STATE_BYTES, limits.RING_ALIGN_BYTES)
        view = self._memory.view
        self._packets: npt.NDArray[np.void] = view[:packets].view(PACKET)
        self._arguments = view[packets:state].reshape(-1, limits.ARGUMENT_BYTES)
        self._record: npt.NDArray[np.uint64] = view[state : state + limits.RECORD_BYTES].view("<u8")
        report = state + _REPORT
        self.report: npt.NDArray[np.void] = view[report : report + limits.ERROR_RECORD_BYTES].view(
            ERROR_RECORD
        )
        """The error record, one element."""
        self.iova = self._memory.iova
        self.record_iova = self.iova + state
        self.report_iova = self.record_iova + _REPORT
        self.writeback_iova = self.record_iova + _WRITEBACK
        self._arguments_iova = self.iova + packets

    @property
    def recorded(self) -> int:
        """The record's value word: the only word that says what is done (RT-DONE-002)."""
        return int(self._record[1])

    @recorded.setter
    def recorded(self, value: int) -> None:
        self._record[1] = value

    @property
    def generation(self) -> int:
        """Number of the error record that stands in memory; 0: none yet."""
        return int(self.report["generation"][0])

    def arguments_address(self, count: int) -> int:
        """Bus address of the argument block of the packet ``count``."""
        return self._arguments_iova + count % self.size * limits.ARGUMENT_BYTES

    def opcode(self, count: int) -> int:
        """Opcode byte of the packet ``count``."""
        return int(self._packets["opcode"][count % self.size])

    def write(self, count: int, packets: npt.NDArray[np.void]) -> None:
        """Store packets from ``count`` on; no more than the ring holds."""
        slot = count % self.size
        head = min(len(packets), self.size - slot)
        self._packets[slot : slot + head] = packets[:head]
        self._packets[: len(packets) - head] = packets[head:]

    def write_arguments(self, count: int, block: npt.NDArray[np.uint8]) -> None:
        """Store the 64-byte argument block of the packet ``count``."""
        self._arguments[count % self.size] = block

    def tell(self, count: int, vector: int) -> None:
        """Let the packet before ``count`` record the timeline value ``count`` and interrupt on ``vector``."""
        last = self._packets[(count - 1) % self.size]
        last["flags"] |= RUNTIME_FLAGS
        last["vector"] = vector
        last["record_address"] = self.record_iova
        last["record_value"] = count

    def free(self) -> None:
        """Give the memory back."""
        self._host.free(self._memory)
