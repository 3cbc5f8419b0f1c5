"""The launchers of the devices "model" and "model:VARIANT": programs run in this process, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence

from doorbell.launch import RunOptions
from doorbell.local import LocalLauncher
from doorbell.model.timing import PROFILES
from doorbell.model.transport import ModelTransport
from doorbell.model.variant import REFERENCE, VARIANTS, Variant

__all__ = ["ModelLauncher", "launcher"]


class ModelLauncher(LocalLauncher):
    """Runs programs on reference models, or on variants of them (`doorbell.model.variant`)."""

    def __init__(self, name: str, variant: Variant) -> None:
        """``name`` stands in reports."""

        def power_on(options: RunOptions) -> ModelTransport:
            return ModelTransport(
                seed=options.seed, profile=options.profile, strict=options.strict, variant=variant
            )

        super().__init__(name, power_on)

    @property
    def profiles(self) -> Sequence[str]:
        """Names of the hosts that the model knows."""
        return sorted(PROFILES)

    def at(self, place: str) -> ModelLauncher:
        """Return the launcher of a variant.

        Raises:
            LookupError: there is none of that name.
        """
        if place not in VARIANTS:
            raise LookupError(f"no variant {place!r} of the model: give {', '.join(VARIANTS)}")
        return ModelLauncher(f"model:{place}", VARIANTS[place])


launcher = ModelLauncher("model", REFERENCE)
