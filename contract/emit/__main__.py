"""Entry point of `python contract/emit [--check]`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a folder, Python puts the folder itself on the path; the package is one level up.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

    from emit.command import main

    sys.exit(main())
