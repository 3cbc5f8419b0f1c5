"""The error bits of Status and Device Status: what sets which (EP-ERR rules)."""

from __future__ import annotations

from typing import Final

from doorbell.contract import CompletionStatus, FatalCause
from doorbell.model.config import ConfigSpace
from doorbell.model.host import Answer
from doorbell.model.variant import Choices

__all__ = ["ErrorBits"]

_MASTER_PARITY: Final = 1 << 8  # Status, as PCIe names and places them
_SIGNALED_ABORT: Final = 1 << 11
_RECEIVED_ABORT: Final = 1 << 12
_MASTER_ABORT: Final = 1 << 13
_SYSTEM: Final = 1 << 14
_PARITY: Final = 1 << 15
_CORRECTABLE, _NON_FATAL, _FATAL, _UNSUPPORTED = 1, 2, 4, 8  # Device Status


class ErrorBits:
    """Notes in configuration space what went wrong on the link."""

    def __init__(self, config: ConfigSpace, choices: Choices) -> None:
        """``choices`` says which bits it sets where the contract leaves that open (EP-ERR-005)."""
        self._config = config
        self._choices = choices

    def _note(self, status: int, device: int) -> None:
        if self._choices.tells_errors and device & (_NON_FATAL | _FATAL) and self._config.serr:
            status |= _SYSTEM
        self._config.note(status, device)

    @property
    def _mild(self) -> int:
        """What is uncorrectable and yet stops nothing: as PCIe's role-based reporting has it, or plainly."""
        return _CORRECTABLE if self._choices.advises else _NON_FATAL

    def received(self, answer: Answer) -> None:
        """A completion of a read failed it: EP-ERR-002, EP-ERR-004; other answers set nothing."""
        if answer is Answer.UR:
            self._note(_MASTER_ABORT, 0)
        elif answer is Answer.CA:
            self._note(_RECEIVED_ABORT, 0)
        elif answer is Answer.POISONED:
            master = _MASTER_PARITY if self._config.parity_response else 0
            self._note(_PARITY | master, self._mild)

    def timed_out(self) -> None:
        """A read had no answer in time (EP-ERR-005)."""
        self._note(0, self._mild)

    def answered(self, status: CompletionStatus) -> None:
        """A request of the host was answered so (EP-ERR-003)."""
        mild = _CORRECTABLE if self._choices.advises else 0
        if status is CompletionStatus.CA:
            self._note(_SIGNALED_ABORT, mild)
        elif status is CompletionStatus.UR:
            self._note(0, _UNSUPPORTED | mild)

    def dropped_write(self) -> None:
        """A memory write hit no BAR: it need not show (EP-ERR-003)."""
        if self._choices.advises:
            self._note(0, _UNSUPPORTED | _NON_FATAL)

    def unexpected(self) -> None:
        """A completion answers nothing: it need not show (EP-ERR-005)."""
        if self._choices.advises:
            self._note(0, _CORRECTABLE)

    def poisoned_request(self) -> None:
        """A write or AtomicOp came poisoned (EP-ERR-004)."""
        self._note(_PARITY, self._mild)

    def fatal(self, cause: FatalCause) -> None:
        """The device became fatal (EP-ERR-005)."""
        if self._choices.advises or cause in {
            FatalCause.MALFORMED_TLP,
            FatalCause.RECEIVER_OVERFLOW,
        }:
            self._note(0, _FATAL)
