"""A trace with a mistake is named with file and line before anything is played."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import replay
from arguments import whole
from board.files import configuration
from sim_board import ROOT
from trace_file import TraceError, check

from host.common.errors import UserError

CONFIG = ROOT / "boards" / "esp32" / "config.example.json"
KNOWN = ("w1", "f1", "c1", "d1")
HEAD = "t,channel,value\n"
T = 1_772_496_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: expected the header t,channel,value[,raw], found nothing"),
        ("time,channel,value\n", "1: expected the header t,channel,value[,raw], found 'time,"),
        ("t;channel;value\n", "1: expected the header t,channel,value[,raw], found 't;channel"),
        (f"{T},w1,1\n", "1: expected the header t,channel,value[,raw], found '17724"),
        (HEAD, " expected rows of t,channel,value, found none"),
        (f"{HEAD}\n\n", " expected rows of t,channel,value, found none"),
        (f"{HEAD}{T},w9,1\n", "2: channel: expected one of w1 f1 c1 d1 power wifi dns ntp reset,"),
        (f"{HEAD}{T},w1 ,1\n", "2: channel: expected one of"),
        (f"{HEAD}{T}000,w1,1\n", f"2: t: expected Unix seconds, found {T}000: these are milli"),
        (f"{HEAD}0,w1,1\n", "2: t: expected Unix seconds of the years 2015 to 2099, found 0"),
        (f"{HEAD}2026-03-03 08:00,w1,1\n", "2: t: expected Unix seconds with at most 3 decimals"),
        (f"{HEAD}1.8e9,w1,1\n", "2: t: expected Unix seconds with at most 3 decimals"),
        (f"{HEAD}{T},w1,1\n\n{T - 1},w1,2\n", f"4: t: expected {T} or later, found {T - 1}: time"),
        (f"{HEAD}{T},w1,12kg\n", "2: value: expected a number, or nothing, found '12kg'"),
        (f"{HEAD}{T},w1,nan\n", "2: value: expected a number, or nothing, found 'nan'"),
        (f"{HEAD}{T},w1,1e400\n", "2: value: expected a number, or nothing, found '1e400'"),
        (f"{HEAD}{T},d1,2\n", "2: value: expected 0 or 1 of d1, found '2'"),
        (f"{HEAD}{T},w1,12,4\n", f"2: expected t,channel,value, found '{T},w1,12,4': commas"),
        (f"{HEAD}{T};w1;12,4\n", f"2: expected t,channel,value, found '{T};w1;12,4': commas"),
        (f"{HEAD}{T},w1\n", "2: expected t,channel,value, found"),
        (f"t,channel,value,raw\n{T},w1,1,1.5\n", "2: raw: expected whole counts, or nothing,"),
    ],
)
def test_a_mistake_in_a_trace(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "site.csv"
    path.write_text(text)
    with pytest.raises(TraceError) as caught:
        check(path, KNOWN)
    assert str(caught.value).startswith(f"{path}:{said}")
    assert "\n" not in str(caught.value)


def test_a_trace_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "site.csv"
    path.write_bytes(f"{HEAD}{T},w1,1\n".encode("utf-16"))
    with pytest.raises(TraceError, match="expected UTF-8 text"):
        check(path, KNOWN)
    with pytest.raises(TraceError, match="cannot be read: Is a directory"):
        check(tmp_path, KNOWN)


def test_what_a_spreadsheet_writes_will_do(tmp_path: Path) -> None:
    path = tmp_path / "site.csv"
    rows = f"t,channel,value\r\n{T}.5,w1,12.4\r\n\r\n{T + 60},w1,\r\n{T + 60},power,0\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + rows.encode())
    found = check(path, KNOWN)
    assert (found.first, found.last) == (T + 0.5, T + 60)
    assert found.channels == {"w1", "power"}


def test_a_registry_that_does_not_know_the_board(tmp_path: Path) -> None:
    other = configuration(CONFIG) | {"device": "qy-x", "site": "x-1"}
    with pytest.raises(UserError, match=r"registry/devices\.csv: expected qy-x, found qy-fs01 "):
        replay.find_registry(other, ROOT / "registry")
    elsewhere = configuration(CONFIG) | {"site": "jt-01"}
    with pytest.raises(UserError, match="qy-fs01: expected the site jt-01, found fs-01"):
        replay.find_registry(elsewhere, None)
    assert replay.find_registry(other, None) is None
    said = replay.assumed(other, None)
    assert "no registry knows qy-x" in said and "危险废物, tare 0 kg" in said


def test_a_configuration_with_a_mistake(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "board.json"
    trace = tmp_path / "site.csv"
    trace.write_text(f"{HEAD}{T},w1,1\n")
    for text in ("", "{}", '{"device": 4}', json.dumps({"device": "a", "site": "b"})):
        path.write_text(text)
        args = ["--trace", str(trace), "--config", str(path), "--out", str(tmp_path / "out")]
        assert replay.main(args) == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith(f"replay: error: {path}: ")
    assert not (tmp_path / "out").exists()


def example() -> tuple[str, str]:
    """Trace and figures of docs/traces.md."""
    page = (ROOT / "docs" / "traces.md").read_text(encoding="utf-8")
    found = re.findall(r"```csv\n(t,channel,value\n.*?)```.*?```\n(.*?)```", page, re.S)
    ((trace, printed),) = found
    return trace, printed


def test_the_example_of_the_page_gives_its_figure(tmp_path: Path) -> None:
    """As Excel would save it, through the real board: 10.95 kg, not the 23.35 with the bin."""
    trace, printed = example()
    path = tmp_path / "site.csv"
    path.write_bytes(b"\xef\xbb\xbf" + trace.replace("\n", "\r\n").encode())
    out = tmp_path / "an out folder"
    told = [f"TRACE={path}", f"CONFIG={CONFIG}", f"OUT={out}"]
    done = subprocess.run(
        ["make", "--no-print-directory", "replay", *told], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "replay: registry registry knows qy-fs01: w1 干垃圾 wheelie, tare 12.4"
    )
    assert lines[1] == "replay: no rows of w2 w3 w4 f1 f2 f3 f4 c1: these sensors do not answer"
    (dry,) = (line.split() for line in lines if "干垃圾" in line and line.startswith("2026"))
    assert dry[2:5] == ["10.950", "10.950", "1"]
    assert " ".join(dry) in " ".join(printed.split())
    assert (out / "qingyun.db").exists()


def test_a_board_that_no_registry_knows(tmp_path: Path) -> None:
    """The first line says what the figures go by: the bin's tare is within them."""
    path, config = tmp_path / "site.csv", tmp_path / "board.json"
    path.write_text(f"{HEAD}{T},w1,12.4\n{T + 900},w1,23.35\n{T + 1800},w1,0\n{T + 2700},w1,0\n")
    body = json.loads(CONFIG.read_text()) | {"device": "qy-x", "site": "x-1"}
    config.write_text(json.dumps(body | {"channels": body["channels"][:1]}))
    command = [sys.executable, "tools/replay.py", "--trace", str(path), "--config", str(config)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("replay: no registry knows qy-x, one is made up: ")
    assert "危险废物, tare 0 kg" in lines[0]
    (row,) = (line for line in lines if "危险废物" in line and line.startswith("2026"))
    assert "23.350" in row


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("soak DAYS=x", "soak: error: DAYS: expected a whole number, 1 or more, found 'x'"),
        ("soak DAYS=0", "soak: error: DAYS: expected a whole number, 1 or more, found '0'"),
        ("soak DAYS=-3", "soak: error: DAYS: expected a whole number, 1 or more, found '-3'"),
        ("demo SEED=x", "demo: error: argument --seed: expected a whole number, 0 or more,"),
        ("demo SEED=-1", "demo: error: argument --seed: expected a whole number, 0 or more,"),
        ("replay TRACE=t CONFIG=c SEED=1.5", "replay: error: argument --seed: expected a whole"),
        ("replay TRACE=t CONFIG=c PHYSICS=x", "replay: error: argument --physics: invalid"),
        ("replay TRACE=absent CONFIG=absent", "replay: error: absent: cannot be read"),
        ("bench-accuracy SEEDS=x", "accuracy: error: argument --seeds: expected a whole number"),
        ("bench-accuracy SEEDS=0", "accuracy: error: argument --seeds: expected a whole number"),
        ("bench-accuracy FIRST=x", "accuracy: error: argument --first: expected a whole number"),
        ("bench-accuracy FULL=-1", "accuracy: error: argument --full: expected a whole number"),
        ("monitor PORT=/dev/null BAUD=0", "monitor: error: BAUD: expected a whole number, 1"),
        ("monitor PORT=/dev/null BAUD=fast", "monitor: error: BAUD: expected a whole number, 1"),
    ],
)
def test_a_number_given_to_make(target: str, said: str) -> None:
    """Before anything else is done: what the target would bring is taken for there."""
    there = [f"--assume-old=.venv/.{part}" for part in ("demo", "dev", "test", "boards")]
    done = subprocess.run(
        ["make", "--no-print-directory", *there, *target.split()],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")},  # we may run in one
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert [line[: len(said)] for line in lines] == [said]


BENCHES = {
    "bench_host.run": ("rounds", "prefill", "messages", "killed"),
    "bench_serve": ("viewers", "rate", "seconds"),
}


@pytest.mark.parametrize("wrong", ["x", "0", "-1", "1e99", ""])
@pytest.mark.parametrize(("bench", "number"), [(b, n) for b, all_ in BENCHES.items() for n in all_])
def test_a_number_given_to_a_bench(
    bench: str, number: str, wrong: str, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    module = __import__(bench, fromlist=["main"])
    monkeypatch.setattr(sys, "argv", [bench, f"--{number}", wrong])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"error: argument --{number}: expected " in line


@pytest.mark.parametrize("bench", ["bench_host.run", "bench_serve", "accuracy.__main__"])
def test_a_page_without_marks_stays(
    bench: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Before anything is measured, and the picture beside it too."""
    page, picture = tmp_path / "notes.md", tmp_path / "notes.svg"
    page.write_text("mine")
    picture.write_text("<svg>mine")
    module = __import__(bench, fromlist=["main"])
    monkeypatch.setattr(sys, "argv", [bench, "--page", str(page)])
    with pytest.raises(SystemExit) as ended:
        sys.exit(module.main())
    assert ended.value.code == 2
    assert f"{page}: expected a page with the line <!-- made by make bench-" in (
        capfd.readouterr().err
    )
    assert (page.read_text(), picture.read_text()) == ("mine", "<svg>mine")


def test_whole_numbers() -> None:
    assert whole(0)("0") == 0 and whole(1, 9)("9") == 9
