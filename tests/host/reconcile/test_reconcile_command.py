"""What trucks weighed, imported, beside points and tickets: by the command line."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest
from hauls import Board, Haul
from host_job import qingyun
from sim_board import ROOT

from host.common.local_days import clock
from host.reconcile import kept
from host.rollup import day_bounds
from host.store import Store

DAYS = [dt.date(2026, 3, n) for n in range(2, 5)]
WET_KG, DRY_KG = 41.0, 27.0
BY = ("--by", "李")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three days at two sites: 湿垃圾 and 干垃圾 are emptied at 10:00."""
    shutil.copytree(ROOT / "registry", tmp_path / "registry")
    store = Store(tmp_path / "q.db", create=True)
    for device, site, tares in (
        ("qy-fs01", "fs-01", (12_400, 13_100)),
        ("qy-jt01", "jt-01", (11_900, 12_700)),
    ):
        board = Board(device, site)
        for date in DAYS:
            dry = Haul("w1", tares[0], round(DRY_KG * 1000))
            board.day(date, [dry, Haul("w2", tares[1], round(WET_KG * 1000))])
        board.store(store)
    store.close()
    return tmp_path


def at(date: dt.date, seconds: int) -> str:
    return clock(day_bounds(date)[0] + seconds)


def lifts(folder: Path, name: str = "lifts.csv", **change: str) -> Path:
    """A truck lifts both wet bins a minute later each day, by a clock that is 3 min ahead."""
    rows = [
        f"沪A12345,{at(date, 10 * 3600 + 180 + n)},{WET_KG + 0.5},kg,{site},湿垃圾"
        for date in DAYS
        for n, site in ((20, "fs-01"), (25, "jt-01"))
    ]
    text = "车牌号,称重时间,净重,单位,点位,品类\n" + "\n".join(rows) + "\n"
    for old, new in change.items():
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text)
    return path


def run(folder: Path, *args: str | Path, code: int = 0) -> str:
    place = ("--db", folder / "q.db")
    needs = args[0] == "trace" or args[1] in {"show", "matches", "import", "pin", "cut", "keep"}
    known = ("--registry", folder / "registry") if needs else ()
    done = qingyun(*args, *place, *known)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def imported(folder: Path, file: Path, kind: str = "lifts", code: int = 0) -> str:
    return run(folder, "transfers", "import", "--kind", kind, *BY, file, code=code)


def test_a_month_of_three_witnesses(folder: Path) -> None:
    assert "6 imported" in imported(folder, lifts(folder))
    rows = [
        f"B{n},湿垃圾厂,{at(date, 11 * 3600)},湿垃圾,9082,9000,82,kg,沪a·12345"
        for n, date in enumerate(DAYS)
    ]
    head = "磅单号,处置设施,进厂时间,品类,毛重,皮重,净重,单位,车牌号\n"
    tickets = folder / "tickets.csv"
    tickets.write_text(head + "\n".join(rows) + "\n")
    imported(folder, tickets, "ticket")
    out = run(folder, "reconcile", "show", "--month", "2026-03")
    assert "12 emptyings, 6 lifts, 3 tickets; 6 matches, 0 things that do not close" in out
    for grams in ("0.246", "0.249", "0.246"):  # 点位实测, 车载称重, 进厂计量 of 湿垃圾
        assert grams in out
    html = folder / "march.html"
    run(folder, "reconcile", "show", "--month", "2026-03", "--out", html)
    text = html.read_text()
    sheets = "三方合计 按街镇 按路线 按日 方松街道 沪A12345 管理数据，非贸易结算用"
    for sheet in sheets.split():
        assert sheet in text
    assert "方松街道 → 湿垃圾 0.1 t" in text and "湿垃圾 → 湿垃圾厂 0.2 t" in text
    run(folder, "reconcile", "show", "--month", "2026-03", "--out", folder / "march.xlsx")
    assert (folder / "march.xlsx").stat().st_size > 5_000


