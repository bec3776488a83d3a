"""The watch over collection points: what it raises, when, and what it must not raise."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sim_board import ROOT
from watched_point import (
    BIN,
    BOARD,
    EVERY_LIMIT,
    HOUR,
    LIMITS,
    MINUTE,
    NOON,
    SITE,
    Point,
    at,
    quiet,
    well,
)

from host import registry
from host.alarms import alarm_log, rules
from host.alarms.opening_hours import closed_since, is_open
from host.mqtt.board_state import Board
from host.points.board_watch import lowest
from host.points.scene import Expected
from host.points.site_days import Scatter, SiteDays, scatter_of
from host.registry import DISTRICT, Device, Registry, RegistryError, Site


def test_a_board_that_is_silent_is_told_within_two_report_intervals() -> None:
    point = Point()
    last = quiet(point, NOON, 30)
    assert point.look(last + 470) == []
    assert point.look(last + 480) == [("raised", "offline", BOARD)]
    assert point.look(last + 900) == []
    point.reading(last + 1000, well())
    assert point.look(last + 1003) == [("cleared", "offline", BOARD)]


def test_a_board_that_reports_once_an_hour_is_not_silent_before_that() -> None:
    point = Point()
    point.watch.boards[BOARD].every_s = HOUR
    point.reading(NOON, well())
    assert point.look(NOON + 95 * MINUTE) == []
    assert point.look(NOON + 96 * MINUTE) == [("raised", "offline", BOARD)]


def test_a_lorawan_sensor_may_lose_two_frames_in_a_row() -> None:
    point = Point()
    point.watch.boards[BOARD].every_s = HOUR
    point.reading(NOON, {**well(), "r1": -109})
    assert point.look(NOON + 3 * HOUR + 10 * MINUTE) == []
    assert point.look(NOON + 3 * HOUR + 31 * MINUTE) == [("raised", "offline", BOARD)]
    point.reading(NOON + 4 * HOUR, {**well(), "r1": -109})
    assert point.look(NOON + 4 * HOUR + 3) == [("cleared", "offline", BOARD)]


def test_a_bin_that_will_be_full_before_it_is_collected() -> None:
    """By the last forecast: two hours early, or not; an old one tells nothing."""
    point = Point()
    last = quiet(point, NOON, 10)
    collected = NOON + 22 * HOUR

    def expected(full: int | None, made: int = NOON) -> None:
        point.watch.forecasts = {BIN: Expected(made, full, collected)}

    expected(collected - 2 * HOUR + 60)
    assert point.look(last + 60) == []
    expected(collected - 2 * HOUR)
    assert point.look(last + 70) == [("raised", "filling-2h", BIN)]
    expected(None)  # not within three days
    assert point.look(last + 80) == [("cleared", "filling-2h", BIN)]
    expected(collected - 5 * HOUR, made=NOON - 27 * HOUR)
    assert point.look(last + 90) == []


def test_a_bin_is_full_after_three_minutes_and_no_echo_changes_nothing() -> None:
    point = Point()
    last = quiet(point, NOON, 10)
    point.reading(last + 60, {**well(), "f1": 0.97})
    assert point.look(last + 120) == []
    point.reading(last + 180, {**well(), "f1": 0.97}, {"f1": "no_echo"})
    assert point.look(last + 239) == []
    point.reading(last + 240, {**well(), "f1": 0.96})
    assert point.look(last + 245) == [("raised", "full-95", BIN)]
    point.reading(last + 300, {**well(), "f1": 0.88})
    assert point.look(last + 301) == []  # hysteresis
    point.reading(last + 360, {**well(), "f1": 0.05})
    assert point.look(last + 361) == [("cleared", "full-95", BIN)]


def test_a_bin_that_is_away_is_not_dense_for_what_it_weighed_before() -> None:
    """30 kg over half of it are no rubble; the sensor sees none of that once the bin is lifted."""
    point = Point()
    point.reading(NOON, well() | {"w1": 45.0, "f1": 0.6})
    assert point.look(NOON + 3) == []
    point.reading(NOON + MINUTE, well() | {"w1": 0.0, "f1": 0.0})
    assert point.look(NOON + MINUTE + 3) == []
    point.reading(NOON + 5 * MINUTE, well() | {"w1": 12.5, "f1": 0.0})
    assert point.look(NOON + 5 * MINUTE + 3) == []


def test_what_was_put_in_during_a_fault_is_not_told_as_beside_the_hours() -> None:
    """The scale fails before the evening's hours and is well again after them."""
    point, evening = Point(), at("2026-03-03T17:30")
    point.reading(evening, well())
    bad = well()
    del bad["w1"]
    for t in range(evening + 5 * MINUTE, evening + 3 * HOUR, 5 * MINUTE):
        point.reading(t, bad, {"w1": "not_ready"})
        point.look(t)
    point.reading(evening + 3 * HOUR, well() | {"w1": 50.0})
    assert ("raised", "outside-5kg", BIN) not in point.look(evening + 3 * HOUR)
    point.reading(evening + 3 * HOUR + 5 * MINUTE, well() | {"w1": 60.0})
    assert ("raised", "outside-5kg", BIN) in point.look(evening + 3 * HOUR + 5 * MINUTE)


