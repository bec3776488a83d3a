"""The accuracy bench: its world is the simulator's, its scores can fail, its figures hold."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from accuracy import full, kept
from accuracy.baselines import BASELINES, Series, book
from accuracy.bench import OURS, Result, play_all
from accuracy.families import idle, normal
from accuracy.field import Cell, Load, seed_of
from accuracy.kinds import FAMILIES
from accuracy.ours import Day, Found
from accuracy.report import BEGIN, END, chart, page
from accuracy.scene import Scene
from accuracy.score import Score, score
from accuracy.summary import failures, overall, shortfalls, summarise
from sim_board import ROOT, micropython
from soak import in_part

NIGHT = 1_789_923_600_000  # 2026-09-21 01:00 in Shanghai
HOURS = 12
SEEDS = 90_001, 90_002
LOADS = ((0, 12.4), (3_600_000, 14.15), (9_000_300, 0.0), (9_041_700, 12.9), (30_000_000, 96.25))
WARMTH = ((0, 1490), (7_200_000, 2210), (25_200_000, 3105))
ASK = """
import sys, json
sys.path.insert(0, "boards/sim")
from physics import LoadCell, seed_of
spec = json.load(open(sys.argv[1]))
out = []
for seed, warm, faults in spec["cells"]:
    c = LoadCell(84213, 21000.0, 150, "field", seed_of(seed, "w1"), faults=faults)
    loads, warmth = list(spec["loads"]), list(spec["warmth"])
    got, kg, centi = [], None, None
    for ms in range(0, spec["end"], 100):
        while loads and loads[0][0] <= ms:
            kg = loads.pop(0)[1]
            c.load(spec["night"] + ms, kg)
        while warm and warmth and warmth[0][0] <= ms:
            centi = warmth.pop(0)[1]
        v = c.counts(spec["night"] + ms, kg, centi)
        if ms % spec["every"] < spec["burst"]:
            got.append(v)
    print(json.dumps(got))