def test_a_lift_is_traced_to_its_file_its_readings_and_its_ticket(folder: Path) -> None:
    imported(folder, lifts(folder))
    t = at(DAYS[0], 11 * 3600)
    tickets = folder / "tickets.csv"
    head = "磅单号,处置设施,进厂时间,品类,毛重,皮重,净重,单位,车牌号\n"
    tickets.write_text(head + f"B0,湿垃圾厂,{t},湿垃圾,9082,9000,82,kg,沪a·12345\n")
    imported(folder, tickets, "ticket")
    lift = run(folder, "trace", "lift:L1-2")
    for said in (
        "lift L1-2 沪A12345: 41.500 kg",
        "import 1: lifts.csv:2, SHA-256",
        "emptied 41.000 kg at fs-01-2",
        "before: reading qy-fs01 life aaaaaaaa seq",
        "湿垃圾厂: 82.000 kg; lifted 83.000 kg in 2 lifts",
        f"qingyun trace daily:{DAYS[0]}/fs-01/湿垃圾",
    ):
        assert said in lift
    day = run(folder, "trace", f"daily:{DAYS[0]}/fs-01/湿垃圾")
    assert "沪A12345 lifted 41.500 kg" in day and "qingyun trace lift:L1-2" in day
    route = run(folder, "trace", f"route:{DAYS[0]}/沪a 12345")
    ticket = run(folder, "trace", "ticket:湿垃圾厂/B0")
    for text in (route, ticket):
        assert "L1-2" in text and "L1-3" in text and "L1-4" not in text and "82.000 kg" in text
    assert "收运后无磅单" in run(folder, "trace", f"route:{DAYS[1]}/沪A12345")
    for wrong, said in (
        ("lift:L1-99", "lift: expected one that `reconcile matches` names, found 'L1-99'"),
        (
            "route:2026-03-02/沪Z",
            "expected a truck with lifts or tickets on 2026-03-02, found '沪Z'",
        ),
        ("route:x/沪A12345", "route: expected YYYY-MM-DD, found 'x'"),
        ("route:0001-01-01/沪A12345", "route: expected YYYY-MM-DD, found '0001-01-01'"),
    ):
        assert said in run(folder, "trace", wrong, code=2)


def test_months_are_kept_for_the_page(folder: Path) -> None:
    imported(folder, lifts(folder))
    (folder / "registry" / "trucks.csv").write_text("truck,contractor\n沪A12345,清运\n", "utf-8")
    said = run(folder, "reconcile", "keep", "--month", "2026-03", code=2)
    assert "trucks.csv:2: contractor: expected a contractor of sites.csv" in said
    (folder / "registry" / "trucks.csv").unlink()
    said = run(folder, "reconcile", "keep", "--month", "2026-03")
    assert "2026-03 kept for /reconcile" in said and "12 emptyings, 6 lifts, 0 tickets" in said
    assert run(folder, "reconcile", "keep").count("kept for /reconcile") == 2
    said = run(folder, "reconcile", "keep", "--month", "2099-12", code=2)
    assert "--month: expected one that has begun, found '2099-12'" in said
    store = Store(folder / "q.db")
    whole, town = (kept.of_scope(store, "2026-03", s) for s in ("district", "town:方松街道"))
    nobody = kept.of_scope(store, "2026-03", "town:永丰街道")
    store.close()
    assert whole and town and nobody
    assert (whole.of.counts, town.of.counts) == ((12, 6, 0, 6), (6, 3, 0, 3))
    assert nobody.of.counts == (0, 0, 0, 0) and not nobody.of.items and not nobody.of.routes
    assert {x.site for x in town.of.items} <= {"fs-01", ""}
    assert sum(g for *_, g in town.of.first) == 3 * 41_500


def test_what_concerns_one_truck(folder: Path) -> None:
    """As for a contractor: its own lifts, emptyings and findings, whoever else was there."""
    imported(folder, lifts(folder))
    imported(
        folder, lifts(folder, "b.csv", **{"沪A12345": "沪B99999", "湿垃圾": "干垃圾", "41.5": "27"})
    )
    month = ("reconcile", "show", "--month", "2026-03")
    assert "12 emptyings, 12 lifts" in run(folder, *month)
    out = folder / "b.html"
    said = run(folder, *month, "--truck", "沪b 99999", "--out", out)
    assert "6 emptyings, 6 lifts" in said
    assert "沪A12345" not in out.read_text() and "0.162" in out.read_text()
    said = run(folder, *month, "--truck", "沪C1", code=2)
    assert "--truck: expected" in said and "沪A12345" in said


