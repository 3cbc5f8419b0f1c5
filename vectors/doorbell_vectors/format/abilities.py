"""What a host may be able to do beyond the hardware layer (FORMAT.md, Host abilities)."""

from __future__ import annotations

from typing import Final

__all__ = ["ABILITIES", "PLAIN"]

ABILITIES: Final = (
    "high_addresses",
    "odd_access",
    "interrupt_count",
    "iommu_faults",
    "completion_faults",
    "tlp_injection",
    "msix_table",
    "bus_master",
    "flr",
    "peer",
    "link",
)
"""All there are; the schema of suites lists the same."""
PLAIN: Final = frozenset({"bus_master"})
"""Those that plain silicon behind a kernel driver has."""
