"""A file that somebody asked for is whole, or what it was before."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from host.cli import main
from host.common.atomic_write import whole
from host.common.errors import UserError
from host.common.output_form import folder, form_of
from host.office.xlsx import Workbook
from host.store import Store


def _left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_it_takes_the_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "made" / "for" / "it.csv"
    for text in ("site,deposited_kg\nfirst", "site,deposited_kg\nsecond"):
        with whole(path) as part:
            part.write_text(text)
            assert not path.exists() or path.read_text().endswith("first")
        assert path.read_text() == text
    assert _left(path.parent) == ["it.csv"]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "it.csv"
    path.write_text("before")
    with pytest.raises(UserError, match=r"it\.csv: cannot be written: No space left"):
        with whole(path) as part:
            part.write_text("half of")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_text() == "before"
    assert _left(tmp_path) == ["it.csv"]


def test_a_bug_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "it.csv"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), whole(path) as part:
        part.write_text(str(1 / 0))
    assert path.read_text() == "before"
    assert _left(tmp_path) == ["it.csv"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    link = tmp_path / "link"
    link.symlink_to("there")
    with whole(link) as part:
        part.write_text("after")
    assert link.is_symlink()
    assert (tmp_path / "there").read_text() == "after"


@pytest.mark.parametrize(
    "before",
    [b"SQLite format 3\x00 and the rest", b"date,kg\n2026-03-03,4\n", b"%PDF-1.7", b"x"],
)
def test_what_is_another_kind_of_file_stays(tmp_path: Path, before: bytes) -> None:
    """A name that was mistyped costs nobody a database, a key or a table of their own."""
    path = tmp_path / "q.db"
    path.write_bytes(before)
    with pytest.raises(UserError, match=r"q\.db: is there already, holds something else, and"):
        with whole(path) as part:
            part.write_text("date,site,town,stream\n")
    assert path.read_bytes() == before
    assert _left(tmp_path) == ["q.db"]


@pytest.mark.parametrize(("before", "after"), [("utf-8", "utf-8-sig"), ("utf-8-sig", "utf-8")])
def test_a_byte_order_mark_is_no_other_kind(tmp_path: Path, before: str, after: str) -> None:
    """Of a version that wrote none, or of one to which somebody goes back."""
    path = tmp_path / "daily.csv"
    path.write_text("date,site,town,stream\nold", encoding=before)
    with whole(path) as part:
        part.write_text("date,site,town,stream\nnew", encoding=after)
    assert path.read_text(encoding=after).endswith("new")


def test_a_workbook_takes_the_place_of_another(tmp_path: Path) -> None:
    for title in ("one", "two"):
        with Workbook(tmp_path / "m.xlsx", title, "said"):
            pass
    path = tmp_path / "m.xlsx"
    with pytest.raises(UserError, match="holds something else"), whole(path) as part:
        part.write_text("<!DOCTYPE html>")


def test_a_pipe_is_written_as_it_is() -> None:
    read, write = os.pipe()
    with whole(Path(f"/dev/fd/{write}")) as part:
        part.write_text("through")
    assert os.read(read, 99) == b"through"
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("where", ["a-file/x.csv", "a-folder", "/proc/x.csv", "/dev/full"])
def test_where_nothing_can_be(tmp_path: Path, where: str) -> None:
    (tmp_path / "a-file").write_text("")
    (tmp_path / "a-folder").mkdir()
    with pytest.raises(UserError, match=f"{where}: cannot be written: "):
        with whole(tmp_path / where) as part:
            part.write_text("x")


def test_a_workbook_on_a_full_disk() -> None:
    with pytest.raises(UserError, match="/dev/full: cannot be written: No space left"):
        with Workbook(Path("/dev/full"), "title", "said"):
            pass


def test_a_rollup_says_it_in_a_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Store(tmp_path / "x.db", create=True).close()
    (tmp_path / "a-file").write_text("")
    args = ["rollup", "--db", str(tmp_path / "x.db"), "--registry", "registry"]
    assert main([*args, "--date", "2026-03-03", "--out", str(tmp_path / "a-file")]) == 2
    said = capfd.readouterr().err.strip().splitlines()
    assert said[-1].startswith("qingyun: error: ")
    assert said[-1].endswith("a-file/daily.csv: cannot be written: File exists")


FORMS = [
    ("report", ("--month", "2024-02"), "xlsx html", "csv pdf"),
    ("indicators", ("--month", "2024-02"), "xlsx csv json txt", "html pdf"),
    ("export", ("--date", "2024-02-11"), "json", "xlsx csv"),
]


def _kind(body: bytes) -> str:
    """What a file is, by what stands in it."""
    text = body.decode("utf-8-sig", "replace")
    begins = {"PK": "xlsx", "<!DOCTYPE html>": "html", "{": "json", "number,": "csv"}
    return next((kind for begin, kind in begins.items() if text.startswith(begin)), "txt")


@pytest.mark.parametrize(("command", "when", "good", "bad"), FORMS)
def test_the_ending_decides(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    *,
    command: str,
    when: tuple[str, ...],
    good: str,
    bad: str,
) -> None:
    Store(tmp_path / "x.db", create=True).close()
    args = [command, "--db", str(tmp_path / "x.db"), "--registry", "registry", *when]
    for ending in (*good.split(), *good.upper().split()):
        out = tmp_path / f"m.{ending}"
        assert main([*args, "--out", str(out)]) == 0
        assert _kind(out.read_bytes()) == ending.lower()
    capfd.readouterr()
    for name in (*(f"n.{ending}" for ending in bad.split()), "n", "n.", ".xlsx"):
        assert main([*args, "--out", str(tmp_path / name)]) == 2
        assert not (tmp_path / name).exists()
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith("qingyun: error: --out: expected a name ending in .")
        assert line.endswith(f"found {tmp_path / name}")


def test_a_format_that_is_not_the_ending(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Store(tmp_path / "x.db", create=True).close()
    base = ["--db", str(tmp_path / "x.db"), "--registry", "registry"]
    month = ["--month", "2024-02"]
    for args, said in (
        (["report", *base, *month, "--format", "html", "--out", "m.xlsx"], "expected both alike"),
        (["indicators", *base, *month, "--format", "table", "--out", "m.csv"], "both alike"),
        (["ledger", "export", *base, *month, "--format", "csv", "--out", "m.xlsx"], "a folder"),
        (["ledger", "export", *base, *month, "--format", "xlsx", "--out", "m"], ".xlsx, found m"),
        (["ledger", "export", *base, *month, "--out", "m.csv"], "ending in .xlsx, found m.csv"),
        (["rollup", *base, "--date", "2024-02-11", "--out", "m.xlsx"], "expected a folder"),
        (["rollup", *base, "--date", "2024-02-11", "--xlsx", "m.csv"], "--xlsx: expected a name"),
        (["transfers", "compare", *base, *month, "--csv", "m.xlsx"], "--csv: expected a name"),
        (["transfers", "match", *base, *month, "--csv", "m"], "--csv: expected a name ending"),
        (["bundle", "--key", "k", "--out", "b.zip"], "expected a name ending in .bundle"),
    ):
        assert main(args) == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert said in line, line
        assert not any(Path(name).exists() for name in ("m.xlsx", "m.csv", "m", "b.zip"))


def test_a_pipe_has_the_form_that_is_asked_for(tmp_path: Path) -> None:
    assert form_of(Path("/dev/null"), "html xlsx", "xlsx") == "xlsx"
    assert form_of(Path("/dev/null"), "html xlsx") is None
    (tmp_path / "m.xlsx").mkdir()
    assert folder(tmp_path / "m.xlsx") == tmp_path / "m.xlsx"