def test_the_witnesses_are_never_added(folder: Path) -> None:
    """No column of a comparison is added up over witnesses, and none has a total."""
    imported(folder, lifts(folder))
    from host.hazard import register  # noqa: PLC0415
    from host.reconcile import evidence, tables  # noqa: PLC0415

    store = Store(folder / "q.db")
    t0, t1 = day_bounds(DAYS[0])[0], day_bounds(DAYS[-1])[1]
    found = evidence.read(store, register.load(folder / "registry"), t0, t1)
    made = tables.tables(found, evidence.reconciled(store, found), t0, t1, "2026-03")
    store.close()
    assert not any(c.total for t in made for c in t.columns)
    wet, dry = (next(r for r in made[0].rows if r[0] == s) for s in ("湿垃圾", "干垃圾"))
    assert [float(str(wet[i])) for i in (1, 3)] == [0.246, 0.249] and wet[5] is None
    assert float(str(dry[1])) == 0.162 and dry[3] is dry[5] is None
    assert all("从不相加" in t.notes[0] for t in made[:4])


def test_a_person_decides_which_is_which(folder: Path) -> None:
    imported(folder, lifts(folder))
    csv = folder / "m.csv"
    run(folder, "reconcile", "matches", "--month", "2026-03", "--truck", "沪A12345", "--csv", csv)
    head, first, *_ = csv.read_text("utf-8-sig").splitlines()
    assert head.startswith("lift,time,truck")
    name, emptying = first.split(",")[0], first.split(",")[-1]
    assert emptying.startswith("qy-fs01/w2/")
    why = (*BY, "--reason", "另一次", "--lift", name)
    run(folder, "reconcile", "cut", *why, "--collection", emptying)
    out = run(folder, "reconcile", "matches", "--month", "2026-03")
    assert out.count("no platform saw it") == 1
    run(folder, "reconcile", "pin", *why, "--collection", emptying)
    assert "no platform" not in run(folder, "reconcile", "matches", "--month", "2026-03")
    for wrong, said in (
        (("--reason", " ", "--lift", name), "expected --by and --reason"),
        (("--reason", "x", "--lift", "L1-99"), "--lift: expected one that `matches` names"),
        (("--reason", "x", "--lift", name, "--collection", "a/b"), "--collection: expected an"),
    ):
        assert said in run(folder, "reconcile", "pin", *BY, *wrong, code=2)
    # An emptying has one place.
    imported(folder, lifts(folder, "b.csv", **{"沪A12345": "沪B99999"}))
    run(folder, "reconcile", "matches", "--month", "2026-03", "--truck", "沪B99999", "--csv", csv)
    other = csv.read_text("utf-8-sig").splitlines()[1].split(",")[0]
    taken = (*BY, "--reason", "x", "--lift", other, "--collection", emptying)
    out = run(folder, "reconcile", "pin", *taken, code=2)
    assert f"not pinned to {name}" in out
    run(folder, "reconcile", "pin", *why)
    run(folder, "reconcile", "pin", *taken)
    out = run(folder, "reconcile", "cut", *BY, "--reason", "x", "--lift", name, code=2)
    assert "at least one to cut off" in out


