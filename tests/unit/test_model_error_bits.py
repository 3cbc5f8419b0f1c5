"""The error bits of Status and Device Status in the model, and that their vectors see each of them go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from doorbell import cli
from doorbell.contract import CompletionStatus
from doorbell.model import device, errorbits, tlp
from doorbell.model.config import ConfigSpace
from doorbell.model.errorbits import ErrorBits
from doorbell.model.shape import Shape
from doorbell.model.tags import Tags
from doorbell.model.variant import Choices
from doorbell_vectors.player.options import suite_path

Bug = Callable[[pytest.MonkeyPatch], None]


def gone(bit: str) -> Bug:
    """A bit that is never set."""
    return lambda patch: patch.setattr(errorbits, bit, 0)


def cleared_by_reset(patch: pytest.MonkeyPatch) -> None:
    reset = device.DeviceModel.reset

    def wiping(self: device.DeviceModel) -> None:
        reset(self)
        self.config.write(0x06, 0xF900, 2)

    patch.setattr(device.DeviceModel, "reset", wiping)


def cleared_together(patch: pytest.MonkeyPatch) -> None:
    write = ConfigSpace.write

    def greedy(self: ConfigSpace, offset: int, value: int, size: int) -> None:
        write(self, offset, 0xF900 if offset == 0x06 and value >> 8 else value, size)

    patch.setattr(ConfigSpace, "write", greedy)


def answers_count(patch: pytest.MonkeyPatch) -> None:
    def answered(self: ErrorBits, status: CompletionStatus) -> None:
        self._note(0, 8)

    patch.setattr(ErrorBits, "answered", answered)


def poison_believed(patch: pytest.MonkeyPatch) -> None:
    request = tlp._request

    def trusting(model, kind, header, payload):
        if header[0] >> 14 & 1 and payload:
            model.errors.poisoned_request()
        return request(model, kind, [header[0] & ~(1 << 14), *header[1:]], payload)

    patch.setattr(tlp, "_request", trusting)


def pending(always: bool) -> Bug:
    return lambda patch: patch.setattr(Tags, "pending", always)


BUGS = [
    ("EP-ERR-001", "V9130", cleared_by_reset),
    ("EP-ERR-001", "V9127", cleared_together),
    ("EP-ERR-002", "V9105", gone("_MASTER_ABORT")),
    ("EP-ERR-002", "V9102", gone("_RECEIVED_ABORT")),
    ("EP-ERR-003", "V9114", gone("_SIGNALED_ABORT")),
    ("EP-ERR-003", "V9118", gone("_UNSUPPORTED")),
    ("EP-ERR-004", "V9107", gone("_PARITY")),
    ("EP-ERR-004", "V9109", gone("_MASTER_PARITY")),
    ("EP-ERR-005", "V9125", gone("_FATAL")),
    ("EP-ERR-005", "V9104", gone("_NON_FATAL")),
    ("EP-ERR-006", "V9110", pending(False)),
    ("EP-ERR-006", "V9101", pending(True)),
    ("EP-ERR-007", "V9132", answers_count),
    ("EP-ERR-008", "V9120", poison_believed),
]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """These vectors alone: reading the whole suite takes longer than playing one."""
    document = json.loads(suite_path("directed").read_text(encoding="utf-8"))
    wanted = {vector for _, vector, _ in BUGS}
    document["vectors"] = [one for one in document["vectors"] if one["id"] in wanted]
    path = tmp_path_factory.mktemp("errors") / "suite.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(("rule", "vector", "bug"), BUGS)
def test_a_vector_sees_it(
    rule: str, vector: str, bug: Bug, suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    out = tmp_path / "replay"
    cli.main(["replay", str(suite), "--device", "model", "--id", vector, "--out", str(out)])
    (result,) = json.loads((out / "results.json").read_text())["results"]
    assert result["verdict"] == "FAIL"
    assert result["op"] in {"config_read", "read"}
    played = json.loads(suite.read_text(encoding="utf-8"))["vectors"]
    assert rule in next(one["rules"] for one in played if one["id"] == vector)


def test_a_device_may_have_no_parity_response() -> None:
    """EP-ERR-004."""
    fixed = ConfigSpace(Shape(), Choices(pci_errors=False))
    fixed.write(0x04, 0xFFFF, 2)
    assert not fixed.parity_response
    assert not fixed.serr


def test_errors_are_told_to_the_system_where_enabled() -> None:
    """EP-ERR-007."""
    config = ConfigSpace(Shape(), Choices())
    errors = ErrorBits(config, Choices(tells_errors=True))
    errors.timed_out()
    assert not config.read(0x06, 2) & 0x4000
    config.write(0x04, 0x100, 2)
    errors.timed_out()
    assert config.read(0x06, 2) & 0x4000