def test_after_a_gap_nobody_knows_how_long_a_bin_was_full() -> None:
    point = Point()
    point.reading(NOON, {**well(), "f1": 0.97})
    point.reading(NOON + HOUR, {**well(), "f1": 0.97})
    assert ("raised", "full-95", BIN) not in point.look(NOON + HOUR + 5)
    point.reading(NOON + HOUR + 300, {**well(), "f1": 0.97})
    assert ("raised", "full-95", BIN) in point.look(NOON + HOUR + 300)


@pytest.mark.parametrize(("channel", "what"), [("w1", "秤"), ("f1", "满溢传感器")])
def test_a_sensor_that_fails_is_told_after_a_quarter_of_an_hour(channel: str, what: str) -> None:
    point = Point()
    last = quiet(point, NOON, 10)
    for minute in range(5, 21, 5):
        point.reading(last + minute * MINUTE, well(), {channel: "not_ready"})
        told = point.look(last + minute * MINUTE + 1)
        assert told == ([("raised", "sensor-fault", BIN)] if minute == 20 else [])
    (text,) = (
        f.text
        for _, findings in point.watch.findings(last + 20 * MINUTE)
        for f in findings
        if f.rule.rule == "sensor-fault" and f.subject == BIN
    )
    assert text == f"{what}没有有效读数：not_ready"


def test_a_bin_that_does_not_come_back() -> None:
    point = Point()
    last = quiet(point, NOON, 10)
    for minute in range(5, 126, 5):
        point.reading(last + minute * MINUTE, {**well(), "w1": 0.02})
        told = point.look(last + minute * MINUTE + 1)
        assert told == ([("raised", "away-2h", BIN)] if minute == 125 else [])
    point.reading(last + 130 * MINUTE, well())
    assert point.look(last + 130 * MINUTE + 1) == [("cleared", "away-2h", BIN)]


def test_put_in_beside_the_hours_is_told_and_rain_is_not() -> None:
    point = Point()
    before = at("2026-03-03T08:55")
    point.reading(before, well())
    for n in range(40):  # 1.2 kg of rain in 200 minutes
        t = before + (n + 2) * 5 * MINUTE
        point.reading(t, {**well(), "w1": 20.0 + 0.03 * n})
        assert point.look(t) == []
    point.reading(t + 300, {**well(), "w1": 27.0})
    assert point.look(t + 300) == [("raised", "outside-5kg", BIN)]
    evening = at("2026-03-03T18:00")
    point.reading(evening, {**well(), "w1": 27.0})
    assert ("cleared", "outside-5kg", BIN) in point.look(evening)