def test_each_weighing_once_and_a_file_taken_back(folder: Path) -> None:
    file = lifts(folder)
    imported(folder, file)
    assert "6 were there already" in imported(folder, file)
    other = lifts(folder, "other.csv", **{"41.5": "44.5"})
    said = imported(folder, other, code=2)
    assert "not there with other values" in said and "nothing was imported" in said
    assert "lifts" in run(folder, "transfers", "imports")
    run(folder, "transfers", "take-back", "--id", "1", *BY, "--reason", "wrong truck")
    assert "0 lifts" in run(folder, "reconcile", "show", "--month", "2026-03")
    assert "6 imported" in imported(folder, other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fs-01": "xx-99"}, "点位: expected a site of sites.csv"),
        ({"湿垃圾": "湿"}, "品类: expected one of"),
        ({"41.5,kg": "4100,kg"}, "净重: expected at most 3000 kg"),
        ({"2026-03-02": "2093-03-02"}, "称重时间: expected a time that is over"),
        ({"点位": "桶"}, "桶: expected a bin of bins.csv"),
    ],
)
def test_a_wrong_row_is_one_line_and_nothing_is_imported(
    folder: Path, change: dict[str, str], said: str
) -> None:
    out = imported(folder, lifts(folder, **change), code=2)
    assert said in out and "nothing was imported" in out
    assert "nothing was imported" in run(folder, "transfers", "imports")


def test_a_place_by_its_position(folder: Path) -> None:
    """Within 80 m of a site it is there; elsewhere the row is kept and told."""
    sites = folder / "registry" / "sites.csv"
    lines = sites.read_text().splitlines()
    places = {"site": ",longitude,latitude", "fs-01": ",121.2300,31.0300"}
    sites.write_text("\n".join(x + places.get(x.split(",")[0], ",,") for x in lines) + "\n")
    change = {"点位": "经度,纬度", "kg,fs-01": "kg,121.2305,31.0303", "kg,jt-01": "kg,121.24,31.03"}
    out = imported(folder, lifts(folder, **change))
    assert "3 rows name no site, and none is near them" in out and "6 imported" in out
    shown = run(folder, "reconcile", "matches", "--month", "2026-03")
    assert shown.count("fs-01") >= 3 and shown.count("no platform saw it") == 3


def test_what_is_told_of_a_month_is_of_that_month(folder: Path) -> None:
    """The day beside it is read, and in none of its numbers."""
    first = clock(day_bounds(dt.date(2026, 3, 1))[0] + 600)
    late = clock(day_bounds(dt.date(2026, 2, 28))[1] - 600)
    row = "沪A12345,{},41.5,kg,fs-01,湿垃圾\n"
    file = folder / "edge.csv"
    file.write_text("车牌号,称重时间,净重,单位,点位,品类\n" + row.format(first) + row.format(late))
    imported(folder, file)
    tickets = folder / "tickets.csv"
    head = "磅单号,处置设施,进厂时间,品类,毛重,皮重,净重,单位\n"
    tickets.write_text(head + f"B1,湿垃圾厂,{first},湿垃圾,9082,9000,82,kg\n")
    imported(folder, tickets, "ticket")
    february = run(folder, "reconcile", "show", "--month", "2026-02")
    assert "0 emptyings, 1 lifts, 0 tickets; 0 matches" in february
    assert "name no truck" not in february
    march = run(folder, "reconcile", "show", "--month", "2026-03")
    assert "12 emptyings, 1 lifts, 0 tickets" in march and "1 tickets, 82.000 kg, name no" in march


def test_a_district_without_hazardous_waste(folder: Path) -> None:
    """Its registry has sites, bins and boards alone."""
    points = folder / "registry"
    for path in points.iterdir():
        if path.name not in ("sites.csv", "bins.csv", "devices.csv", "towns.csv"):
            path.unlink()
    for name in ("sites.csv", "bins.csv", "devices.csv"):
        rows = (points / name).read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(r for r in rows if "hw-01" not in r and "hw01" not in r)
        (points / name).write_text(text, encoding="utf-8")
    db = ("--db", folder / "q.db", "--registry", points)
    brought = qingyun("transfers", "import", "--kind", "lifts", lifts(folder), *BY, *db)
    assert brought.returncode == 0, brought.stderr
    shown = qingyun("reconcile", "show", "--month", "2026-03", *db)
    assert shown.returncode == 0 and "湿垃圾" in shown.stdout, shown.stderr
    judged = qingyun("standing", "fs-01", "--month", "2026-03", *db)
    assert judged.returncode in (0, 1) and "fs-01-2" in judged.stdout, judged.stderr
    traced = qingyun("trace", f"route:{DAYS[0]}/沪A12345", *db)
    assert traced.returncode == 0 and "no ticket" in traced.stdout, traced.stderr
