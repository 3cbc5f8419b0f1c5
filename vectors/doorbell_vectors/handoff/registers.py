"""The registers for other tools: UVM, HTML and IP-XACT, made of `contract/registers.rdl`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from peakrdl_html import HTMLExporter
from peakrdl_uvm import UVMExporter
from systemrdl import RDLCompileError, RDLCompiler
from systemrdl.node import AddrmapNode

from doorbell_vectors.errors import VectorsError
from doorbell_vectors.handoff.ipxact import component

__all__ = ["compiled", "registers"]

UVM: Final = "doorbell_uvm_pkg.sv"
_LEFT_OUT: Final = (".bat", ".sh", ".command", ".eot", ".ttf")
"""Scripts that start a browser on the receiver's machine, and fonts for browsers of long ago."""
_STAMP: Final = re.compile(rb"(?<=BUILD_TS = )[0-9]+(?=;)|\?ts=[0-9]+(?=\")")
"""The second in which the pages were made."""
_FETCHED: Final = re.compile(
    rb'<script async src="https:.*?</script>\s*<script type="text/x-mathjax.*?</script>', re.S
)
"""What would fetch MathJax from a network: there is no formula in the descriptions."""


def compiled(source: Path) -> AddrmapNode:
    """Return BAR0's address map. Raises VectorsError when the SystemRDL does not compile."""
    compiler = RDLCompiler()
    try:
        compiler.compile_file(str(source))
        return compiler.elaborate().top
    except RDLCompileError as error:
        raise VectorsError(f"{source.name}: is no SystemRDL that compiles: {error}") from error


def registers(source: Path, version: str) -> Mapping[str, bytes]:
    """Return the files by path below `registers/`, the same bytes for the same source."""
    top = compiled(source)
    files = {"doorbell.ipxact.xml": component(top, version).encode()}
    with tempfile.TemporaryDirectory(prefix="doorbell-registers-") as name:
        folder = Path(name)
        UVMExporter().export(top, str(folder / UVM))
        files[UVM] = (folder / UVM).read_bytes()
        title = f"Doorbell registers, {version}"
        HTMLExporter(generate_source_links=False).export(
            [top], str(folder / "html"), title=title, footer=title
        )
        for path in sorted((folder / "html").rglob("*")):
            parts = path.relative_to(folder).parts
            hidden = any(part.startswith(".") for part in parts)
            if path.is_file() and not hidden and path.suffix not in _LEFT_OUT:
                files["/".join(parts)] = _settled(path)
    return files


def _settled(path: Path) -> bytes:
    """Return a file of the pages without what differs from one second to the next or needs a network."""
    data = path.read_bytes()
    return _FETCHED.sub(b"", _STAMP.sub(b"", data)) if path.suffix == ".html" else data
