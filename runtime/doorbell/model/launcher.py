"""The launcher of the device "model": programs run in this process, in virtual time."""

from __future__ import annotations

from doorbell.launch import RunOptions
from doorbell.local import LocalLauncher
from doorbell.model.transport import ModelTransport

__all__ = ["launcher"]


def _power_on(options: RunOptions) -> ModelTransport:
    return ModelTransport(seed=options.seed, profile=options.profile, strict=options.strict)


launcher = LocalLauncher("model", _power_on)
