"""A run empties a folder only where a run wrote all that is in it."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import demo
import energy
import icrisat_replay
import planted
import pytest
import replay
import run_folder
import trace_day
import trace_icrisat
from run_folder import MARK, FolderError, fresh_folder
from sim_board import ROOT

CONFIG = ROOT / "boards" / "esp32" / "config.example.json"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's home, and a shell in one of its folders."""
    place = tmp_path / "home"
    planted.plant(place)
    ran(place / "ran")
    monkeypatch.chdir(place / "docs")
    return place


def ran(folder: Path) -> Path:
    """A folder as a run leaves it."""
    with fresh_folder(folder) as out:
        (out / "broker").mkdir()
        for name in ("broker/log", "qingyun.db", "truth.csv"):
            (out / name).write_text("of the run")
    return folder


def copied(home: Path) -> Path:
    shutil.copytree(home / "ran", home / "copy")
    return home / "copy"


def moved(home: Path) -> Path:
    return (home / "ran").rename(home / "moved")


def beside(home: Path) -> Path:
    (home / "ran" / "notes.txt").write_text("mine")
    return home / "ran"


def below(home: Path) -> Path:
    (home / "ran" / "broker" / "mine").mkdir()
    (home / "ran" / "broker" / "mine" / "notes.txt").write_text("mine")
    return home / "ran"


def an_empty_folder_beside(home: Path) -> Path:
    (home / "ran" / "mine").mkdir()
    return home / "ran"


def linked(home: Path) -> Path:
    """Where the run had a folder there is a link to somebody's now."""
    shutil.rmtree(home / "ran" / "broker")
    (home / "ran" / "broker").symlink_to(home / "docs")
    return home / "ran"


def killed(home: Path) -> Path:
    mark = home / "ran" / MARK
    mark.write_text(json.dumps(json.loads(mark.read_text()) | {"names": None}))
    return home / "ran"


def a_mark_of_nothing(home: Path) -> Path:
    (home / "ran" / MARK).write_text("")
    return home / "ran"


def a_mark_by_hand(home: Path) -> Path:
    (home / "docs" / MARK).write_text("")
    return home / "docs"


def a_copied_mark(home: Path) -> Path:
    shutil.copy(home / "ran" / MARK, home / "docs" / MARK)
    return home / "docs"


def a_linked_mark(home: Path) -> Path:
    (home / "docs" / MARK).symlink_to(home / "ran" / MARK)
    return home / "docs"


