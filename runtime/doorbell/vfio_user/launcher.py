"""The launcher of devices "vfio-user:PATH": programs run in this process, on the device served at PATH."""

from __future__ import annotations

from doorbell.local import LocalLauncher
from doorbell.vfio_user.transport import VfioUserTransport

__all__ = ["VfioUser", "launcher"]


class VfioUser:
    """Devices behind sockets; see `doorbell.launch.Placed`."""

    def at(self, place: str) -> LocalLauncher:
        """Return the launcher of the device served at the socket ``place``."""
        return LocalLauncher(
            f"vfio-user:{place}", lambda options: VfioUserTransport(place, seed=options.seed)
        )


launcher = VfioUser()