def test_what_came_in_while_a_board_was_silent_may_have_come_in_time() -> None:
    """Silent from noon until after the evening's hours: nobody knows when the 9 kg came."""
    point = Point()
    last = quiet(point, NOON, 30)
    back = at("2026-03-03T20:20")
    assert back - last > HOUR
    for minute in (0, 5, 10):
        point.reading(back + minute * MINUTE, {**well(), "w1": 29.0})
        assert [x for x in point.look(back + minute * MINUTE) if x[1] != "offline"] == []
    point.reading(back + 900, {**well(), "w1": 35.5})
    assert point.look(back + 900) == [("raised", "outside-5kg", BIN)]


def test_what_is_taken_away_beside_the_hours_is_no_deposit() -> None:
    """An emptying at ten and the bin put back: what comes after is held to the empty bin."""
    point = Point()
    for minute, kg in ((0, 40.0), (10, 40.0), (65, 0.0), (70, 12.4), (75, 12.4), (80, 18.0)):
        t = at("2026-03-03T08:58") + minute * MINUTE
        point.reading(t, {**well(), "w1": kg})
        told = [x for x in point.look(t) if x[1] != "offline"]
        assert told == ([("raised", "outside-5kg", BIN)] if minute == 80 else [])


def test_a_fire_is_told_and_the_sun_is_not() -> None:
    point = Point()
    for n in range(12):  # 5 °C in half an hour
        point.reading(NOON + n * 300, {**well(), "c1": 20 + min(5, n)})
        assert point.look(NOON + n * 300) == []
    point.reading(t := NOON + 12 * 300, {**well(), "c1": 36.0})
    assert point.look(t) == [("raised", "rise-10", f"{BOARD}/c1")]


def test_rubble_in_a_bin_of_residual_waste_and_too_much_on_a_platform() -> None:
    point = Point()
    opens = at("2026-03-03T08:00")
    point.reading(opens, {**well(), "w1": 75.0, "f1": 0.35})
    assert point.look(opens) == [("raised", "dense-dry", BIN)]
    point.reading(opens + 60, {**well(), "w2": 151.0, "f2": 0.9, "w1": 75.0, "f1": 0.35})
    assert point.look(opens + 60) == [("raised", "load-100", "fs-01-2")]  # food waste is heavy


def test_what_a_board_says_of_itself() -> None:
    point = Point()
    point.reading(NOON, well())
    board = Board(SITE, BOARD, status="safe", state={"queue": 700, "clock": "unset"})
    point.watch.hear([board], NOON)
    assert point.look(NOON) == [("raised", "queue-500", BOARD)]
    point.reading(NOON + 300, well())
    point.watch.hear([board], NOON + 300)
    assert point.look(NOON + 300) == [("raised", "safe-mode", BOARD)]
    for minute in range(10, 31, 5):
        point.reading(NOON + minute * MINUTE, well())
    assert point.look(NOON + 1800) == [("raised", "clock-unset", BOARD)]
    point.watch.hear(
        [Board(SITE, BOARD, status="online", state={"queue": 3, "clock": "ntp"})], NOON
    )
    cleared = [("cleared", x, BOARD) for x in ("clock-unset", "queue-500", "safe-mode")]
    assert point.look(NOON + 1801) == cleared


def says(point: Point, status: str, at: int) -> None:
    point.watch.hear([Board(SITE, BOARD, status=status)], at)


def test_a_board_that_updates_is_neither_offline_nor_in_safe_mode() -> None:
    """It samples nothing for 50 min, restarts in between, and comes back."""
    point = Point()
    point.reading(NOON, well())
    for minute in range(1, 51):
        # A restart is just under way when the watch looks.
        status = "offline" if minute in (20, 21, 40) else "updating"
        says(point, status, NOON + minute * MINUTE)
        assert point.look(NOON + minute * MINUTE) == []
    says(point, "online", NOON + 51 * MINUTE)
    assert point.look(NOON + 51 * MINUTE) == []  # its first reading is on its way
    point.reading(NOON + 52 * MINUTE, well())
    assert point.look(NOON + 52 * MINUTE) == []


