"""Who is told: by place, kind, level and hours of duty, escalated, and as a digest."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from alarm_rows import add, became, clear
from killing import until
from receivers import HOST, Box, smtp
from sim_board import ROOT

from host.alarms import alarm_log
from host.delivery import Failed, duty, loop, recipients
from host.delivery.audience import Audience
from host.delivery.due import Channel, Policy, step
from host.delivery.mail import AT_ONCE, Mail
from host.delivery.recipients import COLUMNS, Places, Recipient
from host.delivery.wording import MOST, Wording
from host.registry import RegistryError
from host.store import Store
from host.store import delivery as rows

NOW = 1_772_500_000  # 2026-03-03 09:06 in Shanghai, a Tuesday
DAY = 86_400
COMES_S = 120  # on a busy machine
SITES = {"fs-01": "方松街道", "jt-01": "九亭镇", "hw-01": "新桥镇"}
PLACES = Places(SITES, {"xq-01": "xq-jm"}, {"hw-01": ("xq-01",)})


class Phone:
    """What one recipient was told, as (ids, name); fails as often as told."""

    def __init__(self, name: str, **row: object) -> None:
        self.told: list[tuple[list[int], str]] = []
        self.failures: list[Failed] = []
        who = Recipient(name, "email", **row)  # type: ignore[arg-type]
        self.channel = Channel(
            name, Policy(repeat_s=0, at_once=AT_ONCE), self, Audience(who, PLACES)
        )

    def __call__(self, batch: Iterable[alarm_log.Row], name: str) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.told.append(([r.id for r in batch], name))

    @property
    def ids(self) -> list[int]:
        return [i for ids, _ in self.told for i in ids]


def turn(store: Store, now: int, *phones: Phone) -> None:
    for phone in phones:
        while step(store, phone.channel, now):
            pass


@pytest.fixture
def either(database: Path) -> Iterator[Store]:
    found = Store(database, create=True)
    yield found
    found.close()


def scope(*names: str) -> frozenset[str]:
    return frozenset(names)


def acknowledge(db: Path, t: int, alarm: int) -> None:
    add(db, t, alarm_log.ACKNOWLEDGED, alarm, by="王五")


@pytest.mark.each_engine
def test_each_is_told_of_what_is_theirs(database: Path, either: Store) -> None:
    """By town, site, institution, kind and level; of what is of no site who asks for it."""
    phones = [
        Phone("town", towns=scope("方松街道")),
        Phone("site", sites=scope("jt-01", "district")),
        Phone("unit", institutions=scope("xq-jm")),
        Phone("kind", kinds=scope("offline"), towns=scope("方松街道", "九亭镇")),
        Phone("grave", level="告警"),
        Phone("all"),
    ]
    turn(either, NOW, *phones)
    (fs,) = add(database, NOW, site="fs-01", store="", kind="full", level="提示")
    (jt,) = add(database, NOW, site="jt-01", store="", kind="offline")
    (hw,) = add(database, NOW)
    (all_,) = add(database, NOW, site="district", store="", kind="outage")
    (gone,) = add(database, NOW, site="zz-99", store="", kind="full", level="提示")
    turn(either, NOW, *phones)
    told = {p.channel.name: p.ids for p in phones}
    assert told == {
        "town": [fs], "site": [jt, all_], "unit": [hw], "kind": [jt],
        "grave": [jt, hw, all_], "all": [fs, jt, hw, all_, gone],
    }  # fmt: skip
    clear(database, NOW + 60, jt, site="jt-01", store="", kind="offline")
    turn(either, NOW + 60, *phones)
    heard = {p.channel.name for p in phones if p.ids[-1] == gone + 1}
    assert heard == {"site", "kind", "grave", "all"}


@pytest.mark.each_engine
def test_who_was_told_stands_at_the_alarm(database: Path, either: Store) -> None:
    (old,) = add(database, NOW)
    (new,) = add(database, NOW + 9, subject="x")
    first, late, away = Phone("first"), Phone("late"), Phone("away")
    turn(either, NOW + 10, first)
    turn(either, NOW + 20, late)
    away.failures = [Failed("away")]
    turn(either, NOW + 20, away)
    said = [("first", NOW + 10, "sent"), ("late", NOW + 20, "sent")]
    assert alarm_log.told(either, [new, old]) == {old: said, new: said}
    assert alarm_log.told(either, []) == {}


@pytest.mark.each_engine
def test_an_escalation_waits_for_nobody_to_acknowledge(database: Path, either: Store) -> None:
    """To the second: acknowledged or over within N minutes is never told there, nor its end."""
    first, second = Phone("first"), Phone("second", after_s=600)
    turn(either, NOW, first, second)
    seen, over, stays, late = add(database, NOW, n=4)
    acknowledge(database, NOW + 600, seen)
    clear(database, NOW + 590, over, subject="1")
    turn(either, NOW + 599, first, second)
    assert second.ids == []
    acknowledge(database, NOW + 601, late)
    turn(either, NOW + 3600, first, second)
    assert second.ids == [stays, late, late + 3]
    clear(database, NOW + 4000, seen)
    clear(database, NOW + 4000, stays, subject="2")
    turn(either, NOW + 4000, first, second)
    assert second.ids == [stays, late, late + 3, late + 5]
    assert len(first.ids) == 9
    how = became(database, "second")
    assert [how[i] for i in (seen, over, late + 4)] == ["folded", "folded", "elsewhere"]


def test_an_escalation_counts_however_late_the_process_looks(db: Path, store: Store) -> None:
    """Nobody acknowledged for ten minutes, though somebody did before delivery was there again."""
    second = Phone("second", after_s=600)
    turn(store, NOW, second)
    (alarm,) = add(db, NOW)
    acknowledge(db, NOW + 700, alarm)
    turn(store, NOW + 9000, second)
    assert second.ids == [alarm, alarm + 1]


def test_outside_of_duty_what_is_open_waits(db: Path, store: Store) -> None:
    hours = duty.parsed("1-5 08:00-17:30|6 09:00-12:00")
    assert hours is not None
    day, night = Phone("day", duty=hours), Phone("night", duty=hours, passes="告警")
    turn(store, NOW, day, night)
    dark = NOW + 14 * 3600  # 23:06
    (over, stays), (mild,) = add(db, dark, n=2), add(db, dark, level="提示", subject="m")
    clear(db, dark + 600, over)
    turn(store, dark + 600, day, night)
    assert (day.ids, night.ids) == ([], [over, stays, mild + 1])
    morning = NOW - 6 - 3600 - 400 + DAY  # 07:59:54 of the next day
    turn(store, morning, day, night)
    assert day.ids == []
    turn(store, morning + 6, day, night)
    assert day.ids == [stays, mild]
    assert night.ids == [over, stays, mild + 1, mild]
    assert became(db, "day")[over] == became(db, "day")[mild + 1] == "folded"
    clear(db, morning + 10 * 3600, stays)  # at 18:00: who was told in the day hears it in the next
    turn(store, morning + 10 * 3600, day)
    assert day.ids == [stays, mild]
    turn(store, morning + DAY + 6, day)
    assert day.ids == [stays, mild, mild + 2]


@pytest.mark.parametrize(
    ("text", "hour", "begins"),
    [
        ("", 0, 0),
        ("08:00-17:30", 0, 0),  # Tuesday 09:06:40
        ("1-5 08:00-17:30", 9 * 3600, DAY - 4000),  # 18:06 → Wednesday 08:00
        ("1-5 08:00-17:30", 3 * DAY + 9 * 3600, 6 * DAY - 4000),  # Friday 18:06 → Monday
        ("1-5 17:30-08:00", 0, 8 * 3600 + 1400),  # 17:30
        ("1-5 17:30-08:00", 3 * DAY + 20 * 3600, 3 * DAY + 20 * 3600),  # Saturday 05:06
        ("1-5 17:30-08:00", 3 * DAY + 24 * 3600, 6 * DAY + 8 * 3600 + 1400),  # Saturday 09:06
        ("2 00:00-24:00", DAY, 7 * DAY - 32_800),
        ("7 10:00-11:00|2 09:00-09:07", 0, 0),
    ],
)
def test_hours_of_duty(text: str, hour: int, begins: int) -> None:
    hours = duty.parsed(text)
    assert hours is not None
    assert hours.first_on(NOW + hour) == NOW + begins
    assert hours.is_on(NOW + hour) == (hour == begins)
    assert hours.is_on(NOW + begins)


def test_one_that_fails_delays_no_other_and_a_new_one_hears_what_is_open(
    db: Path, store: Store
) -> None:
    (done, open_) = add(db, NOW - DAY, n=2)
    clear(db, NOW - 600, done)
    first, broken = Phone("first"), Phone("broken")
    broken.failures = [Failed("away")] * 3
    turn(store, NOW, first, broken)
    assert first.ids == [open_]  # no history
    assert broken.ids == []
    new = Phone("new")
    (more,) = add(db, NOW + 1, subject="y")
    turn(store, NOW + 1, first, new)
    assert first.ids == new.ids == [open_, more]
    assert rows.standing(store, "broken", 0).tries == 1


def test_one_that_is_removed_has_nothing_that_waits_and_hears_nothing_twice(
    db: Path, store: Store
) -> None:
    leaves, stays = Phone("leaves"), Phone("stays")
    (told,) = add(db, NOW)
    turn(store, NOW, leaves, stays)
    loop.retire(db, [stays.channel])
    (closed, open_) = add(db, NOW + 60, n=2, subject="z")
    clear(db, NOW + 70, closed)
    assert [c for c, *_ in rows.counts(store)] == ["stays"]
    turn(store, NOW + 80, leaves)  # comes back
    assert leaves.ids == [told, open_]
    assert alarm_log.told(store, [told])[told][0][0] == "leaves"


# The flood


def test_a_flood_is_one_letter_for_who_asked_for_a_digest(db: Path, store: Store) -> None:
    """2,800 in one turn: one letter with counts by town and kind, and the gravest."""
    box = Box()
    (worst,) = add(db, NOW, site="jt-01", store="", kind="load", rule="worst", value=180)
    turn_ids = add(db, NOW, n=1699, site="fs-01", store="", kind="offline", level="提示")
    turn_ids += add(db, NOW, n=1100, site="jt-01", store="", kind="full", since=NOW - 90)
    assert len(turn_ids) + 1 == 2800
    who = Recipient("duty", "email", ("duty@example.org",), digest_s=600)
    with smtp(box) as port:
        wording = Wording("https://q.example.org", 0, SITES, is_digest=True)
        way = Mail(HOST, port, "none", "q@example.org", who.to, wording=wording)
        channel = Channel("duty", Policy(at_once=AT_ONCE), way, Audience(who, PLACES))
        box.answers = ["451 later"]
        assert not step(store, channel, NOW)
        for now in range(NOW + 5, NOW + 900, 5):
            if now in (NOW + 60, NOW + 300):
                add(db, now, n=2, subject=f"later {now}")
            while step(store, channel, now):
                pass
    first, second = box.letters
    text = first.get_content().splitlines()
    assert text[0] == "方松街道  发生 offline 1699"
    assert text[1] == "九亭镇  发生 full 1100，发生 load 1"
    assert f"the gravest {MOST} of 2800" in text[2]
    assert "worst" in text[3]
    assert f"https://q.example.org/alarms/{worst}" in text[4]
    assert sum(line.startswith("发生") for line in text) == MOST
    assert first["Subject"] == "[清运] 发生 2800: fs-01、jt-01"
    assert second["Subject"] == "[清运] 发生 4: hw-01"
    assert set(became(db, "duty").values()) == {"sent"}
    assert len(became(db, "duty")) == 2804


def test_a_letter_says_since_when_what_to_do_and_where(db: Path, store: Store) -> None:
    box = Box()
    (alarm,) = add(db, NOW, since=NOW - 600, action="通知清运\n车队")
    acknowledge(db, NOW + 1, alarm)
    with smtp(box) as port:
        wording = Wording("https://q.example.org/", 1200)
        way = Mail(HOST, port, "none", "q@example.org", ("a@example.org",), wording=wording)
        way([alarm_log.as_row(r) for r in rows.waiting(store, rows.Standing("x", 0))], "x")
    text = box.letters[0].get_content()
    assert "自 / since 2026-03-03 08:56:40" in text
    assert "处理 / to do: 通知清运\\n车队" in text
    assert text.count(f"确认 / acknowledge: https://q.example.org/alarms/{alarm}\n") == 1
    assert box.letters[0]["Subject"].startswith("[清运] 升级（20 分钟无人确认）发生 1，已确认 1")


# The file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "registry", tmp_path / "registry"))


def write(folder: Path, *lines: str) -> Path:
    (folder / recipients.FILE).write_text("\n".join((",".join(COLUMNS), *lines)) + "\n", "utf-8")
    return folder


def test_the_file_is_read(folder: Path) -> None:
    assert recipients.load(folder) is None
    write(
        folder,
        "值班,email,a@example.org|b@example.org,方松街道|九亭镇,,,,,,,,",
        "夜班,sms,13800000000,,hw-01|district,xq-jm,offline|full,告警,1-5 17:30-08:00,告警,15,30",
        "群,wecom,,新桥镇,,,,,,,,5",
    )
    found = recipients.load(folder)
    assert found is not None
    duty_, night, group = found.rows
    assert duty_ == Recipient(
        "值班", "email", ("a@example.org", "b@example.org"), scope("方松街道", "九亭镇")
    )
    assert (night.after_s, night.digest_s, night.passes, night.level) == (900, 1800, "告警", "告警")
    assert night.sites == {"hw-01", "district"}
    assert (group.to, group.digest_s) == ((), 300)
    assert found.uncovered() == ["district"]
    assert found == recipients.load(folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a b,email,a@x.org,,,,,,,,,", "2: recipient: expected a name"),
        ("a,fax,1,,,,,,,,,", "2: channel: expected one of email webhook sms"),
        ("a,email,nobody,,,,,,,,,", "2: to: expected mail addresses"),
        ("a,sms,138|139,,,,,,,,,", "2: to: expected one number"),
        ("a,wecom,x,,,,,,,,,", "2: to: expected nothing: [wecom]"),
        ("a,email,a@x.org,方松,,,,,,,,", "2: towns: expected towns of towns.csv"),
        ("a,email,a@x.org,,fs-09,,,,,,,", "2: sites: expected sites of sites.csv or district"),
        ("a,email,a@x.org,,,nn,,,,,,", "2: institutions: expected institutions of"),
        ("a,email,a@x.org,,,,fire,,,,,", "2: kinds: expected kinds of rules"),
        ("a,email,a@x.org,,,,,严重,,,,", "2: level: expected one of 提示 告警"),
        ("a,email,a@x.org,,,,,,8-17,,,", "2: hours: expected HH:MM-HH:MM"),
        ("a,email,a@x.org,,,,,,08:00-08:00,,,", "2: hours: expected HH:MM-HH:MM"),
        ("a,email,a@x.org,,,,,,5-1 08:00-09:00,,,", "2: hours: expected HH:MM-HH:MM"),
        ("a,email,a@x.org,,,,,,,x,,", "2: passes: expected one of"),
        ("a,email,a@x.org,,,,,,,,-1,", "2: after_min: expected minutes"),
        ("a,email,a@x.org,,,,,,,,,1441", "2: digest_min: expected minutes"),
        ("a,webhook,,,,,,,,,,5", "2: digest_min: expected nothing for a webhook"),
        ("a,email,a@x.org,,,,,,,,,\na,email,b@x.org,,,,,,,,,", "3: recipient: expected a value"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(folder: Path, line: str, said: str) -> None:
    write(folder, line)
    with pytest.raises(RegistryError) as caught:
        recipients.load(folder)
    assert str(caught.value).startswith(f"{folder / recipients.FILE}:{said}")
    assert "\n" not in str(caught.value)


# The process


def test_the_office_edits_the_file_while_alarms_are_told(folder: Path, db: Path) -> None:
    """A mistake is logged once, and who was told is told on; what is right counts at once."""
    box, log, file = Box(), folder / "log", folder / recipients.FILE
    config = folder / "qingyun.toml"
    write(folder, "a,email,a@example.org,,,,,,,,,")
    with smtp(box) as port:
        config.write_text(
            f'[store]\ndb = "{db}"\nregistry = "."\n[email]\nhost = "{HOST}"\nport = {port}\n'
            'tls = "none"\nfrom = "q@example.org"\nto = "office@example.org"\nrepeat_s = 0\n'
        )
        command = [sys.executable, "-m", "host.cli", "--config", str(config)]
        with log.open("wb") as out:
            process = subprocess.Popen([*command, "alarms", "deliver", "--every", "1"], stderr=out)
        add(db, NOW)
        assert until(lambda: became(db, "a") == {1: "sent"}, COMES_S), log.read_text()
        write(folder, "a,email,nobody,,,,,,,,,")
        assert until(lambda: f"{file}:2: to: expected" in log.read_text(), COMES_S)
        add(db, NOW, subject="meanwhile")
        assert until(lambda: became(db, "a") == {1: "sent", 2: "sent"}, COMES_S), log.read_text()
        write(folder, "b,email,b@example.org,,,,,,,,,")
        assert until(lambda: became(db, "b") == {1: "sent", 2: "sent"}, COMES_S), log.read_text()
        add(db, NOW, subject="of b alone")
        assert until(lambda: became(db, "b").get(3) == "sent", COMES_S), log.read_text()
        process.terminate()
        assert process.wait(15) == 0
    assert [str(x["To"]) for x in box.letters] == [
        *("a@example.org", "a@example.org"),
        *("b@example.org", "b@example.org"),
    ]
    assert log.read_text().count("to: expected") == 1


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/zh/office.md"])
def test_the_example_of_the_docs_is_read(page: str, folder: Path) -> None:
    text = (ROOT / page).read_text("utf-8")
    (block,) = re.findall(r"```csv\n(recipient,.*?)```", text, re.S)
    (folder / recipients.FILE).write_text(block, "utf-8")
    found = recipients.load(folder)
    assert found is not None
    assert len(found.rows) == block.count("\n") - 1
    for column in COLUMNS:
        assert f"`{column}`" in text
