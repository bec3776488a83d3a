"""The generated day: its truth must be what its traces show, re-derived independently."""

from __future__ import annotations

import csv
import datetime as dt
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import mistake
import pytest
from sim_board import ROOT

DATE = "2026-09-21"
MIDNIGHT = 1_789_920_000  # of that day in Shanghai
BIN_COLUMNS = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg"
STREAMS = ("干垃圾", "湿垃圾", "可回收物", "有害垃圾")


def write_registry(folder: Path, points: int = 2, stores: int = 1, spares: bool = True) -> Path:
    """`points` collection points of four bins and `stores` of two platforms."""
    folder.mkdir(parents=True, exist_ok=True)
    sites, devices, bins = [], [], []
    for n in range(points):
        sites.append(f"p{n},Point {n},T,collection,07:00-09:00;18:00-20:00")
        devices.append(f"dp{n},p{n}")
        for i, stream in enumerate(STREAMS, 1):
            litres = 120 if stream == "有害垃圾" else 240
            bins.append(
                f"p{n}b{i},p{n},dp{n},w{i},f{i},{stream},{litres},{12 + i / 10},wheelie,150,0.05"
            )
        if spares:
            bins.append(f"p{n}s,p{n},,,,湿垃圾,240,14.8,wheelie,,")
    for n in range(stores):
        sites.append(f"h{n},Store {n},T,hazardous,")
        devices.append(f"dh{n},h{n}")
        bins += [f"h{n}b{i},h{n},dh{n},w{i},,危险废物,,0,platform,150,0.05" for i in (1, 2)]
    for name, header, lines in (
        ("sites", "site,name,town,kind,windows", sites),
        ("devices", "device,site", devices),
        ("bins", BIN_COLUMNS, bins),
    ):
        text = "\n".join([header, *lines]) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def run(registry: Path, out: Path, *more: str, seed: int = 1, date: str = DATE) -> str:
    """Run the tool as a person does; its stderr, after checking the exit code."""
    command = [sys.executable, "tools/trace_day.py", "--registry", str(registry)]
    command += ["--date", date, "--seed", str(seed), "--out", str(out), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == (2 if done.stderr else 0), done.stderr
    return done.stderr


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def series(path: Path) -> dict[str, list[tuple[float, float]]]:
    found = defaultdict(list)
    for row in rows(path):
        found[row["channel"]].append((float(row["t"]), float(row["value"])))
    return dict(found)


def at(points: list[tuple[float, float]], t: float) -> float:
    """Value that holds at t."""
    return [value for when, value in points if when <= t][-1]


def tares(registry: Path) -> dict[str, float]:
    return {row["bin"]: float(row["tare_kg"]) for row in rows(registry / "bins.csv")}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_registry(tmp_path_factory.mktemp("registry"))


@pytest.fixture(scope="module", params=[1, 2, 3, 4])
def day(
    request: pytest.FixtureRequest, registry: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("day")
    assert run(registry, out, seed=request.param) == ""
    return out


def test_trace_covers_the_day_with_run_in_and_run_out(day: Path) -> None:
    for device in ("dp0", "dp1", "dh0"):
        times = [float(row["t"]) for row in rows(day / f"{device}.csv")]
        assert times == sorted(times)
        assert (times[0], times[-1]) == (MIDNIGHT - 600, MIDNIGHT + 86400 + 600)
        for channel, points in series(day / f"{device}.csv").items():
            moments = [t for t, _ in points]
            assert len(set(moments)) == len(moments), channel
            if channel != "c1":
                edges = {at(points, MIDNIGHT - 600), at(points, MIDNIGHT + 60)}
                assert len(edges) == 1
                assert at(points, MIDNIGHT + 86400 - 60) == points[-1][1]


def lifts(points: list[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """(when, kg before, kg after) of every time the platform was bare in between."""
    found = []
    for i, (t, kg) in enumerate(points):
        if kg == 0 and 0 < i < len(points) - 1:
            assert 20 <= points[i + 1][0] - t <= 90
            found.append((t, points[i - 1][1], points[i + 1][1]))
    return found


def test_truth_is_what_the_traces_of_bins_show(day: Path, registry: Path) -> None:
    """Collected: from the lifts alone. Deposited: everything else that was added, less
    rain and drainage, which only the events can tell apart."""
    events = rows(day / "truth_events.csv")
    truth = {(r["site"], r["stream"]): r for r in rows(day / "truth.csv")}
    tare = tares(registry)
    for site in ("p0", "p1"):
        trace = series(day / f"d{site}.csv")
        for i, stream in enumerate(STREAMS, 1):
            points = trace[f"w{i}"]
            mine = [e for e in events if e["site"] == site and e["channel"] == f"w{i}"]
            swaps = {float(e["t"]): tare[e["note"]] for e in mine if e["kind"] == "swap"}
            own = tare[f"{site}b{i}"]
            collected = count = removed = 0.0
            for t, before, after in lifts(points):
                new = swaps.get(t, own)
                taken = (before - own) - (after - new)
                removed += before - after
                own = new
                if taken > 1e-6:
                    collected += taken
                    count += 1
            slow = sum(
                float(e["kg"]) for e in mine if e["kind"] in ("rain", "evaporation", "drain")
            )
            deposited = points[-1][1] - points[0][1] + removed - slow
            expected = truth[site, stream]
            assert collected == pytest.approx(float(expected["collected_kg"]), abs=1e-6)
            assert count == int(expected["collections"])
            assert deposited == pytest.approx(float(expected["deposited_kg"]), abs=1e-6)


def test_truth_is_what_the_traces_of_drums_show(day: Path) -> None:
    put_in = taken = 0.0
    trace = series(day / "dh0.csv")
    for channel in ("w1", "w2"):
        points = trace[channel]
        assert all(0 <= kg <= 150 for _, kg in points)
        for (_, a), (_, b) in pairwise(points):
            put_in += max(b - a, 0)
            taken += max(a - b, 0)
    (expected,) = [r for r in rows(day / "truth.csv") if r["site"] == "h0"]
    assert put_in == pytest.approx(float(expected["deposited_kg"]), abs=1e-6)
    assert taken == pytest.approx(float(expected["collected_kg"]), abs=1e-6)
    drums = [e for e in rows(day / "truth_events.csv") if e["site"] == "h0"]
    assert {e["kind"] for e in drums} == {"deposit", "collection"}
    assert all(19 <= float(e["kg"]) <= 140 for e in drums)


def test_single_events_are_steps_of_the_trace(day: Path) -> None:
    """A deposit's mass is the step around its time; a put-back bin weighs the same."""
    for event in rows(day / "truth_events.csv"):
        points = series(day / f"{event['device']}.csv")[event["channel"]]
        t = float(event["t"])
        if event["kind"] == "deposit":
            step = at(points, t + 3.1) - at(points, t - 2)
            assert step == pytest.approx(float(event["kg"]), abs=0.1)  # a slow step may fall in
        elif event["kind"] == "lift_return":
            assert at(points, t) == 0
            assert at(points, t + 91) == pytest.approx(at(points, t - 1), abs=0.1)


def test_every_kind_happens_every_day(day: Path) -> None:
    events = rows(day / "truth_events.csv")
    kinds = {e["kind"] for e in events}
    expected = {"deposit", "collection", "swap", "lift_return", "rain", "evaporation", "drain"}
    assert kinds >= expected
    removals = [e for e in events if e["kind"] in ("collection", "swap")]
    for site in ("p0", "p1"):
        streams = {e["stream"] for e in removals if e["site"] == site}
        assert streams >= {"湿垃圾", "干垃圾"}
    together = [
        (a, b)
        for a in removals
        for b in removals
        if a["device"] == b["device"]
        and a["channel"] < b["channel"]
        and abs(float(a["t"]) - float(b["t"])) < 120
    ]
    assert together, "two bins emptied in one stop"
    assert all(float(e["kg"]) > 0 for e in removals)


def test_amounts_and_hours_are_plausible(day: Path) -> None:
    limits = {"湿垃圾": (39, 106), "干垃圾": (14, 47), "可回收物": (2.5, 16), "有害垃圾": (0.2, 4)}
    for row in rows(day / "truth.csv"):
        if row["stream"] in limits:
            low, high = limits[row["stream"]]
            assert low <= float(row["deposited_kg"]) <= high, row
    seconds = [
        float(e["t"]) - MIDNIGHT
        for e in rows(day / "truth_events.csv")
        if e["kind"] == "deposit" and e["stream"] in limits
    ]
    inside = [s for s in seconds if 25200 <= s < 32400 or 64800 <= s < 72000]
    assert 0.9 <= len(inside) / len(seconds) <= 1
    for device in ("dp0", "dp1"):
        for channel, points in series(day / f"{device}.csv").items():
            if channel[0] == "w":
                assert all(0 <= kg <= 150 for _, kg in points)
            if channel[0] == "f":
                assert all(200 <= mm <= 1060 for _, mm in points)


def test_fill_follows_the_waste(day: Path) -> None:
    """Air over the waste shrinks with deposits, is the floor's distance while the bin
    is away, and almost all of the bin's depth after it was emptied."""
    trace = series(day / "dp0.csv")
    assert trace["f2"][0][1] > 950
    t, before, _ = max(lifts(trace["w2"]), key=lambda x: x[1] - x[2])
    litres = (1000 - at(trace["f2"], t - 1)) / 800 * 240
    assert 0.45 < (before - 12.2) / litres < 0.9  # kg/L of 湿垃圾, with rain on the lid
    assert at(trace["f2"], t) == 1060
    assert at(trace["f2"], t + 91) > 970


def test_same_seed_same_files_other_seed_others(registry: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        run(registry, tmp_path / name, seed=seed)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == ["dh0.csv", "dp0.csv", "dp1.csv", "truth.csv", "truth_events.csv"]
    for name in files:
        first = (tmp_path / "a" / name).read_bytes()
        assert first == (tmp_path / "b" / name).read_bytes()
        assert first != (tmp_path / "c" / name).read_bytes()


def test_a_site_does_not_depend_on_the_others_chosen(registry: Path, tmp_path: Path) -> None:
    run(registry, tmp_path / "all")
    run(registry, tmp_path / "one", "--site", "p1")
    assert (tmp_path / "one/dp1.csv").read_bytes() == (tmp_path / "all/dp1.csv").read_bytes()
    assert not (tmp_path / "one/dp0.csv").exists()
    alone = rows(tmp_path / "one/truth_events.csv")
    assert alone == [r for r in rows(tmp_path / "all/truth_events.csv") if r["site"] == "p1"]


def test_any_registry_works(tmp_path: Path) -> None:
    """Ten points, no spare bins, all-day opening, a fill-only bin, another capacity."""
    registry = write_registry(tmp_path / "r", points=10, stores=3, spares=False)
    sites = (registry / "sites.csv").read_text("utf-8").replace("07:00-09:00;18:00-20:00", "", 1)
    (registry / "sites.csv").write_text(sites, "utf-8")
    bins = (registry / "bins.csv").read_text("utf-8")
    bins = bins.replace("p1b1,p1,dp1,w1,f1", "p1b1,p1,dp1,,f1")
    bins = bins.replace(
        "h1b1,h1,dh1,w1,,危险废物,,0,platform,150", "h1b1,h1,dh1,w1,,危险废物,,0,platform,600"
    )
    (registry / "bins.csv").write_text(bins, "utf-8")
    assert run(registry, tmp_path / "out") == ""
    assert len(list((tmp_path / "out").glob("d*.csv"))) == 13
    events = rows(tmp_path / "out/truth_events.csv")
    assert not [e for e in events if e["kind"] == "swap"]
    fill_only = series(tmp_path / "out/dp1.csv")
    assert "w1" not in fill_only
    assert len(fill_only["f1"]) > 5
    assert not [
        r for r in rows(tmp_path / "out/truth.csv") if (r["site"], r["stream"]) == ("p1", "干垃圾")
    ]
    assert max(kg for _, kg in series(tmp_path / "out/dh1.csv")["w1"]) > 150


def test_days_differ_and_are_shanghai_days(registry: Path, tmp_path: Path) -> None:
    run(registry, tmp_path, date="2026-12-31")
    first = rows(tmp_path / "dp0.csv")[0]
    start = dt.datetime(2026, 12, 31, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert int(first["t"]) == int(start.timestamp()) - 600
    assert {r["date"] for r in rows(tmp_path / "truth.csv")} == {"2026-12-31"}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("sites", "07:00-09:00;18", "7-9;18", "sites.csv:2: windows: expected HH:MM-HH:MM"),
        ("sites", "windows", "hours", "sites.csv:1: expected a column windows"),
        ("bins", ",240,12.1,", ",240,heavy,", "bins.csv:2: tare_kg: expected a number"),
        ("bins", ",240,12.1,", ",0,12.1,", "bins.csv:2: volume_l: expected a number"),
        ("bins", "p0b1,p0,dp0,w1", "p0b1,p0,dp0,w2", "p0b2: expected dp0 w2 once"),
        ("bins", "p0b1,p0,dp0", "p0b1,p0,dp9", "bins.csv:2: device: dp9 is not in devices.csv"),
        ("bins", "p0b1,p0,dp0", "p0b1,p1,dp0", "bins.csv:2: site: expected p0"),
        ("bins", "12.1,wheelie", "12.1,box", "bins.csv:2: container: expected wheelie or"),
        ("devices", "dp0,p0", "dp0,p9", "devices.csv:2: site: p9 is not in sites.csv"),
    ],
)
def test_a_bad_registry_is_one_clear_line(
    tmp_path: Path, file: str, old: str, new: str, expected: str
) -> None:
    registry = write_registry(tmp_path / "r")
    mistake.make(registry, f"{file}.csv", old, new)
    error = run(registry, tmp_path / "out")
    assert error.startswith("trace_day: ")
    assert error.count("\n") == 1
    assert expected in error
    assert not (tmp_path / "out").exists()


def test_bad_arguments_are_one_clear_line(registry: Path, tmp_path: Path) -> None:
    assert "--date: expected YYYY-MM-DD, got tomorrow" in run(registry, tmp_path, date="tomorrow")
    assert "--site: nowhere is not in" in run(registry, tmp_path, "--site", "nowhere")
    assert "sites.csv: No such file" in run(tmp_path / "absent", tmp_path)
    (tmp_path / "file").write_text("in the way")
    assert "file: File exists" in run(registry, tmp_path / "file")
