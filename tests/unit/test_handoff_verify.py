"""What the receiver runs: `verify.py` finds whatever is not as it was packed, with the standard library alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from player_suite import DEVICE, document, read, vector

from doorbell_vectors.format.canonical import canonical, digest
from doorbell_vectors.format.document import dump
from doorbell_vectors.handoff import verify
from doorbell_vectors.handoff.archive import pack, packing_list

SUITE = "vectors/suites/made.json"
MANIFEST = "vectors/manifest.json"
SCRIPT = Path(verify.__file__)


def contents(text: str | None = None, **manifest) -> dict[str, bytes]:
    """A small hand-off that is right, or whose suite and manifest are as given."""
    vectors = [vector(name, [read(DEVICE.SCRATCH)]) for name in ("V0001", "V0002")]
    text = text or dump(document(*vectors))
    hashes = {one["id"]: one["hash"] for one in vectors}
    suites = {"made": {"vectors": 2, "hash": digest(text)}}
    told = {"suites": suites, "vectors": hashes, "hash": digest(canonical(hashes))} | manifest
    rows = [{"rule": "DEV-ID-001", "vectors": ["V0001", "V0002"]}]
    return {
        SUITE: text.encode(),
        MANIFEST: json.dumps(told).encode(),
        "contract/rules.json": b'{"rules": {"DEV-ID-001": {}}}',
        "trace/matrix.json": json.dumps({"rows": rows}).encode(),
        "verify.py": SCRIPT.read_bytes(),
    }


def packed(files: dict[str, bytes]) -> dict[str, bytes]:
    return files | {"MANIFEST.json": packing_list(files, {"version": "1", "contract": "0.1.0"})}


def archive(tmp_path: Path, files: dict[str, bytes] | None = None) -> Path:
    path = tmp_path / "made.zip"
    path.write_bytes(pack("doorbell-handoff-1", files or packed(contents())))
    return path


def said(capsys, *arguments) -> tuple[int, str]:
    code = verify.main([str(one) for one in arguments])
    out = capsys.readouterr()
    return code, out.out + out.err


def test_the_archive_and_its_folder_are_right(tmp_path, capsys):
    path = archive(tmp_path)
    assert said(capsys, path)[0] == 0
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)
    folder = tmp_path / "doorbell-handoff-1"
    # as the receiver does: in the folder, isolated from everything that is installed here
    done = subprocess.run(
        [sys.executable, "-I", "-S", folder / "verify.py"], cwd=tmp_path, check=False
    )
    assert done.returncode == 0
    (folder / SUITE).write_text("{}")
    assert f"{SUITE}: does not match its hash" in said(capsys, folder)[1]


def test_it_needs_the_standard_library_only():
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    names = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("kept", [0, 10, 100, 0.5, 0.9, 0.999])
def test_a_truncated_archive(tmp_path, capsys, kept):
    path = archive(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: kept if isinstance(kept, int) else int(len(data) * kept)])
    code, text = said(capsys, path)
    assert code == 1
    assert text.startswith("verify: made.zip: is no whole archive, or was changed")


def test_any_flipped_byte_is_found_or_harmless(tmp_path, capsys, seed):
    """Bytes of the archive that carry nothing (time stamps, say) may change; no file may."""
    path = archive(tmp_path)
    data = path.read_bytes()
    right = packed(contents())
    for at in range(seed % 97, len(data), 97):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        code, _ = said(capsys, path)
        if code == 0:
            assert verify.from_archive(path) == right


def changed(files, name, old, new):
    assert old in files[name]
    return files | {name: files[name].replace(old, new)}


def test_a_changed_file(tmp_path, capsys):
    files = changed(packed(contents()), SUITE, b"made-v0001", b"made-v0009")
    code, text = said(capsys, archive(tmp_path, files))
    assert (code, text.splitlines()) == (
        1,
        [f"verify: {SUITE}: does not match its hash", "verify: 1 faults; take the archive anew"],
    )


def test_a_missing_an_added_and_a_forged_file(tmp_path, capsys):
    files = packed(contents())
    del files["trace/matrix.json"]
    assert "trace/matrix.json: is missing" in said(capsys, archive(tmp_path, files))[1]
    files = packed(contents()) | {"extra": b""}
    assert "extra: is not on the packing list" in said(capsys, archive(tmp_path, files))[1]
    old = verify.digest(contents()["verify.py"]).encode()
    files = packed(contents()) | {"verify.py": b"print('all is well')"}
    forged = changed(files, "MANIFEST.json", old, verify.digest(files["verify.py"]).encode())
    assert (
        "MANIFEST.json: does not match its own hash" in said(capsys, archive(tmp_path, forged))[1]
    )


def suite_text(old: str, new: str) -> str:
    text = contents()[SUITE].decode()
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            contents(suite_text("made-v0001", "made-v0009")),
            f"{SUITE}: V0001 does not match its hash",
        ),
        (contents(suite_text('"V0002"', '"V0001"')), f"{SUITE}: V0001 stands twice"),
        (contents(suite_text('"V0002"', '"V2"')), f"{SUITE}: 'V2' is no id of a vector"),
        (contents(suite_text('"retired":{}', '"retired":{"V0002":"x"}')), "V0002 was retired"),
        (
            contents(vectors={"V0001": "sha256:0"}),
            f"{MANIFEST}: differs from the suites: V0001, V0002",
        ),
        (contents(hash="sha256:0"), f"{MANIFEST}: does not match its own hash"),
        (contents(suites={"made": {"hash": "sha256:0"}}), f"{SUITE}: is not the suite of"),
        (contents(suites={"other": {}}), "vectors/suites/other.json: is missing"),
        (contents() | {"contract/rules.json": b'{"rules": {}}'}, "'DEV-ID-001' is no rule of"),
        (contents() | {MANIFEST: b"{"}, f"{MANIFEST}: is no JSON"),
        (contents() | {MANIFEST: b"[]"}, f"{MANIFEST}: must be a JSON object"),
        (
            contents()
            | {"trace/matrix.json": b'{"rows":[{"rule":"DEV-ID-001","vectors":["V9"]}]}'},
            "DEV-ID-001: V9 is no vector",
        ),
    ],
)
def test_a_hand_off_that_is_wrong_in_itself(tmp_path, capsys, files, message):
    """Packed in order, but what was packed does not fit together."""
    code, text = said(capsys, archive(tmp_path, packed(files)))
    assert code == 1
    assert message in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("doorbell-handoff-1/../x", "is not below doorbell-handoff-*"),
        ("elsewhere/x", "is not below doorbell-handoff-*"),
        ("doorbell-handoff-1/verify.py", "is there twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_entries_out_of_place(tmp_path, capsys, name, message):
    path = archive(tmp_path)
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr(name, b"")
    code, text = said(capsys, path)
    assert code == 1
    assert message in text


def test_a_link_is_no_file(tmp_path, capsys):
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert said(capsys, tmp_path) == (1, "verify: link: is a link; a hand-off has none\n")


def test_usage(tmp_path, capsys):
    assert said(capsys, tmp_path / "missing")[0] == 2
    assert said(capsys, tmp_path, tmp_path)[0] == 2


def test_packing_is_the_same_in_any_order():
    files = packed(contents())
    assert pack("doorbell-handoff-1", files) == pack(
        "doorbell-handoff-1", dict(reversed(files.items()))
    )