Wrong = Callable[[Path], Path | str]
WRONG: list[Wrong] = [
    lambda _: ".",
    lambda _: "..",
    lambda _: "",
    lambda _: "../my data",
    lambda home: home,
    lambda home: home / "docs" / "deep",
    lambda home: f"{home}/project/../docs/",
    lambda home: home / "to-docs",
    lambda home: home / "to-letter",
    lambda home: home / "round",
    lambda home: home / "thesis.docx",
    lambda home: home / "thesis.docx" / "run",
    lambda home: home / "project",
    lambda home: home.parent,
    lambda home: home / ("x" * 300),
    lambda _: "/",
    lambda _: "/proc",
    lambda _: "/proc/run",
    lambda _: "/dev/null",
    lambda home: home / "project" / ".git",
    lambda home: home / "key",
    *(copied, moved, beside, below, an_empty_folder_beside, linked, killed, a_mark_of_nothing),
    *(a_mark_by_hand, a_copied_mark, a_linked_mark),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_folder_is_refused_and_nothing_is_touched(
    home: Path, wrong: Wrong, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of each program that empties its folder: one line, exit code 2, every byte as it was."""
    out = str(wrong(home))
    before = planted.tree(home)
    trace = str(home / "my data" / "site.csv")
    told = ["--trace", trace, "--config", str(CONFIG)]
    programs: dict[str, Callable[[], int]] = {
        "demo": lambda: demo.main(["--out", out]),
        "replay": lambda: replay.main([*told, "--out", out]),
        "energy": lambda: energy.main(["--out", out]),
        "icrisat_replay": lambda: icrisat_replay.main(["--data", trace, "--out", out]),
    }
    for name, run in programs.items():
        assert run() == 2, name
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith(f"{name}: error: "), line
        assert planted.tree(home) == before, name


@pytest.mark.parametrize("program", [demo, energy])
def test_a_folder_that_another_run_is_in(
    home: Path, program: object, capfd: pytest.CaptureFixture[str]
) -> None:
    with fresh_folder(home / "ran") as out:
        (out / "half.csv").write_text("half")
        before = planted.tree(home)
        assert program.main(["--out", str(home / "ran")]) == 2  # type: ignore[attr-defined]
        assert "another run is writing into it" in capfd.readouterr().err
        assert planted.tree(home) == before


@pytest.mark.parametrize("what", ["trace", "config", "registry"])
def test_what_a_replay_needs_is_not_emptied_away(
    home: Path, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where the run before has written it."""
    with fresh_folder(home / "ran") as out:
        shutil.copy(home / "my data" / "site.csv", out / "site.csv")
        shutil.copy(CONFIG, out / "config.json")
        shutil.copytree(ROOT / "registry", out / "registry")
    told = {
        "trace": home / "my data" / "site.csv",
        "config": CONFIG,
        "registry": ROOT / "registry",
    } | {what: home / "ran" / {"trace": "site.csv", "config": "config.json"}.get(what, what)}
    before = planted.tree(home)
    args = [x for name, path in told.items() for x in (f"--{name}", str(path))]
    assert replay.main([*args, "--out", str(home / "ran")]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"replay: error: {told[what]}: lies in {home / 'ran'}, which is emptied")
    assert planted.tree(home) == before


@pytest.mark.parametrize("file", ["truth.csv", "truth_events.csv", "qy-fs01.csv"])
def test_generated_days_take_the_place_of_nothing(
    home: Path, file: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (home / "docs" / file).write_text("mine")
    before = planted.tree(home)
    told = ["--registry", str(ROOT / "registry"), "--date", "2026-03-03", "--seed", "1"]
    assert trace_day.main([*told, "--out", str(home / "docs")]) == 2
    assert f"{file}: is there already" in capfd.readouterr().err
    assert planted.tree(home) == before


def test_a_registry_is_not_written_over(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = home / "cells.csv"
    data.write_text("sector,timestamp,mass_g\nA,2018-03-03 10:00:00,1000\n")
    shutil.copytree(ROOT / "registry", home / "project" / "registry")
    before = planted.tree(home)
    assert trace_icrisat.main(["--data", str(data), "--out", str(home / "project")]) == 2
    assert "is there already" in capfd.readouterr().err
    assert planted.tree(home) == before


def test_the_run_before_is_removed_whole(home: Path) -> None:
    folder = ran(home / "a new" / "place")
    (folder / "qingyun.db-wal").write_text("SQLite puts it there and takes it away again")
    (folder / "truth.csv").write_text("changed by hand, but the name is the run's")
    with fresh_folder(folder) as out:
        assert out == folder.resolve()
        assert [p.name for p in out.iterdir()] == [MARK]
        (out / "other.csv").write_text("other")
    assert sorted(p.name for p in folder.iterdir()) == [MARK, "other.csv"]


def test_an_empty_folder_and_a_link_to_one_will_do(home: Path) -> None:
    (home / "empty folder").mkdir()
    (home / "link").symlink_to("empty folder")
    for _ in range(2):
        with fresh_folder(home / "link") as out:
            (out / "x").write_text("x")
    assert (home / "empty folder" / "x").exists() and (home / "link").is_symlink()


def test_a_run_that_fails_leaves_what_can_be_emptied(home: Path) -> None:
    with pytest.raises(KeyboardInterrupt), fresh_folder(home / "out") as out:
        (out / "half").write_text("half")
        raise KeyboardInterrupt
    with fresh_folder(home / "out") as out:
        assert [p.name for p in out.iterdir()] == [MARK]


def test_what_comes_in_while_it_is_emptied_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the last removal."""
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == "log":
            (path.parent / "just now").write_text("mine")
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(FolderError, match="cannot be emptied"), fresh_folder(home / "ran"):
        pass
    assert (home / "ran" / "broker" / "just now").read_text() == "mine"


def test_make_clean_removes_runs_alone(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    beside_ = ran(home / "other")
    (beside_ / "mine.txt").write_text("mine")
    before = {k: v for k, v in planted.tree(home).items() if not k.startswith("ran")}
    assert run_folder.main(["../ran", str(beside_), "../absent"]) == 2
    said = capfd.readouterr()
    assert said.out.splitlines() == ["../ran: removed"]
    (line,) = said.err.splitlines()
    assert "holds mine.txt, which no run wrote" in line
    assert planted.tree(home) == before


def test_the_mark_is_locked_while_a_run_writes(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "out") as out, (out / MARK).open() as mark:
        with pytest.raises(BlockingIOError):
            fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