def test_an_update_that_lasts_is_told() -> None:
    point = Point()
    point.reading(NOON, well())
    told = []
    for minute in range(1, 75):
        says(point, "updating", NOON + minute * MINUTE)
        told += [(minute, *change) for change in point.look(NOON + minute * MINUTE)]
    assert told == [(62, "raised", "offline", BOARD), (66, "raised", "safe-mode", BOARD)]


def test_a_board_that_is_gone_after_an_update_is_offline() -> None:
    point = Point()
    point.reading(NOON, well())
    told = []
    for minute in range(1, 30):
        says(point, "updating" if minute < 12 else "offline", NOON + minute * MINUTE)
        told += [(minute, *change) for change in point.look(NOON + minute * MINUTE)]
    assert told == [(17, "raised", "offline", BOARD)]


def test_boards_of_a_wave_that_update_are_no_outage() -> None:
    names = [f"b{n}" for n in range(40)]
    sites = {f"s{n}": Site(f"s{n}", "x", "九亭镇", "collection", ()) for n in range(40)}
    known = Registry(("九亭镇",), sites, {b: Device(b, f"s{b[1:]}") for b in names}, ())
    point = Point(known)
    for board in point.watch.boards.values():
        board.take([(NOON, {"d1": 0}, {})])
    at = NOON + 900
    point.watch.hear([Board(f"s{n}", f"b{n}", status="updating") for n in range(40)], at)
    assert point.look(at) == []


def test_a_broker_that_falls_is_one_alarm() -> None:
    names = [f"b{n}" for n in range(40)]
    sites = {f"s{n}": Site(f"s{n}", "x", "九亭镇", "collection", ()) for n in range(40)}
    known = Registry(("九亭镇",), sites, {b: Device(b, f"s{b[1:]}") for b in names}, ())
    point = Point(known)
    for n, board in enumerate(point.watch.boards.values()):
        board.take([(NOON + 7 * n, {"d1": 0}, {})])
    assert point.look(NOON + 300) == []
    told = [change for s in range(330, 3600, 30) for change in point.look(NOON + s)]
    assert told == [("raised", "outage", "")]
    for board in point.watch.boards.values():
        board.take([(NOON + 3600, {"d1": 0}, {})])
    point.watch.boards["b3"].last = NOON  # one board stays away
    assert point.look(NOON + 3605) == [("cleared", "outage", ""), ("raised", "offline", "b3")]
    assert DISTRICT in {f.site for _, found in point.watch.findings(NOON + 3605) for f in found}


def test_not_emptied_for_two_whole_days_that_are_booked() -> None:
    point = Point()
    wet, day = "fs-01-2", dt.date(2026, 3, 1)
    for booked, told in ((2, []), (3, [("raised", "uncollected-wet", wet)])):
        point.watch.days = {SITE: SiteDays({wet: day}, dt.date(2026, 3, booked))}
        point.reading(t := NOON + booked, well())
        assert point.look(t) == told
    point.reading(NOON + 9, {**well(), "w2": 13.2})  # empty: nothing to fetch
    assert point.look(NOON + 9) == [("cleared", "uncollected-wet", wet)]


def test_a_day_unlike_the_others() -> None:
    usual = [40_000 + 2_000 * (n % 5) for n in range(20)]
    date = dt.date(2026, 3, 2)
    assert scatter_of(date, 43_000, usual[:13]) is None  # too few days
    assert scatter_of(date, 46_000, usual).times < 1  # type: ignore[union-attr]
    assert scatter_of(date, 0, usual).times > 5.5  # type: ignore[union-attr]
    assert scatter_of(date, 0, [*usual, 0]).times > 5.5  # type: ignore[union-attr]
    point = Point()
    point.watch.days = {SITE: SiteDays({}, None, {"湿垃圾": Scatter(date, 0, 44_000, 8.3)})}
    point.reading(NOON, well())
    assert point.look(NOON) == [("raised", "unlike-day", "湿垃圾")]


