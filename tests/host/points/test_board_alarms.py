"""What is told of boards beside their readings – flash, certificates, data of the month – and of
bins that are lifted outside the hours."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from drums import DrumBoard
from watched_point import (
    BIN,
    BOARD,
    EVERY_LIMIT,
    HOUR,
    KNOWN,
    LIMITS,
    MINUTE,
    NOON,
    SITE,
    Point,
    at,
    quiet,
    well,
)

from host.alarms import alarm_log, rules
from host.mqtt.board_state import Board
from host.points import certificates, first_days
from host.points.data_budget import Metered
from host.points.flash_wear import BLOCKS, CYCLES, worn
from host.points.update import Watch
from host.registry import DISTRICT, RegistryError
from host.store import Store, lives
from host.store.lives import Handed

DAY = 86_400
RAISED, CLEARED = "raised", "cleared"
HEAD = "rule,kind,scope,threshold,unit,clear,level,from,to,source,note,read,action\n"


# Lifted


def _lift(point: Point, t: int, grams_back: float) -> list[tuple[str, str, str]]:
    """The bin of 20 kg is off its platform for five minutes; what changes when it is back."""
    point.reading(t, well())
    point.reading(t + MINUTE, well() | {"w1": 0.0})
    assert point.look(t + 2 * MINUTE) == []
    point.reading(t + 5 * MINUTE, well() | {"w1": grams_back})
    return point.look(t + 5 * MINUTE)


def test_a_bin_that_is_emptied_at_night_is_told_and_one_that_is_put_back_is_not() -> None:
    night = at("2026-03-03T01:30")
    raised = [(RAISED, "lifted-night", BIN)]
    assert _lift(Point(), night, 13.0) == raised
    assert _lift(Point(), night, 20.0) == []
    assert _lift(Point(), night, 16.0) == []  # 4 kg less: below the limit
    assert _lift(Point(), at("2026-03-03T10:00"), 13.0) == []


def test_a_lift_is_told_until_one_within_the_hours_or_for_half_a_day() -> None:
    point, night = Point(), at("2026-03-03T01:30")
    _lift(point, night, 13.0)
    for t in range(night + 10 * MINUTE, night + 4 * HOUR, 5 * MINUTE):
        point.reading(t, well() | {"w1": 13.0})
        assert point.look(t) == []
    assert _lift(point, at("2026-03-03T06:00"), 12.6) == [(CLEARED, "lifted-night", BIN)]
    point = Point()
    _lift(point, night, 13.0)
    for t in range(night + 10 * MINUTE, night + 13 * HOUR, 5 * MINUTE):
        point.reading(t, well() | {"w1": 13.0})
        if changes := point.look(t):
            assert changes == [(CLEARED, "lifted-night", BIN)]
            assert 12 * HOUR <= t - night <= 12 * HOUR + 10 * MINUTE
            break
    else:
        pytest.fail("told for ever")


def test_hours_of_collection_are_those_of_the_rule_or_of_the_site() -> None:
    (night,) = (r for r in LIMITS if r.kind == "lifted")
    at_site = replace(night, scope=())
    assert KNOWN.sites[SITE].windows == ("07:00-09:00", "18:00-20:00")
    assert _lift(Point(limits=[at_site]), at("2026-03-03T10:00"), 13.0)
    assert not _lift(Point(limits=[at_site]), at("2026-03-03T08:00"), 13.0)
    over_night = replace(night, scope=(("hours", ("22:00-04:00",)),))
    assert not _lift(Point(limits=[over_night]), at("2026-03-03T01:30"), 13.0)
    assert _lift(Point(limits=[over_night]), at("2026-03-03T04:30"), 13.0)


def test_what_was_lifted_in_a_gap_is_not_told() -> None:
    point, night = Point(), at("2026-03-03T01:30")
    point.reading(night, well())
    point.reading(night + HOUR, well() | {"w1": 13.0})
    assert point.look(night + HOUR) == []
    point.reading(night + HOUR + MINUTE, well() | {"w1": 0.0})
    point.reading(night + 3 * HOUR, well() | {"w1": 12.5})
    assert point.look(night + 3 * HOUR) == []


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("x,lifted,hours=5-22,5,kg,,提示,2020-01-01,,自定,自定,,", "hours=HH:MM-HH:MM"),
        (
            "x,outside,hours=05:00-22:00,5,kg,,提示,2020-01-01,,自定,自定,,",
            "hours only for the kind",
        ),
    ],
)
def test_hours_that_a_rule_cannot_have(tmp_path: Path, row: str, wrong: str) -> None:
    (tmp_path / "rules.csv").write_text(f"{HEAD}{row}\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=rf"rules.csv:2: scope: expected {wrong}"):
        rules.load(tmp_path, {})


# Flash


def test_the_wear_of_a_flash_is_at_most_what_its_readings_came_to() -> None:
    """One reading a second for ten years; one in five minutes."""
    ten = 10 * 365 * DAY
    assert worn(Handed(ten, (NOON,)), NOON + ten) == pytest.approx(140.0, abs=0.1)
    assert worn(Handed(ten // 300, (NOON,)), NOON + ten) == pytest.approx(4.5, abs=0.1)
    assert worn(Handed(BLOCKS * CYCLES, ()), NOON) == pytest.approx(110)  # nothing known of time


def test_a_flash_is_told_at_four_fifths_and_not_before_it_is_known() -> None:
    point = Point()
    last = quiet(point, NOON, 10)
    first = NOON - 6 * 365 * DAY
    for readings, changes in (
        (150_000_000, []),
        (185_000_000, [(RAISED, "flash-80", BOARD)]),
        (179_000_000, []),
        (1000, [(CLEARED, "flash-80", BOARD)]),
    ):
        point.watch.handed = {BOARD: Handed(readings, (first,))}
        assert point.look(last) == changes
    point.watch.handed = {BOARD: Handed(185_000_000, (first,))}
    point.reading(last + MINUTE, well() | {"r1": -90})  # of others: their flash is no business
    assert point.look(last + MINUTE) == []


def test_a_queue_that_is_begun_anew_again_and_again() -> None:
    """Once is somebody who erased the flash."""
    point = Point()
    last = quiet(point, NOON, 10)
    first = NOON - 365 * DAY
    point.watch.handed = {BOARD: Handed(1000, (first, last - DAY, last - HOUR))}
    assert point.look(last) == []
    point.watch.handed = {BOARD: Handed(1000, (first, last - DAY, last - HOUR, last - MINUTE))}
    assert point.look(last) == [(RAISED, "flash-lives", BOARD)]
    point.watch.handed = {BOARD: Handed(1000, (first, last - 9 * DAY, last - 8 * DAY))}
    assert point.look(last) == [(CLEARED, "flash-lives", BOARD)]


@pytest.mark.each_engine
def test_what_a_board_has_numbered_is_read_from_the_store(store: Store) -> None:
    """Lives of a board, and when each was first heard of."""
    made = DrumBoard(BOARD, SITE, NOON, {"w1": 12_400})
    made._say()
    made.until(NOON + HOUR).store(store)
    found = lives.handed_out(store)[BOARD]
    assert found.readings == made.seq
    watch = Watch(KNOWN, [*LIMITS])
    watch.read(store, NOON + HOUR)
    assert watch.handed[BOARD] == found


# Certificates


def test_a_certificate_is_told_thirty_days_before_it_ends_and_when_it_does() -> None:
    point = Point()
    last = quiet(point, NOON, 10)
    today = dt.date(2026, 3, 3)
    for days, changes in (
        (31, []),
        (30, [(RAISED, "certificate-30d", BOARD)]),
        (0, [(RAISED, "certificate-over", BOARD)]),
        (3650, [(CLEARED, "certificate-30d", BOARD), (CLEARED, "certificate-over", BOARD)]),
    ):
        point.watch.certificates = {BOARD: today + dt.timedelta(days=days)}
        assert point.look(last) == changes


def test_certificates_of_broker_services_and_stores_are_of_the_district() -> None:
    soon = dt.date(2026, 3, 10)
    watch = Watch(KNOWN, [*LIMITS], {"broker": soon, "qingyun-host": soon, "qy-hw01": soon})
    found = [f for _, many in watch.findings(NOON) for f in many if f.rule.kind == "certificate"]
    assert {(f.site, f.subject) for f in found} == {
        (DISTRICT, name) for name in ("broker", "qingyun-host", "qy-hw01")
    }
    narrow = [replace(r, scope=(("town", ("九亭镇",)),)) for r in LIMITS if r.kind == "certificate"]
    watch = Watch(KNOWN, narrow, {"broker": soon})
    assert not [f for _, many in watch.findings(NOON) for f in many]


def test_a_file_of_certificates_need_not_be_there(tmp_path: Path) -> None:
    assert certificates.load(tmp_path) == {}
    path = tmp_path / certificates.FILE
    path.write_text("certificate,until\nqy-a1,2036-01-01\nqy-b1,\n")
    assert certificates.load(tmp_path) == {"qy-a1": dt.date(2036, 1, 1)}
    path.write_text("certificate,until\nqy-a1,2036-01-01\nqy-a1,\n")
    with pytest.raises(RegistryError, match=r"certificates.csv:3: certificate: .* not used before"):
        certificates.load(tmp_path)


# Data of the month


def _say(point: Point, t: int, kb: int, budget: int | None = 30) -> list[tuple[str, str, str]]:
    """The board tells its state over 4G; what changes."""
    board = Board(SITE, BOARD)
    board.state = {"t": t, "queue": 0, "clock": "ntp", "uplink": "ppp", "month_kb": kb}
    if budget is not None:
        board.state["budget_mb"] = budget
    point.watch.hear([board], t)
    point.reading(t, well())
    return point.look(t)


def test_a_budget_of_data_is_told_at_four_fifths_until_there_is_more() -> None:
    point, begin = Point(), at("2026-03-20T12:00")
    assert _say(point, begin, 23_900) == [(RAISED, "data-ends", BOARD)]  # 12 days to go
    assert _say(point, begin + 300, 24_000) == [(RAISED, "data-80", BOARD)]
    assert _say(point, begin + 600, 24_001, 31) == []  # hysteresis
    more = [(CLEARED, "data-80", BOARD), (CLEARED, "data-ends", BOARD)]
    assert _say(point, begin + 900, 24_010, 60) == more


def test_a_new_month_is_a_new_budget_and_an_old_state_tells_nothing_of_it() -> None:
    point, last = Point(), at("2026-03-31T23:50")
    assert _say(point, last, 25_000) == [(RAISED, "data-80", BOARD)]
    point.reading(last + 900, well())
    assert point.look(last + 900) == []  # not known of April yet
    assert _say(point, last + 1200, 12) == [(CLEARED, "data-80", BOARD)]


def test_a_watch_that_begins_anew_does_not_close_what_it_has_not_heard_of(tmp_path: Path) -> None:
    """Nor does a board that is on Wi-Fi for a while; one whose budget was taken away does."""
    now = at("2026-03-30T12:00")
    store = Store(tmp_path / "a.db", create=True)
    kinds = [r for r in LIMITS if r.kind == "data"]

    def record(point: Point, t: int) -> list[str]:
        rows = alarm_log.record(store, point.watch.findings(t), t, places=point.watch.places)
        return [r.what for r in rows]

    point = Point(limits=kinds)
    _say(point, now, 29_000)
    point.watch.boards[BOARD].news = True
    assert record(point, now) == ["raised"]
    point = Point(limits=kinds)
    point.reading(now + 60, well())
    assert record(point, now + 60) == []
    on_wifi = Board(SITE, BOARD)
    on_wifi.state = {"t": now + 120, "queue": 0, "clock": "ntp"}
    _say(point, now + 90, 29_000)
    point.watch.hear([on_wifi], now + 120)
    point.watch.boards[BOARD].news = True
    assert record(point, now + 120) == []
    _say(point, now + 180, 29_000, None)
    point.watch.boards[BOARD].news = True
    assert record(point, now + 180) == ["cleared"]
    store.close()


def test_when_the_budget_is_used_up_goes_by_the_last_week() -> None:
    """A backlog of hours changes little; a new pace does within three days."""
    begin = at("2026-03-01T00:00")
    m = Metered()
    kb = 0
    for hour in range(24 * 31):
        t = begin + hour * HOUR
        kb += 20 + (1500 if hour == 200 else 0)
        m.take(t, kb, 30)
        ends = m.ends(t)
        if hour < 72:
            assert ends is None, "too little is known"
        else:
            assert ends is not None and ends[0] < 0.5, hour
    m, kb = Metered(), 0
    for hour in range(24 * 10):
        kb += 20 if hour < 24 * 7 else 200
        m.take(begin + hour * HOUR, kb, 30)
    found = m.ends(begin + 240 * HOUR)
    assert found is not None
    days, out = found
    assert days > 5 and at("2026-03-16T00:00") < out < at("2026-03-17T00:00")
    m.take(begin + 241 * HOUR, 31_000, 30)
    found = m.ends(begin + 241 * HOUR)
    assert found is not None and found[1] == begin + 241 * HOUR
    assert found[0] == pytest.approx(31 - 241 / 24)


# Boards that are not there yet, or no longer


def test_a_board_is_expected_from_its_first_day_on(tmp_path: Path) -> None:
    """Not heard before: never told before that day; heard at a desk: not told as silent."""
    (tmp_path / "devices.csv").write_text(f"device,site,from\n{BOARD},{SITE},2026-03-04\nx,y,\n")
    days = first_days.load(tmp_path)
    assert days == {BOARD: dt.date(2026, 3, 4)}
    point = Point(limits=EVERY_LIMIT)
    point.watch.first_days = days
    assert point.look(NOON) == [(RAISED, "unheard", "qy-jt01")]
    assert point.look(at("2026-03-03T23:59")) == []
    assert point.look(at("2026-03-04T00:01")) == [(RAISED, "unheard", BOARD)]
    point = Point()
    point.watch.first_days = days
    point.reading(NOON, well())
    assert point.look(NOON + 2 * HOUR) == []
    assert (RAISED, "offline", BOARD) in point.look(at("2026-03-04T00:01"))
    (tmp_path / "devices.csv").write_text(f"device,site,from\n{BOARD},{SITE},soon\n")
    with pytest.raises(RegistryError, match=r"devices.csv:2: from: expected YYYY-MM-DD"):
        first_days.load(tmp_path)


@pytest.mark.parametrize("with_site", [True, False])
def test_a_board_that_was_removed_is_told_no_longer(tmp_path: Path, *, with_site: bool) -> None:
    """Its alarms are over with the next update, whether its site stays or not."""
    store = Store(tmp_path / "a.db", create=True)

    def update(watch: Watch, now: int) -> list[tuple[str, str, str]]:
        watch.read(store, now)
        rows = alarm_log.record(store, watch.findings(now), now, places=watch.places)
        return [(r.what, r.body.subject, r.body.text) for r in rows if r.body.subject == BOARD]

    assert update(Watch(KNOWN, EVERY_LIMIT), NOON) == [(RAISED, BOARD, "设备从未有读数")]
    left = {d: x for d, x in KNOWN.devices.items() if d != BOARD}
    sites = {s: x for s, x in KNOWN.sites.items() if with_site or s != SITE}
    bins = tuple(b for b in KNOWN.bins if b.device != BOARD)
    known = replace(KNOWN, devices=left, sites=sites, bins=bins)
    assert update(Watch(known, EVERY_LIMIT), NOON + 60) == [(CLEARED, BOARD, "已不适用")]
    assert update(Watch(known, EVERY_LIMIT), NOON + 120) == []
    store.close()
