"""What no committed file may hold, and how large one may be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tree import ROOT, files, need

LARGEST_FILE = 1 << 20  # bytes
LARGEST_SUITE = 16 << 20  # bytes, of what `make vectors` makes

FORBIDDEN = {
    "a place on one machine": re.compile(r"(?<![\w.$}])/(?:work|root|home)(?![\w.-])"),
    "a package registry's host": re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)[.](?:org|com)"),
    "an index or mirror": re.compile(
        r"(?m)^\s*--?(?:(?:extra-)?index-url|find-links|trusted-host)"
    ),
    "a path out of the checkout": re.compile(r"\.\./(?:\.\./)*shared\b"),
}
PLANTED = {
    "a place on one machine": "see /" + "home/me/doorbell",
    "a package registry's host": "https://files.python" + "hosted.org/x",
    "an index or mirror": "--find" + "-links wheels",
    "a path out of the checkout": "open('.." + "/shared/x')",
}
INNOCENT = "the link /link/root_port, rtl/root_complex.sv, work/queue, python.org"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]!r}"
        for path in files()
        if (match := FORBIDDEN[what].search(path.read_bytes().decode("latin-1")))
        and not _binary(path)
    ]
    assert not found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_rule_sees_a_violation(what: str) -> None:
    assert FORBIDDEN[what].search(PLANTED[what])
    assert not FORBIDDEN[what].search(INNOCENT)


def test_no_large_file() -> None:
    """Suites may be larger than what people write."""
    large = {}
    for path in files():
        limit = LARGEST_SUITE if path.parent == ROOT / "vectors/suites" else LARGEST_FILE
        if (size := path.stat().st_size) >= limit:
            large[str(path)] = size
    assert not large


def test_requirements_are_pinned_and_hashed() -> None:
    """Every package has one version and at least one sha256, and no place to fetch it from."""
    (path,) = need("setup/requirements.txt")
    text = path.read_text()
    entries = re.split(r"(?m)^(?=[a-z])", text)[1:]
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
    assert "://" not in text


def test_top_of_the_device_is_wiring_only() -> None:
    (top,) = need("rtl/doorbell_device.sv")
    assert logic_in(top.read_text()) == []


def test_logic_in_a_top_is_seen() -> None:
    assert logic_in("assign a = b[3:0];\nsub u_sub (.a(a_q), .b({c, d}));") == []
    assert logic_in("assign a = b & c;")
    assert logic_in("always_ff @(posedge clk_i) a_q <= a_d;")


def logic_in(source: str) -> list[str]:
    """Return what in a SystemVerilog module computes: processes, and operators in assignments."""
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.S)
    processes = re.findall(r"\b(?:always\w*|initial|final)\b", code)
    assignments = re.findall(r"\bassign\s+[^=;]+=\s*([^;]*);", code)
    return processes + [right for right in assignments if re.search(r"[&|^~?!<>+*/%=-]", right)]


def _binary(path: Path) -> bool:
    return b"\0" in path.read_bytes()[:8192]