def test_a_rule_for_one_town_one_site_one_stream() -> None:
    made = {r.rule: r for r in LIMITS}["full-95"]
    for scope, is_told in (
        ((("town", ("九亭镇",)),), False),
        ((("town", ("方松街道",)), ("stream", ("干垃圾",))), True),
        ((("stream", ("湿垃圾",)),), False),
        ((("site", (SITE,)),), True),
        ((("store", ("hw-01-a",)),), False),  # only a store of hazardous waste has one
    ):
        point = Point(limits=[replace(made, scope=scope)])
        for t in (NOON, NOON + 11 * MINUTE):
            point.reading(t, {**well(), "f1": 0.97})
        assert (point.look(t) == [("raised", "full-95", BIN)]) is is_told, scope


def test_the_lowest_of_a_stretch() -> None:
    series = [(0, 5), (10, 9), (20, 7)]
    assert [lowest(series, t) for t in (-1, 0, 9, 10, 15, 20, 99)] == [None, 5, 5, 7, 7, 7, 7]


def test_hours_that_go_over_midnight() -> None:
    site = Site("s", "x", "t", "collection", ("22:00-02:00",))
    assert [is_open(site, at(f"2026-03-03T{h}")) for h in ("01:59", "02:00", "21:59", "22:00")] == [
        *(True, False, False, True)
    ]
    assert closed_since(site, at("2026-03-03T12:00")) == at("2026-03-03T02:00")


def test_district_is_no_name_of_a_site(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", folder)
    path = folder / "sites.csv"
    path.write_text(path.read_text().replace("fs-01,", "district,", 1))
    with pytest.raises(RegistryError, match=r"sites.csv:2: site: expected another name than"):
        registry.load(folder)


def test_rules_that_points_cannot_meet(tmp_path: Path) -> None:
    path = tmp_path / "rules.csv"
    head = "rule,kind,scope,threshold,unit,clear,level,from,to,source,note,read,action\n"
    path.write_text(f"{head}x,full,minutes=soon,95,%,,提示,2020-01-01,,自定,自定,,\n")
    with pytest.raises(RegistryError, match=r"rules.csv:2: scope: expected minutes=one number"):
        rules.load(tmp_path, {})
    path.write_text(f"{head}x,full,,95,kg,,提示,2020-01-01,,自定,自定,,\n")
    with pytest.raises(RegistryError, match=r"rules.csv:2: unit: expected one of %"):
        rules.load(tmp_path, {})


def test_an_alarm_of_a_place_that_is_gone_is_over(tmp_path: Path) -> None:
    from host.store import Store  # noqa: PLC0415

    with_store = Store(tmp_path / "a.db", create=True)
    rule = {r.rule: r for r in LIMITS}["offline"]
    found = alarm_log.Finding(rule, "gone", "", "b", 3.0, "x")
    assert len(alarm_log.record(with_store, [("gone/", [found])], NOON)) == 1
    assert alarm_log.record(with_store, [], NOON + 1) == []
    (over,) = alarm_log.record(with_store, [], NOON + 2, places={"other/"})
    assert (over.what, over.body.site, over.body.text) == ("cleared", "gone", "已不适用")
    with_store.close()


def test_a_board_that_was_never_heard_is_told_until_it_is() -> None:
    point = Point(limits=EVERY_LIMIT)
    assert point.look(NOON) == [("raised", "unheard", BOARD), ("raised", "unheard", "qy-jt01")]
    assert point.look(NOON + HOUR) == []
    point.reading(NOON + HOUR + 1, well())
    assert point.look(NOON + HOUR + 3) == [("cleared", "unheard", BOARD)]


def test_a_battery_is_told_before_it_is_empty() -> None:
    point = Point()
    last = NOON
    for charge, changes in (
        (60, []),
        (20, [("raised", "battery-80", BOARD)]),
        (24, []),  # a cell that recovers a little in the sun
        (100, [("cleared", "battery-80", BOARD)]),
    ):
        last += 5 * MINUTE
        point.reading(last, well() | {"b1": charge})
        assert point.look(last + 3) == changes
