"""Two boards under one name are said to be that, wherever figures or boards are shown.

A board whose flash was erased, or failed for a while, is one board."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from drums import DrumBoard
from host_job import qingyun
from rich.text import Text
from sim_board import ROOT

from host import registry, rollup
from host.common.two_boards import TWO_BOARDS, WITHIN_S, Turns, since, turn
from host.events import Platform, Sample, derive
from host.hazard import register, rules
from host.hazard.update import update_alarms
from host.mqtt.board_state import Board, lines
from host.readings.messages import Reading
from host.serve.live_status import status_of
from host.store import Batch, Store

HOUR = 3600
T0 = 1_772_467_200  # 2026-03-03 00:00 in Shanghai
DATE = dt.date(2026, 3, 3)


def began(lives: str, every: int = 300) -> int | None:
    turns: Turns = []
    for i, life in enumerate(lives):
        turns = turn(turns, life, every * i)
    return since(turns)


def test_which_lives_are_two_boards() -> None:
    assert began("aabbab") == 0 + 300 * 0
    assert began("caabab") == 300
    # A flash that was erased; one that failed for a while, twice; a life in RAM at each start.
    for one in ("aaabbb", "aabbaa", "aabacaa", "abcdef", "aba"):
        assert began(one) is None
    assert began("abab", WITHIN_S) is None  # one board taken for another, and back, on other days


def interleaved(n: int, values: tuple[dict[str, int], dict[str, int]]) -> list[Reading]:
    """Two boards in turn, each with a reading every 300 s."""
    return [
        Reading(("aaaaaaaa", "bbbbbbbb")[i % 2], i // 2, 0, T0 + 150 * i, None, values[i % 2], {})
        for i in range(n)
    ]


def test_events_say_it_and_not_restarted() -> None:
    loads = {"w1": 40_000}, {"w1": 12_900}
    samples = [
        Sample(r.t or 0, r.values["w1"], None, r.life, r.seq, r.boot)
        for r in interleaved(100, loads)
    ]
    found = derive(Platform(13_000, wheelie=True), samples)
    (flag,) = [f for f in found.flags if f.kind == TWO_BOARDS]
    assert (flag.t, flag.t_end) == (T0, samples[-1].t)
    assert [e.why.partition(": ")[2] for e in found.events][5:] == [
        "two boards speak under one name" for _ in found.events[5:]
    ]
    assert len(found.events) > 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", out)
    with (out / "devices.csv").open("a") as file:
        file.write("qy-twin,fs-01\n")
    with (out / "bins.csv").open("a") as file:
        file.write("fs-01-t1,fs-01,qy-twin,w1,,可回收物,240,13.0,wheelie,150,0.05\n")
        file.write("fs-01-t2,fs-01,qy-twin,,f2,有害垃圾,120,9.3,wheelie,,\n")
    return out


def test_figures_and_status(folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    values = {"w1": 40_000, "f2": 800}, {"w1": 12_900, "f2": 60}
    made = interleaved(570, values)
    store.add(Batch(readings=[("qy-twin", "fs-01", r) for r in made]), T0)
    rows = rollup.roll(store, registry.load(folder), DATE).rows
    flags = {r.stream: r.flags for r in rows if r.site == "fs-01"}
    assert TWO_BOARDS in flags["可回收物"] and TWO_BOARDS in flags["有害垃圾"]
    assert TWO_BOARDS not in flags["干垃圾"]
    store.close()
    said = qingyun("status", "--db", db).stdout
    assert "qy-twin: two boards speak under this name, 2026-03-03 00:00" in said
    told = json.loads(qingyun("status", "--json", "--db", db).stdout)["two_boards"]
    assert told == {"qy-twin": [T0, T0 + 150 * 569]}


def test_a_board_whose_flash_was_erased_is_one(folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    made = [
        Reading("ab"[i > 140] * 8, i, 0, T0 + 300 * i, None, {"w1": 20_000, "f2": 500}, {})
        for i in range(288)
    ]
    store.add(Batch(readings=[("qy-twin", "fs-01", r) for r in made]), T0)
    rows = rollup.roll(store, registry.load(folder), DATE).rows
    assert not any(TWO_BOARDS in r.flags for r in rows)
    store.close()
    assert "two boards" not in qingyun("status", "--db", db).stdout


def birth(life: str, boot: int) -> bytes:
    return json.dumps({"fw": "qingyun", "life": life, "boot": boot, "up": 3}).encode()


def shown(board: Board, now: float) -> str:
    return Text("\n").join(lines(board, now, 200)).plain


def test_who_watches_sees_it() -> None:
    board = Board("fs-01", "qy-twin", status="online")
    board.take("birth", birth("aaaaaaaa", 3), True, T0)
    for n in range(4, 9):  # one board that restarts again and again
        board.take("birth", birth("aaaaaaaa", n), False, T0 + n)
    assert not board.has_twin(T0 + 9) and "two boards" not in shown(board, T0 + 9)
    # Each takes the other's session, and connects again. They may have a copy of one flash.
    for life in ("aaaaaaaa", "bbbbbbbb"):
        twins = Board("fs-01", "qy-twin", status="online")
        for n in range(4):
            who = (("aaaaaaaa", 8), (life, 2))[n % 2]
            twins.take("birth", birth(*who), False, T0 + 10 * n)
        assert "two boards speak under this name 两块设备同名" in shown(twins, T0 + 40)
        assert status_of([board, twins], T0 + 40) == TWO_BOARDS
        assert not twins.has_twin(T0 + 40 + WITHIN_S)
    # Under client ids of their own both stay connected.
    apart = Board("fs-01", "qy-twin", status="online")
    for n, r in enumerate(interleaved(8, ({"w1": 1}, {"w1": 2}))):
        body = {"life": r.life, "seq": r.seq, "boot": 0, "t": r.t, "w1": r.values["w1"]}
        apart.take("reading", json.dumps(body).encode(), False, T0 + 150 * n)
    assert apart.has_twin(T0 + 150 * 8)


def test_an_alarm_says_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    known = register.load(ROOT / "registry")
    limits = rules.load(ROOT / "registry")
    one = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0, "c1": 1500, "d1": 0})
    other = DrumBoard("qy-hw01", "hw-01", T0 + 140, dict(one.values) | {"w1": 30_000}, "dddddddd")
    one.until(T0 + 2 * HOUR).store(store)
    other.until(T0 + 2 * HOUR).store(store)
    _, changed = update_alarms(store, known, limits, T0 + 2 * HOUR)
    raised = {r.body.subject: r.body.text for r in changed if r.body.rule == "silent"}
    said = "两块设备使用同一个名字，读数无效"
    assert all(said in text for text in raised.values())
    assert set(raised) == {"hw-01-p1", "hw-01-p2"}
