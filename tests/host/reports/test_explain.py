"""What explain prints and draws."""

from __future__ import annotations

import datetime as dt
import functools
import re
import xml.etree.ElementTree as ET  # our own file
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import resvg_py
from host_job import qingyun
from png_ink import ink
from series import Series
from sim_board import ROOT

from host import registry
from host.cli import main
from host.readings.messages import Reading
from host.reports import explain as explain_
from host.reports import picture
from host.store import Batch, Store

DATE = "2026-03-03"
MIDNIGHT = int(dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC).timestamp())  # 00:00 in Shanghai
CJK = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A morning of the wet bin of fs-01: a deposit, a lift, a gap, a fault."""
    s = Series(40_000, MIDNIGHT)
    s.fill = 500
    s.rest(8 * 3_600).step(2_500).rest(1_200).to(12, after=60)
    s.fill = 10
    s.to(13_300, after=29).rest(1_800)
    s.grams = 15_000
    s.silence(3_600).rest(600).fault("not_ready").silence(120)
    path = tmp_path / "q.db"
    store = Store(path, create=True)
    readings = []
    for x in s.samples:
        known = {"f2": x.fill, "w2": x.grams}
        values = {channel: v for channel, v in known.items() if v is not None}
        marks = {"w2": x.q} if x.q else {}
        readings.append(Reading("aaaaaaaa", x.seq, x.boot, x.t, None, values, marks))
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), MIDNIGHT)
    store.close()
    return path


@pytest.fixture
def explain(db: Path) -> Callable[..., str]:
    def run(*more: str | Path) -> str:
        where = ("--db", db, "--registry", ROOT / "registry")
        done = qingyun("explain", *where, "--site", "fs-01", "--date", DATE, *more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_each_event_with_its_evidence(explain: Callable[..., str]) -> None:
    said = explain()
    lines = [line.strip() for line in said.splitlines()]
    assert lines[0] == "fs-01 方松街道一号集中投放点 2026-03-03, times in Asia/Shanghai"
    at = next(i for i, line in enumerate(lines) if "collection" in line)
    assert lines[at] == "08:22:10 - 08:22:59  collection    29.200 kg"
    assert re.fullmatch(
        r"before +42\.500 kg +08:22:10 +life aaaaaaaa seq \d+ +fill 50 %", lines[at + 1]
    )
    assert re.fullmatch(r"bin away +0\.012 kg +08:22:49 +life aaaaaaaa seq \d+", lines[at + 2])
    assert re.fullmatch(
        r"after +13\.300 kg +08:22:59 +life aaaaaaaa seq \d+ +fill 1 %", lines[at + 3]
    )
    assert lines[at + 4] == "why       the bin was away for 49 s and came back 29.200 kg lighter"
    assert "why       a step up of 2.500 kg that stayed" in lines
    assert "why       nobody saw it: no reading for 65 min" in lines
    assert any(re.fullmatch(r"\d\d:\d\d:\d\d - \d\d:\d\d:\d\d  not_ready .*", x) for x in lines)
    assert any(
        line.startswith("opening 26.900 + deposited 2.500 - collected 29.200") for line in lines
    )
    assert "filling" not in said


def test_every_state_on_demand(explain: Callable[..., str]) -> None:
    said = explain("--states")
    assert re.search(r"08:22:20  filling -> lifted: 0\.012 kg: below 5\.650 kg", said)
    assert "-> faulted: the scale said not_ready" in said


def test_the_picture_is_whole(explain: Callable[..., str], tmp_path: Path) -> None:
    explain("--out", tmp_path / "day.svg")
    root = ET.fromstring((tmp_path / "day.svg").read_text(encoding="utf-8"))  # noqa: S314
    name = "{http://www.w3.org/2000/svg}"
    texts = [e.text or "" for e in root.iter(name + "text")]
    titles = [e.text or "" for e in root.iter(name + "title")]
    assert any("湿垃圾 · deposited 2.5 kg, collected 29.2 kg" in t for t in texts)
    assert sum(t.startswith("collection 29.200 kg") for t in titles) == 1
    assert sum(t.startswith("deposit 2.500 kg") for t in titles) == 1
    assert "not measured" in titles
    assert any(t.startswith("not_ready") for t in titles)
    width, height = (float(root.attrib[k]) for k in ("width", "height"))
    for line in root.iter(name + "polyline"):
        for pair in line.attrib["points"].split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


DEJAVU = "/usr/share/fonts/truetype/dejavu"  # what nearly every Debian has: no Chinese
TITLE, CURVES = (60, 14, 420, 36), (60, 296, 1180, 462)  # where they stand in the picture


@pytest.mark.parametrize(
    ("fonts", "lacks", "title", "name"),
    [
        ({}, "", True, True),
        (
            {"skip_system_fonts": True, "font_dirs": [DEJAVU]},
            "no Chinese font is installed, so its text is English; for Chinese: apt install",
            *(True, False),
        ),
        (
            {"skip_system_fonts": True},
            "no font is installed, so it has no text; expected one: apt install",
            *(False, False),
        ),
    ],
)
def test_a_png_has_the_text_that_there_are_fonts_for(
    db: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    fonts: dict[str, Any],
    lacks: str,
    title: bool,
    name: bool,
) -> None:
    """The renderer is the real one, told which fonts there are."""
    out = db.with_suffix(".png")
    real = functools.partial(resvg_py.svg_to_bytes, **fonts)
    monkeypatch.setattr(picture, "_resvg", lambda: lambda svg: bytes(real(svg_string=svg)))
    known, date = registry.load(ROOT / "registry"), dt.date.fromisoformat(DATE)
    store = Store(db)
    store.compact()
    told = explain_.stories(store, known, "fs-01", date)
    said = picture.write(out, lambda latin: picture.day(told, "fs-01", known, date, latin=latin))
    assert said.startswith(lacks) and bool(said) == bool(lacks) and "\n" not in said
    made = out.read_bytes()
    assert (ink(made, *TITLE) > 200) == title
    # The Chinese name stands between the site and the date.
    assert (ink(made, 270, *TITLE[1:]) > 200) == name
    assert ink(made, *CURVES) > 300


def test_the_command_says_what_a_png_lacks(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = functools.partial(resvg_py.svg_to_bytes, skip_system_fonts=True)
    monkeypatch.setattr(picture, "_resvg", lambda: lambda svg: bytes(real(svg_string=svg)))
    where = ("--db", str(db), "--registry", str(ROOT / "registry"))
    out = db.with_suffix(".PNG")
    assert main(["explain", *where, "--site", "fs-01", "--date", DATE, "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert f"{out}: written" in said.out
    (line,) = said.err.splitlines()
    assert line.startswith(f"qingyun: {out}: no font is installed")
    assert line.endswith("apt install fonts-wqy-zenhei")


def test_a_day_that_nobody_measured(explain: Callable[..., str], tmp_path: Path) -> None:
    """Of four scales: no figure, neither in text nor in the picture; and a scale all the same."""
    said = explain("--date", "2026-03-09", "--out", tmp_path / "day.svg")
    assert said.count("nothing was measured") == 4
    assert "0.000" not in said and "no scale" not in said
    drawn = (tmp_path / "day.svg").read_text(encoding="utf-8")
    assert drawn.count("— nothing was measured") == 4 and "deposited 0" not in drawn


def test_a_closed_month_is_explained_as_it_was_closed(
    explain: Callable[..., str], db: Path
) -> None:
    """What came later, and is an adjustment, does not change why the day is what it is."""
    before = explain()
    where = ("--db", db, "--registry", ROOT / "registry")
    closed = qingyun("close-month", "--month", "2026-03", "--by", "Li", "--yes", *where)
    assert closed.returncode == 0, closed.stderr
    late = Series(15_000, MIDNIGHT + 14 * 3_600)
    late.rest(1_800).step(7_000).rest(1_800)
    readings = [
        Reading("bbbbbbbb", x.seq, 9, x.t, None, {"w2": x.grams or 0}, {"w2": x.q} if x.q else {})
        for x in late.samples
    ]
    store = Store(db)
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), MIDNIGHT + 86_400)
    store.close()
    assert qingyun("rollup", "--date", DATE, *where, "--out", db.parent).returncode == 0
    told = qingyun("adjustments", "--month", "2026-03", "--db", db)
    assert "2026-03-03" in told.stdout, told.stdout + told.stderr
    # What was seen is told by all readings: a stretch that was dark is not dark now.
    assert _booked(explain()) == _booked(before)


def _booked(said: str) -> list[str]:
    """Lines with a mass."""
    return [line for line in said.splitlines() if " kg" in line]


def test_without_chinese(db: Path) -> None:
    known = registry.load(ROOT / "registry")
    date = dt.date.fromisoformat(DATE)
    told = explain_.stories(Store(db), known, "fs-01", date)
    assert not CJK.search(picture.day(told, "fs-01", known, date, latin=True).split("</style>")[1])
    assert CJK.search(picture.day(told, "fs-01", known, date, latin=False))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--site", "xx"], "expected a site of sites.csv, found 'xx'"),
        (["--site", "fs-01", "--out", "d.pdf"], "expected a name ending in .svg or .png"),
        (["--site", "fs-01", "--out", "no/such/d.svg"], "no/such: no such folder"),
    ],
)
def test_mistakes(db: Path, more: list[str], said: str) -> None:
    where = ("--db", db, "--registry", ROOT / "registry", "--date", DATE)
    done = qingyun("explain", *where, *more)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
