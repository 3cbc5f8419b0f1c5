"""The command `python contract/emit [--check] [--root FOLDER]`."""

import argparse
import sys
from pathlib import Path

from emit.errors import ContractError
from emit.files import stale, write
from emit.load import load
from emit.outputs import outputs

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Emit or check; returns 0 when right, 1 when files drifted or the contract is wrong."""
    parser = argparse.ArgumentParser(prog="contract/emit", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on drift")
    parser.add_argument("--root", type=Path, default=_ROOT, help="folder that holds contract/")
    options = parser.parse_args(arguments)
    try:
        texts = outputs(load(options.root))
    except ContractError as error:
        print(f"contract: {error}", file=sys.stderr)
        return 1
    if options.check:
        changed = stale(options.root, texts)
        for name in changed:
            print(f"contract: {name} differs from what contract/ says; run `make contract`")
        return 1 if changed else 0
    for name in write(options.root, texts):
        print(f"contract: wrote {name}")
    return 0
