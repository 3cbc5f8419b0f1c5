"""Every file that the contract emits."""

from emit import c_header, py_package, rdl, reference, sv
from emit.model import Contract


def outputs(contract: Contract) -> dict[str, str]:
    """Text of each emitted file by its path from the repository's root."""
    return {
        "contract/gen/enums.rdl": rdl.enums_rdl(contract.enums.values()),
        "contract/gen/doorbell_contract.h": c_header.header(contract),
        "contract/gen/reference.md": reference.page(contract),
        "rtl/gen/doorbell_pkg.sv": sv.package(contract),
        **py_package.modules(contract),
    }
