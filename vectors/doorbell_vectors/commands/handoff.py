"""`doorbell handoff`: pack plan, traceability, vectors, player, registers and evidence for another team."""

from __future__ import annotations

import argparse
import datetime
import sys
from pathlib import Path
from typing import Final

from doorbell.exit_codes import ExitCode
from doorbell_vectors.errors import VectorsError
from doorbell_vectors.handoff.archive import write
from doorbell_vectors.handoff.build import archive, name
from doorbell_vectors.handoff.evidence import Places
from doorbell_vectors.results.record import a_date

__all__ = ["command"]

_REPLAYS: Final = (Path("out/replay/directed-model"), Path("out/replay/directed-rtl"))
_COVERAGE: Final = Path("out/coverage")
_MUTATION: Final = (Path("vectors/mutation/mutation.json"), Path("out/mutation.json"))


class _Handoff:
    help = "pack plan, vectors, player, registers and evidence for another team"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        add = parser.add_argument
        add("--out", type=Path, help=f"the archive (out/{name()}.zip)")
        add(
            "--replay",
            type=Path,
            action="append",
            metavar="FOLDER",
            help="what `doorbell replay` left (repeatable; those of the directed suite below out/)",
        )
        add("--results", type=Path, metavar="FOLDER", help="store of `doorbell import-results`")
        add("--coverage", type=Path, help=f"folder that `make coverage` left ({_COVERAGE})")
        add("--mutation", type=Path, help="mutation.json")
        add("--waivers", type=Path, help="waivers, as for `doorbell replay`")
        add("--date", help="day for which waivers are judged, YYYY-MM-DD")
        add("--no-evidence", action="store_true", help="take none that is not named here")

    def run(self, args: argparse.Namespace) -> int:
        """Pack; 0 right, 2 something is wrong and nothing was written."""
        try:
            data = archive(_places(args))
        except (VectorsError, OSError) as error:
            print(f"doorbell handoff: {error}", file=sys.stderr)
            return ExitCode.USAGE
        out = args.out or Path("out") / f"{name()}.zip"
        write(out, data)
        print(f"{out}: {len(data):,} bytes; `python3 verify.py` in it checks it")
        return ExitCode.RIGHT


def _places(args: argparse.Namespace) -> Places:
    """Return what was named, and otherwise what is there."""

    def there(*paths: Path) -> Path | None:
        return None if args.no_evidence else next((path for path in paths if path.exists()), None)

    replays = args.replay
    if replays is None:
        replays = [path for path in _REPLAYS if there(path / "results.json")]
    return Places(
        replays=replays,
        results=args.results,
        coverage=args.coverage or there(_COVERAGE),
        mutation=args.mutation or there(*_MUTATION),
        waivers=args.waivers,
        today=datetime.date.fromisoformat(a_date(args.date, "--date")) if args.date else None,
    )


command = _Handoff()
