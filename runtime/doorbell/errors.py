"""Every error the runtime raises. Each names the value, the limit and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from doorbell.contract.enums import Error, Opcode
from doorbell.transport import Fault

__all__ = [
    "ArgumentError",
    "DeadlineExceeded",
    "DeviceLost",
    "DeviceNotFound",
    "DoorbellError",
    "FaultError",
    "IncompatibleDevice",
    "LeakError",
    "OutOfMemory",
    "ProgramFailed",
    "QueueError",
    "UseAfterFree",
    "WrongResult",
]


class DoorbellError(Exception):
    """Base of every error of this package."""


class ArgumentError(DoorbellError, ValueError):
    """A bad argument, shape, dtype, size, alignment or range; nothing reached the device."""


class UseAfterFree(DoorbellError):
    """A buffer, semaphore, stream or device was used or freed after its end; nothing reached the device."""


class OutOfMemory(DoorbellError):
    """No room for an allocation in device memory, pinned host memory, queues or semaphores."""


class IncompatibleDevice(DoorbellError):
    """The device is not a Doorbell device, or follows another major version of the contract (DEV rules)."""


class DeviceLost(DoorbellError):
    """Registers read all ones, the identity register too: the device left the bus."""


class DeviceNotFound(DoorbellError):
    """Nobody offers a device at the place that was named; nothing was opened."""


class DeadlineExceeded(DoorbellError):
    """A wait passed its deadline in device cycles: a hang."""


class WrongResult(DoorbellError):
    """A result differs from what the contract, the model or numpy says; ``rule`` names the rule or area."""

    def __init__(self, message: str, rule: str) -> None:
        """``message`` says what differs and where."""
        super().__init__(message)
        self.rule = rule


class LeakError(DoorbellError):
    """Something was left behind at the end: outstanding reads, credits, buffers or interrupts."""


class ProgramFailed(DoorbellError):
    """A program failed where its device lives, in another process; the message says how."""


class FaultError(DoorbellError):
    """The host refused device accesses.

    Posted writes never report failure, so the fault log is the witness (ORD rules).
    """

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Keep ``faults``, oldest first."""
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(
            f"host refused a device access: {first.kind}, address {first.address:#x}, {first.length} bytes, "
            f"cycle {first.cycle}{more}; map the range writable before the device uses it"
        )
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What a halted queue said: the fields of the error record (`contract/packets.yaml`).

    ``code`` is a number when a later contract added it.
    """

    queue: int
    code: Error | int
    opcode: int
    tag: int
    index: int
    inner_index: int
    detail: int
    address: int
    timestamp: int
    generation: int

    @property
    def code_name(self) -> str:
        """Name of the code, or its number when unknown."""
        return self.code.name if isinstance(self.code, Error) else f"error {self.code:#x}"

    @property
    def opcode_name(self) -> str:
        """Name of the opcode, or its number when unknown."""
        try:
            return Opcode(self.opcode).name
        except ValueError:
            return f"{self.opcode:#x}"


class QueueError(DoorbellError):
    """A queue halted. Sticky until the stream is reset; every waiter gets it."""

    def __init__(self, report: ErrorReport, explanation: str, site: str, waits: str = "") -> None:
        """``explanation`` is the contract's sentence for the code, ``site`` the file:line of the failing call.

        ``waits`` says which waits hold which, when that is to the point.
        """
        aborted = report.code == Error.ABORTED
        what = "was reset" if aborted else "halted"
        command = f", {report.opcode_name} tag {report.tag:#x}" if report.opcode else ""
        address = f", address {report.address:#x}" if report.address else ""
        where = f", called at {site}" if site else ""
        held = f"; {waits}" if waits else ""
        remedy = "" if aborted else "; `await stream.reset()` makes the queue usable again"
        super().__init__(
            f"queue {report.queue} {what}: {report.code_name} ({explanation}) at packet {report.index}{command}"
            f"{address}, cycle {report.timestamp}{where}{held}{remedy}"
        )
        self.report = report
        self.site = site
