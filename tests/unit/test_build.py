"""Cached simulator builds: what names them, who builds them, what is said when they fail."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from doorbell_tb import build as build_module
from doorbell_tb import build_tools
from doorbell_tb.build import TOPLEVEL, Build, build
from doorbell_tb.build_inputs import Inputs, collect
from doorbell_tb.errors import BuildError

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / "tests" / "toy" / "toy.f"


def inputs(device: Path = TOY, **changes: object) -> Inputs:
    arguments: dict[str, Any] = {
        "public": [],
        "replace": {},
        "extra": [],
        "defines": {},
        "waves": "",
    }
    return collect(device=device, **(arguments | changes))


def device_list(folder: Path, *lines: str) -> Path:
    """A list of sources like the toy's, with the given lines in the place of its device."""
    gen = ROOT / "rtl"
    path = folder / "device.f"
    types = [f"+incdir+{gen}", f"{gen}/gen/doorbell_pkg.sv", f"{gen}/seams_pkg.sv"]
    path.write_text("\n".join([*types, *lines]))
    return path


@pytest.fixture
def tools_used(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace Verilator and make by something quick; returns what was called."""
    called: list[str] = []

    def verilate(*_: object) -> None:
        called.append("verilate")
        time.sleep(0.2)

    def compile_program(_i: Inputs, _t: object, work: Path, *_: object) -> Path:
        called.append("compile")
        program = work / TOPLEVEL
        program.write_text("program")
        return program

    monkeypatch.setattr(build_module, "verilate", verilate)
    monkeypatch.setattr(build_module, "compile_program", compile_program)
    return called


def test_a_build_is_named_by_what_went_into_it(tmp_path: Path) -> None:
    device = tmp_path / "toy.sv"
    device.write_text("module doorbell_device; endmodule\n")
    listed = device_list(tmp_path, "toy.sv")
    control = tmp_path / "more.vlt"
    control.write_text("`verilator_config\n")
    edited = tmp_path / "edited" / "toy.sv"
    edited.parent.mkdir()
    edited.write_text("module doorbell_device; /* planted */ endmodule\n")
    extra = tmp_path / "extra.sv"
    extra.write_text("module extra; endmodule\n")

    first = inputs(listed)
    assert inputs(listed).digest("tools") == first.digest("tools")
    others = [
        inputs(listed, waves="vcd"),
        inputs(listed, defines={"A": "1"}),
        inputs(listed, public=[control]),
        inputs(listed, replace={device: edited}),
        inputs(listed, extra=[extra]),
    ]
    names = [first.digest("tools"), first.digest("newer tools")]
    names += [other.digest("tools") for other in others]
    assert len(set(names)) == len(names)
    assert edited in others[3].sources and device not in others[3].sources
    device.write_text("module doorbell_device; endmodule // changed\n")
    assert inputs(listed).digest("tools") not in names
    assert inputs(listed).host_digest("tools") == first.host_digest("tools")


@pytest.mark.parametrize(
    ("lines", "changes", "message"),
    [
        (["none.sv"], {}, r"none\.sv: no such file"),
        (["-y folder"], {}, "only paths, "),
        ([], {"public": [Path("none.vlt")]}, r"none\.vlt: no such file"),
        ([], {"replace": {Path("a.sv"): Path("b.sv")}}, r"not listed in .*: .*a\.sv"),
    ],
)
def test_a_missing_source_is_named(
    lines: list[str], changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BuildError, match=message):
        inputs(device_list(tmp_path, *lines), **changes)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"none\.f: cannot read"):
        inputs(tmp_path / "none.f")


def test_the_first_error_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "broken.sv").write_text("module doorbell_device;\n  wire a = nothing;\nendmodule\n")
    listed = device_list(tmp_path, "broken.sv")
    with pytest.raises(BuildError) as caught:
        build("broken", device=listed, out=tmp_path / "out")
    first, log = str(caught.value).splitlines()
    assert "%Error" in first and "broken.sv:2:" in first
    assert "nothing" in Path(log.removeprefix("full log: ")).read_text()
    left = [path for path in (tmp_path / "out").iterdir() if not path.name.startswith(".lock")]
    assert left == [tmp_path / "out" / "broken.log"]


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("a\n%Error-X: b.sv:3:1: no\n%Error: Exiting due to 1\n", "%Error-X: b.sv:3:1: no"),
        ("x.cpp:4:2: error: bad\nmake: *** [x.o] Error 1\n", "x.cpp:4:2: error: bad"),
        ("/usr/bin/ld: a.o: undefined reference to `f'\n", "/usr/bin/ld: a.o: undefined reference to `f'"),
        ("make: *** No rule\n", "make: *** No rule"),
        ("killed\n", "killed"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_first_error_is_found(log: str, error: str) -> None:
    assert build_tools._first_error(log) == error


def test_two_builds_at_once_build_once(tools_used: list[str], tmp_path: Path) -> None:
    builds: list[Build] = []

    def one() -> None:
        builds.append(build("toy", device=TOY, out=tmp_path, progress=lambda _: None))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tools_used == ["verilate", "compile"]
    assert len(set(builds)) == 1 and len(builds) == 4
    assert builds[0].program.read_text() == "program"
    assert sorted(path.name for path in builds[0].folder.iterdir()) == ["build.log", TOPLEVEL]


def test_a_failed_build_leaves_no_half(
    tools_used: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Path:
        raise BuildError("x.cpp:1:1: error: no")

    with monkeypatch.context() as patch:
        patch.setattr(build_module, "compile_program", fail)
        with pytest.raises(BuildError, match=r"simulator toy: x\.cpp:1:1: error: no"):
            build("toy", device=TOY, out=tmp_path)
    assert not list(tmp_path.glob("toy-*"))
    assert build("toy", device=TOY, out=tmp_path).program.exists()
    assert tools_used == ["verilate", "verilate", "compile"]


def test_old_builds_go_and_used_ones_stay(
    tools_used: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = time.time() - 10 * build_module._KEPT_SECONDS
    other = build("other", device=TOY, out=tmp_path)
    old = [build("toy", device=TOY, out=tmp_path, defines={"N": str(n)}) for n in range(6)]
    for age, entry in enumerate([other, *old]):
        os.utime(entry.program, (long_ago + age, long_ago + age))
    build("toy", device=TOY, out=tmp_path, defines={"N": "1"})  # used again: nothing is built
    assert len(tools_used) == 2 * 7
    latest = build("toy", device=TOY, out=tmp_path, defines={"N": "6"})
    left = {path.parent for path in tmp_path.glob(f"toy-*/{TOPLEVEL}")}
    assert left == {entry.folder for entry in (old[1], old[4], old[5], latest)}
    assert other.program.exists()


def test_an_interrupt_leaves_no_compiler(tmp_path: Path) -> None:
    """What make has started ends too, although nobody has signalled it."""

    class Nothing:
        def environment(self) -> dict[str, str]:
            return dict(os.environ)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    argv = ["sh", "-c", f"sleep 1000 & echo $! > {tmp_path}/pid; wait"]
    with pytest.raises(KeyboardInterrupt):
        build_tools._run(argv, Nothing(), tmp_path / "log", interrupt, "compiling")
    child = Path("/proc", (tmp_path / "pid").read_text().strip(), "stat")
    end = time.monotonic() + 10
    while child.exists() and " Z " not in child.read_text():
        assert time.monotonic() < end, "it still runs"
        time.sleep(0.05)


def test_waves_fall_back_to_vcd_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(build_tools, "_has_header", lambda name: name != "lz4.h")
    assert build_tools.wave_format(lines.append) == "vcd"
    assert len(lines) == 1 and "liblz4-dev" in lines[0] and "zlib1g-dev" not in lines[0]
    monkeypatch.setattr(build_tools, "_has_header", lambda _: True)
    assert build_tools.wave_format(lines.append) == "fst" and len(lines) == 1


def test_progress_speaks_only_of_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    now = [100.0]
    monkeypatch.setattr("doorbell_tb.build.time.monotonic", lambda: now[0])
    report = build_module._Reporter("toy", lines.append)
    for second in range(1, 15):
        now[0] = 100.0 + second
        report("compiling")
    report.done()
    assert lines == [
        "simulator toy: compiling, 2 s",
        "simulator toy: compiling, 12 s",
        "simulator toy: built in 14 s",
    ]
