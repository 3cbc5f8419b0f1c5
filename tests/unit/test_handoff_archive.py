"""The hand-off as a whole: the same bytes each time, complete, right for its own `verify.py`, and of use."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from doorbell_vectors.errors import VectorsError
from doorbell_vectors.handoff import build
from doorbell_vectors.handoff.evidence import Places

ROOT = Path(__file__).resolve().parents[2]
WANTED = [
    *("README.md", "MANIFEST.json", "verify.py", "CHANGELOG.md", "LICENSE", "tools.json"),
    *("plan/plan.html", "plan/plan.pdf", "plan/plan.xlsx", "plan/testpoints.csv"),
    *("trace/matrix.csv", "trace/matrix.xlsx", "trace/matrix.json"),
    *("vectors/FORMAT.md", "vectors/manifest.json", "vectors/pitfalls.yaml"),
    *("vectors/suites/directed.json", "vectors/schema/suite.json", "vectors/plans/plan.yaml"),
    *("vectors/player/main.c", "vectors/player/README.md", "contract/gen/doorbell_contract.h"),
    *("contract/registers.rdl", "contract/gen/enums.rdl", "contract/rules.json"),
    *(
        "registers/doorbell_uvm_pkg.sv",
        "registers/doorbell.ipxact.xml",
        "registers/html/index.html",
    ),
]


def made(path: Path, **environment: str) -> bytes:
    """Pack in a process of its own."""
    command = [sys.executable, "-c", "import sys; from doorbell.cli import main; sys.exit(main())"]
    command += ["handoff", "--no-evidence", "--out", str(path)]
    subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)
    return path.read_bytes()


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("handoff") / "one.zip"
    made(path, PYTHONHASHSEED="1", TZ="UTC")
    return path


@pytest.fixture(scope="module")
def folder(archive):
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(archive.parent)
    return archive.parent / build.name()


def test_the_same_bytes_twice(archive, tmp_path):
    """Another process, hash seed, time zone and second."""
    again = made(tmp_path / "two.zip", PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert again == archive.read_bytes()


def test_everything_is_in_it(folder):
    missing = [name for name in WANTED if not (folder / name).is_file()]
    assert not missing


def test_it_names_no_place_and_no_host(folder):
    secrets = [str(ROOT).encode(), str(Path.home()).encode() + b"/", b"/tmp/"]
    if len(socket.gethostname()) > 5:
        secrets.append(socket.gethostname().encode())
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in {".html", ".json", ".pdf", ".csv", ".sv", ".xml"}:
            data = path.read_bytes()
            known = [b"/tmp/"] if path.suffix == ".json" and b"vectors/player" in data else []
            assert not [one for one in secrets if one in data and one not in known], path


def test_verify_is_content(archive, folder):
    for place in ([], [archive]):
        command = [sys.executable, "-I", "-S", "-B", folder / "verify.py", *place]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "files as packed: Doorbell" in done.stdout


def test_the_player_builds_and_plays_from_it(folder, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: apt-get install gcc, and this test runs")
    player = tmp_path / "player"
    sources = sorted((folder / "vectors/player").glob("*.c"))
    include = folder / "contract/gen"
    subprocess.run([compiler, "-std=c11", "-O0", "-I", include, *sources, "-o", player], check=True)
    command = [
        player,
        "--device",
        "loopback",
        "--id",
        "V0001",
        folder / "vectors/suites/directed.json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "ok 1 V0001" in done.stdout, done.stderr


def test_evidence_is_made_portable_or_refused(tmp_path):
    inside = f"SF:{ROOT}/rtl/doorbell_device.sv".encode()
    assert build._portable(inside, ROOT) == b"SF:rtl/doorbell_device.sv"
    coverage = tmp_path / "coverage"
    coverage.mkdir()
    (coverage / "lcov.info").write_text(f"SF:{ROOT}\n")
    with pytest.raises(
        VectorsError, match=r"coverage/lcov\.info: names .*, a place on this machine"
    ):
        build.files(Places(coverage=coverage))


def test_a_checkout_that_lacks_something(tmp_path):
    with pytest.raises(VectorsError, match=r"CHANGELOG\.md: is not in the checkout"):
        build.files(Places(), tmp_path)