"""


def test_the_world_is_the_simulators(tmp_path: Path) -> None:
    """Every conversion of half a day; compared is the first minute of each half hour."""
    cells = [(1, False, 0.0), (2, True, 0.0), (7, False, 0.05)]
    end, every, burst = 3_600_000 * HOURS, 1_800_000, 60_000
    spec = {"cells": cells, "loads": LOADS, "warmth": WARMTH, "night": NIGHT, "end": end}
    spec |= {"every": every, "burst": burst}
    script = tmp_path / "ask.py"
    script.write_text(ASK)
    given = tmp_path / "spec.json"
    given.write_text(json.dumps(spec))
    command = [micropython(), "-X", "heapsize=64m", str(script), str(given)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    loads = [Load(NIGHT + ms, kg) for ms, kg in LOADS]
    inside = np.arange(0, end, 100) % every < burst
    for (seed, warm, faults), theirs in zip(
        cells, map(json.loads, done.stdout.splitlines()), strict=True
    ):
        cell = Cell(84213, 21000.0, 150, seed_of(seed, "w1"))
        warmth = [(NIGHT + ms, c) for ms, c in WARMTH] if warm else []
        ours = cell.day(loads, NIGHT, NIGHT + end, warmth)
        if faults:
            ours = cell.damage(ours, NIGHT, faults)
        # Rounding of a sine in the last place may differ by one count.
        assert np.abs(ours[inside] - np.array(theirs)).max() <= 1, seed
        assert np.mean(ours[inside] != np.array(theirs)) < 1e-5, seed


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_is_a_day(family: str) -> None:
    a, b, other = (FAMILIES[family](seed) for seed in (5, 5, 6))
    assert (a.rows, a.events, a.truths()) == (b.rows, b.events, b.truths())
    assert a.rows != other.rows
    assert all(row.value <= 150 for row in a.rows if row.channel[0] == "w")
    if family == "idle":
        assert not a.truths()
    else:
        # Of a bin without a scale only what was collected is measured.
        kinds = {"deposit", "collection"} if a.bins[0].channel else {"collection"}
        assert {t.kind for t in a.truths()} == kinds


def _true(scene: Scene) -> Day:
    """As if everything had been found."""
    day = Day()
    for t in scene.truths():
        day.found.append(Found(t.t, t.t_end + 6, t.channel, t.kind, t.grams))
    return day


def test_the_truth_scores_full_and_each_error_is_seen() -> None:
    scene = normal(3)
    s = score(scene, _true(scene))
    assert s.error == 0 and not s.what and not sum(s.missed.values()) + sum(s.invented.values())
    lost = _true(scene)
    kilo = next(f for f in lost.found if f.kind == "deposit" and f.grams > 1000)
    lost.found.remove(kilo)
    assert score(scene, lost).missed["deposit"] == 1
    wrong = _true(scene)
    at = next(i for i, f in enumerate(wrong.found) if f.kind == "collection")
    f = wrong.found[at]
    wrong.found[at] = Found(f.t, f.t_end, f.channel, f.kind, round(0.9 * f.grams))
    s = score(scene, wrong)
    assert (s.missed["collection"], s.invented["collection"]) == (1, 1)
    assert s.error is not None and s.error < -0.05
    extra = _true(scene)
    extra.found.append(Found(10_000.0, 10_010.0, "w1", "collection", 4000))
    s = score(scene, extra)
    assert s.invented["collection"] == 1 and s.invented_g == 4000
    nothing = score(idle(1), Day(found=[Found(1.0, 9.0, "w1", "deposit", 300)]))
    assert nothing.invented_g == 300


def test_goals_are_told_when_they_are_missed() -> None:
    late = float("inf")
    bad = Score(90, 100, invented_g=500, from_faults_g=400, fault_after_s=late)
    bad.invented["collection"] += 1
    results = [Result("idle", 1, {OURS: bad}, 0, 0)]
    lines = shortfalls(results, OURS)
    assert len(lines) == 7, lines
    assert failures(results, OURS)
    assert summarise([bad]).worst_unflagged == 0.1


def test_a_day_is_sampled_again_only_where_something_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KEPT", tmp_path / "kept")
    told, trace = tmp_path / "readings.jsonl", tmp_path / "trace.csv"
    trace.write_text("t,channel,value\n")
    counts = {"w1": np.arange(9, dtype=np.int64)}
    times = 0

    def sample() -> dict[str, int]:
        nonlocal times
        times += 1
        told.write_text(f'{{"seq": {times}}}\n')
        return {"frames": times}

    name = kept.key([trace], counts, 0.0, 1)
    for _ in range(2):
        assert kept.sampled(name, told, sample) == {"frames": 1}
        assert told.read_text() == '{"seq": 1}\n'
        told.unlink()
    others = {kept.key([trace], counts, 0.05, 1), kept.key([trace], {"w2": counts["w1"]}, 0.0, 1)}
    trace.write_text("t,channel,value\n0,w1,1\n")
    others.add(kept.key([trace], counts, 0.0, 1))
    assert len(others - {name}) == 3


# `make bench-accuracy` alone installs ruptures, which has no release for Python 3.14.
@pytest.mark.parametrize("name", [n for n in BASELINES if n != "ruptures" or find_spec("ruptures")])
def test_every_other_way_is_right_where_nothing_goes_wrong(name: str) -> None:
    """A platform without noise, a minute and more between events: fairly written."""
    kg = np.full(864_000 + 12_010, 12.0)
    kg[200_000:] += 3.0
    kg[300_000:] += 1.5
    kg[400_000:401_000] = 0.0
    kg[401_000:] = 12.3
    raw = np.rint(84213 + 21000 * kg).astype(np.int64)
    s = Series(kg, raw, np.ones(len(kg), dtype=np.bool_))
    found = [(f.kind, f.grams) for f in book(BASELINES[name](s), "w1", 12.0)]
    assert found == [("deposit", 3000), ("deposit", 1500), ("collection", 4200)]


def test_days_of_every_kind(tmp_path: Path, figure: Callable[[str], None]) -> None:
    """Seeds that nothing was tried on; the bounds are the goals."""
    kinds = list(FAMILIES)[:: in_part(3, 1)]
    results = play_all(kinds, in_part((90_002,), SEEDS), tmp_path, baselines=False)
    s = overall(results, OURS)
    worst = s.worst_unflagged
    figure(
        f"{s.days} site-days of {len(kinds)} kinds: {s.hits['collection']} collections and "
        f"{s.hits['deposit']} deposits found, {s.missed} missed, {s.invented} invented; worst "
        f"error of a day not flagged {100 * (worst or 0):.3f} %"
    )
    assert shortfalls(results, OURS) == [], failures(results, OURS)


def test_the_whole_path_makes_the_same_of_it(tmp_path: Path) -> None:
    families = in_part(["faults"], ["faults", "gaps"])
    pairs = [full.pair(family, 90_003, tmp_path) for family in families]
    assert [line for p in pairs for line in p.differences()] == []
    assert all(p.alone.found for p in pairs)


def test_page_and_picture(tmp_path: Path) -> None:
    good = Score(collected=1000, true_collected=1001)
    by_fill = Result("overfull", 1, {OURS: Score(off=100)}, 0, 0)  # others need a scale
    results = [by_fill, Result("normal", 1, {OURS: good, "ruptures": good}, 0, 0)]
    path = tmp_path / "accuracy.md"
    path.write_text(f"words\n{BEGIN}\nancient\n{END}\nmore words\n")
    page(path, tmp_path / "accuracy.svg", results, "conditions")
    text = path.read_text()
    assert text.startswith("words\n") and text.endswith("more words\n")
    assert "ancient" not in text and "conditions" in text and "| normal | 1 | 0.0999 |" in text
    assert "| overfull | – / – | – / – |" in text and "| normal | 0.0999 / 0.0999 |" in text
    root = ET.fromstring(chart(results))  # noqa: S314 - our own
    assert root.tag.endswith("svg") and len(root) > 10
    path.write_text("no marks")
    with pytest.raises(RuntimeError, match="expected a page with the line"):
        page(path, tmp_path / "accuracy.svg", results, "conditions")


def test_dates_are_past() -> None:
    """The host refuses readings of the future."""
    assert all(FAMILIES["normal"](s).date < dt.date(2026, 1, 1) for s in range(50))
