"""Rules as rows, alarms: raised once, acknowledged, cleared with hysteresis."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from broker import Broker
from drums import DrumBoard
from host_job import qingyun
from paho.mqtt.enums import CallbackAPIVersion
from sim_board import ROOT

from host.alarms import alarm_log
from host.alarms.opening_hours import closed_since
from host.alarms.rules import how_sure
from host.common.local_days import LOCAL
from host.hazard import ledger, manual_entries, register, rules
from host.hazard.entry import STORED, TAKEN
from host.hazard.update import update_alarms
from host.registry import RegistryError, Site
from host.store import Store

HOUR, DAY = 3600, 86_400
T0 = 1_772_467_200  # 2026-03-03 00:00 in Shanghai, a Tuesday
REGISTRY = ROOT / "registry"
MEDICAL_20C = "medical-20c,temperature,category=医疗;hw=HW01;held=24;months=5|6|7|8|9|10,"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example district; its store holds 100 kg, opens 08:00-18:00, and its edition of the
    catalogue has no end. Nothing is to be filed."""
    made = tmp_path / "registry"
    made.mkdir()
    (made / "hw_editions.csv").write_text("edition,title,from,to\n2021,x,2021-01-01,\n")
    for file in set(REGISTRY.glob("*.csv")) - {REGISTRY / "filings.csv"}:
        text = file.read_text().replace("贮存库,8000,", "贮存库,100,")
        text = text.replace("贮存库,新桥镇,hazardous,", "贮存库,新桥镇,hazardous,08:00-18:00")
        (made / file.name).write_text(text)
    return made


def board(t: int = T0) -> DrumBoard:
    made = DrumBoard("qy-hw01", "hw-01", t, {"w1": 0, "w2": 0, "c1": 1500, "d1": 0})
    made._say()
    return made


def run(store: Store, folder: Path, now: int) -> list[tuple[str, str, str]]:
    known, limits = register.load(folder), rules.load(folder)
    _, changed = update_alarms(store, known, limits, now)
    return [(r.what, r.body.rule, r.body.subject) for r in changed]


def test_capacity_is_raised_once_and_cleared_with_hysteresis(store: Store, folder: Path) -> None:
    made = board().step(T0 + HOUR, "w1", 79_000).until(T0 + 2 * HOUR)
    made.store(store)
    assert run(store, folder, made.t) == []
    made.step(made.t + 60, "w1", 2_000).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [("raised", "capacity-80", "")]
    for _ in range(3):  # nothing changes, nothing is said
        made.until(made.t + 600).store(store)
        assert run(store, folder, made.t) == []
    made.step(made.t + 60, "w1", -4_000).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == []  # 77 %: still above the 75 that clear it
    made.step(made.t + 60, "w1", 14_000).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [("raised", "capacity-90", "")]
    made.step(made.t + 60, "w1", -30_000).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [
        ("cleared", "capacity-80", ""),
        ("cleared", "capacity-90", ""),
    ]
    assert [r.alarm for r in alarm_log.read(store)] == [1, 2, 1, 2]


def test_a_person_acknowledges_once(store: Store, folder: Path, tmp_path: Path) -> None:
    made = board().until(T0 + HOUR)
    made.store(store)
    late = made.t + 20 * 60
    assert run(store, folder, late) == [
        ("raised", "silent", "hw-01-p1"),
        ("raised", "silent", "hw-01-p2"),
    ]
    store.close()
    db = tmp_path / "q.db"
    shown = qingyun("alarms", "show", "--db", db)
    assert shown.returncode == 1 and "silent" in shown.stdout
    done = qingyun("alarms", "ack", "1", "--db", db, "--by", "王五", "--note", "断电")
    assert done.returncode == 0 and "acknowledged by 王五: 断电" in done.stdout
    again = qingyun("alarms", "ack", "1", "--db", db, "--by", "李四")
    assert again.returncode == 2
    assert again.stderr == "qingyun: error: alarms: 1 was acknowledged already by 王五\n"
    other = Store(db)
    assert run(other, folder, late + 600) == []  # acknowledged is not over
    made.until(late + 700).store(other)
    assert {w for w, _, _ in run(other, folder, made.t)} == {"cleared"}
    other.close()
    gone = qingyun("alarms", "ack", "2", "--db", db, "--by", "李四")
    assert "expected the id of an open alarm, found 2" in gone.stderr
    assert qingyun("alarms", "show", "--db", db).returncode == 0
    every = json.loads(qingyun("alarms", "show", "--db", db, "--all", "--json").stdout)
    assert [r["what"] for r in every] == ["raised"] * 2 + ["acknowledged"] + ["cleared"] * 2


def test_a_leak_and_a_removal_nobody_saw(store: Store, folder: Path) -> None:
    made = board().step(T0 + HOUR, "w1", 50_000).until(T0 + 2 * HOUR)
    for n in range(25):  # 100 g every 5 min
        made.values["w1"] -= 100
        made.until(T0 + 2 * HOUR + 300 * (n + 1))
        made.store(store)
        told = run(store, folder, made.t)
        assert told == ([("raised", "loss", "xq-oil-01")] if n == 19 else []), n


def test_what_is_taken_while_nobody_sees_it_is_a_loss(store: Store, folder: Path) -> None:
    """A removal that is booked by hand is none any more."""
    made = board().step(T0 + HOUR, "w1", 50_000).until(T0 + 2 * HOUR)
    made.values["w1"] -= 10_000
    made.silence(made.t + 3 * HOUR).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [("raised", "loss", "xq-oil-01")]
    assert alarm_log.read(store)[0].body.value == 10
    said = [manual_entries.Draft(TAKEN, T0 + 3 * HOUR, 10_000, container="xq-oil-01")]
    manual_entries.add(store, register.load(folder), said, "王五", made.t)
    assert run(store, folder, made.t) == [("cleared", "loss", "xq-oil-01")]


def test_a_step_is_no_loss_while_it_settles(store: Store, folder: Path) -> None:
    made = board().step(T0 + HOUR, "w1", 50_000).until(T0 + 2 * HOUR)
    made.step(T0 + 2 * HOUR + 60, "w1", -20_000)
    made.store(store)
    for t in range(made.t, made.t + 300, 10):
        assert run(store, folder, t) == []


def test_door_and_temperature(store: Store, folder: Path) -> None:
    """Only outside 08:00-18:00; warm counts where a rule says so."""
    text = (folder / "rules.csv").read_text().replace(MEDICAL_20C, "t,temperature,,")
    (folder / "rules.csv").write_text(text)
    made = board(T0 + 17 * HOUR)
    made.values["d1"] = 1
    made.until(T0 + 18 * HOUR).store(store)
    assert run(store, folder, T0 + 17 * HOUR + 1800) == []
    assert run(store, folder, T0 + 18 * HOUR + 60) == []
    assert run(store, folder, T0 + 18 * HOUR + 120) == [("raised", "door", "")]
    made.values |= {"d1": 0, "c1": 2010}
    made.until(T0 + 18 * HOUR + 600).store(store)
    assert run(store, folder, made.t) == [("raised", "t", ""), ("cleared", "door", "")]
    made.values["c1"] = 1900
    made.until(made.t + 600).store(store)
    assert run(store, folder, made.t) == []
    made.values["c1"] = 1790
    made.until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [("cleared", "t", "")]


def test_incompatible_neighbours(store: Store, folder: Path) -> None:
    text = (folder / "containers.csv").read_text()
    text = text.replace("污泥区,hw-01-p2", "废油区,hw-01-p2").replace("吨袋,0,,", "吨袋,0,氧化剂,")
    (folder / "containers.csv").write_text(text)
    made = board().step(T0 + HOUR, "w1", 20_000).until(T0 + 2 * HOUR)
    made.store(store)
    assert run(store, folder, made.t) == []
    made.step(made.t + 60, "w2", 5_000).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [("raised", "neighbours", "废油区")]
    assert "可能起火" in alarm_log.read(store)[0].body.text
    made.step(made.t + 60, "w2", -5_000).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [("cleared", "neighbours", "废油区")]


def test_a_bund_that_is_too_small(store: Store, folder: Path) -> None:
    """A drum of 200 L, 12 of 200 L: max(200, 240) L; 199 L are 41 too few, 240 are enough."""
    path = folder / "stores.csv"
    path.write_text(
        path.read_text().replace("废油区=250", "废油区=240").replace("贮存库,100,", "贮存库,0,")
    )
    path = folder / "containers.csv"
    more = [f"oil-{n},hw-01-a,废油区,,2021,900-214-08,油,液态,桶,0,,,,200" for n in range(2, 13)]
    path.write_text(path.read_text() + "\n".join(more) + "\n")
    made = board().step(T0 + HOUR, "w1", 5_000).until(T0 + 2 * HOUR)
    made.store(store)
    known = register.load(folder)
    said = [
        manual_entries.Draft(STORED, T0 + HOUR, 1_000, container=f"oil-{n}") for n in range(2, 13)
    ]
    manual_entries.add(store, known, said, "王五", made.t)
    assert run(store, folder, made.t) == []
    path = folder / "stores.csv"
    path.write_text(path.read_text().replace("废油区=240", "废油区=199"))
    assert run(store, folder, made.t) == [("raised", "bund", "废油区")]
    assert alarm_log.read(store)[0].body.value == 41
    assert "围堰 199 L，需 240 L" in alarm_log.read(store)[0].body.text


def test_a_treatment_plant_may_keep_it_longer_in_the_cold(store: Store, folder: Path) -> None:
    """26 h at 4 °C are right; at 5 °C they are too long, until it is below 4.5 °C; where nobody
    knows how warm it is, 24 h hold."""
    path = folder / "institutions.csv"
    path.write_text(path.read_text().replace(",简化,", ",经营单位,许可证"))
    path = folder / "containers.csv"
    path.write_text(path.read_text().replace("900-214-08", "841-001-01"))
    made = board(T0 + 8 * HOUR)
    made.values["c1"] = 400
    made.step(T0 + 9 * HOUR, "w1", 5_000).until(T0 + 35 * HOUR).store(store)
    assert run(store, folder, made.t) == []
    for celsius, changed in ((500, "raised"), (470, None), (440, "cleared"), (470, None)):
        made.values["c1"] = celsius
        made.until(made.t + 300).store(store)
        expected = [(changed, "plant-24h", "xq-oil-01")] if changed else []
        assert run(store, folder, made.t) == expected
    made.until(T0 + 82 * HOUR).store(store)
    assert run(store, folder, made.t) == [("raised", "plant-72h", "xq-oil-01")]
    path = folder / "stores.csv"
    path.write_text(path.read_text().replace("qy-hw01/c1", ""))
    assert run(store, folder, made.t) == [("raised", "plant-24h", "xq-oil-01")]


def test_only_medical_waste_has_two_days(store: Store, folder: Path) -> None:
    """Of a hospital: clinical waste after 48 h, its laboratory's waste not; nor the 48 h of a
    hospital for a plant, which has hours of its own."""
    path = folder / "institutions.csv"
    path.write_text(path.read_text().replace(",简化,", ",医疗,"))
    path = folder / "containers.csv"
    text = path.read_text().replace("900-214-08", "841-004-01").replace("336-064-17", "900-047-49")
    path.write_text(text)
    made = board(T0 + 8 * HOUR).step(T0 + 9 * HOUR, "w1", 5_000).step(T0 + 10 * HOUR, "w2", 5_000)
    made.until(T0 + 80 * HOUR).store(store)
    assert run(store, folder, T0 + 57 * HOUR - 60) == []
    assert run(store, folder, T0 + 57 * HOUR + 180) == [("raised", "medical-48h", "xq-oil-01")]
    assert alarm_log.read(store)[0].body.source == "医疗废物管理条例 第17条（2天）"
    assert run(store, folder, made.t) == []  # the laboratory's waste is 70 h old
    path = folder / "institutions.csv"
    path.write_text(path.read_text().replace(",医疗,", ",经营单位,许可证"))
    assert run(store, folder, made.t) == [("cleared", "medical-48h", "xq-oil-01")]


def test_cold_is_asked_for_where_it_is_warm_and_waste_stays(store: Store, folder: Path) -> None:
    """20 °C in June: right while the waste is cleared each day, right for what is no medical
    waste, and right in March; wrong once medical waste is a day old."""
    path = folder / "institutions.csv"
    path.write_text(path.read_text().replace(",简化,", ",医疗,"))
    path = folder / "containers.csv"
    path.write_text(path.read_text().replace("900-214-08", "841-001-01"))
    june = T0 + 92 * DAY
    made = board(june)
    made.values["c1"] = 2100
    made.step(june + HOUR, "w2", 5_000).step(june + 9 * HOUR, "w1", 5_000)
    made.until(june + 34 * HOUR).store(store)
    assert run(store, folder, june + 33 * HOUR - 60) == []
    assert run(store, folder, june + 33 * HOUR + 180) == [("raised", "medical-20c", "")]
    made.step(made.t + 60, "w1", -5_000).until(made.t + 600).store(store)
    assert run(store, folder, made.t) == [("cleared", "medical-20c", "")]
    path = folder / "rules.csv"
    path.write_text(path.read_text().replace("months=5|6|7", "months=5|7"))
    made.step(made.t + HOUR, "w1", 5_000).until(made.t + 30 * HOUR).store(store)
    assert run(store, folder, made.t) == []


def test_check_names_the_rules_whose_source_was_not_read(folder: Path) -> None:
    done = qingyun("check", "--registry", folder)
    line = next(x for x in done.stdout.splitlines() if "rules whose source" in x)
    assert [x.split("（")[0] for x in line.split(": ")[-1].split()] == [
        *("medical-20c", "licensed-1y-code", "pilot-90d", "pilot-180d"),
        *("neighbours", "bund", "edition-over"),
    ]
    path = folder / "rules.csv"
    path.write_text(path.read_text().replace(",原文；集中处置单位另有规定,", ",,"))
    assert (
        "wording: medical-48h（未注明） medical-20c（二手资料）"
        in qingyun("check", "--registry", folder).stdout
    )


def test_the_docs_name_the_same_rules() -> None:
    """Every limit of the example has a source, and how far it was read."""
    limits = rules.load(REGISTRY)
    text = (ROOT / "docs" / "hazard.md").read_text().replace("not read in\n", "not read in ")
    part = text.partition("was not read in its wording")[2].partition("\n\n")[0]
    assert {r.rule for r in limits if f"`{r.rule}`" in part} == {
        r.rule for r in limits if not r.is_verified
    }
    assert all(r.source and how_sure(r.note) for r in limits)


def test_a_verification_that_ends_is_told_thirty_days_before_and_when_it_is_over(
    store: Store, folder: Path
) -> None:
    header = "device,channel,make,model,class,max_kg,e_kg,serial,verified,verified_until\n"
    row = "qy-hw01,w1,,,III,150,0.05,S1,2025-05-01,2026-04-30\n"
    (folder / "instruments.csv").write_text(header + row)
    last = T0 + 58 * DAY  # 2026-04-30
    made = board()

    def known(now: int) -> list[tuple[str, str, str]]:
        made.silence(now - HOUR).until(now).store(store)
        return run(store, folder, now)

    assert known(last - 30 * DAY - 600) == []
    assert known(last - 30 * DAY + 600) == [("raised", "verified-30d", "hw-01-p1")]
    assert known(last + DAY - 600) == []
    assert known(last + DAY + 600) == [("raised", "verified-over", "hw-01-p1")]
    anew = row.replace("2025-05-01,2026-04-30", "2026-05-01,2027-04-30")
    (folder / "instruments.csv").write_text(header + row + anew)
    assert sorted(known(last + 2 * DAY)) == [
        ("cleared", "verified-30d", "hw-01-p1"),
        ("cleared", "verified-over", "hw-01-p1"),
    ]


def test_an_edition_that_ends_is_told_before_and_from_then_on(store: Store, folder: Path) -> None:
    """A notice from 30 days before its last day on, an alarm from the day after it; of a
    container that stands there, and until its row has another edition."""
    path = folder / "hw_editions.csv"
    path.write_text(
        "edition,title,from,to,identified\n2021,x,2021-01-01,2026-04-30,\n"
        "2025,y,2026-05-01,,900-000\n"
    )
    path = folder / "containers.csv"
    path.write_text(path.read_text().replace("吨袋,0,,,,", "吨袋,0,,,2026-03-20,"))
    last = T0 + 58 * DAY  # 2026-04-30

    made = board()

    def known(now: int) -> list[tuple[str, str, str]]:
        made.silence(now - HOUR).until(now).store(store)
        return run(store, folder, now)

    assert known(last - 30 * DAY - 600) == []
    assert known(last - 30 * DAY + 600) == [("raised", "edition-30d", "xq-oil-01")]
    assert known(last + DAY - 600) == []
    assert known(last + DAY + 600) == [("raised", "edition-over", "xq-oil-01")]
    rows = alarm_log.read(store)
    assert [(r.body.level, r.body.value) for r in rows] == [("提示", -30), ("告警", 1)]
    assert rows[1].body.text == "名录 2021 年版失效"
    path.write_text(path.read_text().replace("2021,900-214-08", "2025,900-000-08"))
    assert sorted(known(last + 2 * DAY)) == [
        ("cleared", "edition-30d", "xq-oil-01"),
        ("cleared", "edition-over", "xq-oil-01"),
    ]


def test_check_names_containers_whose_edition_ends(folder: Path) -> None:
    path = folder / "hw_editions.csv"
    today = dt.datetime.now(LOCAL).date()
    for days, said in ((31, None), (30, "is in force until"), (0, "is in"), (-1, "was in force")):
        until = today + dt.timedelta(days)
        path.write_text(f"edition,title,from,to\n2021,x,2021-01-01,{until}\n")
        found = qingyun("check", "--registry", folder).stdout
        lines = [x for x in found.splitlines() if "of the catalogue, which" in x]
        assert len(lines) == (2 if said else 0)
        assert not said or ("container xq-oil-01: 900-214-08" in lines[0] and said in lines[0])


@pytest.mark.parametrize("kind", register.STORE_KINDS)
def test_every_kind_of_store(store: Store, folder: Path, kind: str) -> None:
    """GB 18597-2023 has five; 3 t are the limit of a 贮存点 alone."""
    path = folder / "stores.csv"
    path.write_text(path.read_text().replace("贮存库,100,", f"{kind},0,"))
    with (folder / "rules.csv").open("a") as file:
        file.write(f"of-kind,stock,kind={kind},1,kg,,提示,2020-01-01,,自定,自定,,\n")
    board().step(T0 + HOUR, "w1", 5_000).until(T0 + 2 * HOUR).store(store)
    said = [manual_entries.Draft(STORED, T0 + HOUR, 3_000_000, container="xq-sludge-01")]
    manual_entries.add(store, register.load(folder), said, "王五", T0 + 2 * HOUR)
    expected = [("raised", "point-3t", "")] if kind == "贮存点" else []
    assert run(store, folder, T0 + 2 * HOUR) == [*expected, ("raised", "of-kind", "")]
    (entry, _) = ledger.read(store)
    assert entry.values["贮存设施类型"] == kind


def test_a_rule_that_takes_the_place_of_another(store: Store, folder: Path) -> None:
    """经营单位: one year by 固废法 81 until 2026-08-14, then by 生态环境法典 535."""
    path = folder / "institutions.csv"
    path.write_text(path.read_text().replace("简化,", "经营单位,沪环保许防证"))
    start = int(dt.datetime(2025, 8, 1, 9, tzinfo=dt.UTC).timestamp())
    made = board(start).step(start + HOUR, "w1", 50_000)
    made.store(store)
    made.silence(int(dt.datetime(2026, 8, 14, 12, tzinfo=dt.UTC).timestamp())).until(made.t + 600)
    made.store(store)
    assert ("raised", "licensed-1y", "xq-oil-01") in run(store, folder, made.t)
    made.until(made.t + DAY).store(store)
    assert run(store, folder, made.t) == [
        ("raised", "licensed-1y-code", "xq-oil-01"),
        ("cleared", "licensed-1y", "xq-oil-01"),
    ]


def test_what_the_broker_did_not_take_is_told_later_and_once(
    store: Store, folder: Path, tmp_path: Path, broker: Broker
) -> None:
    """Again and again, as in service, until it is told to stop."""
    board().until(T0 + HOUR).store(store)  # silent for months by the clock
    store.close()
    args = ("alarms", "update", "--db", tmp_path / "q.db", "--registry", folder)
    away = qingyun(*args, "--publish", "127.0.0.1:9")
    assert away.returncode == 1 and "alarms are kept, and told with the next" in away.stderr
    heard: list[bytes] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, "listener")
    client.on_message = lambda _c, _d, m: heard.append(bytes(m.payload))
    client.connect(broker.host, broker.port)
    client.subscribe("qingyun/1/hw-01/event", qos=1)
    client.loop_start()
    command = [sys.executable, "-m", "host.cli", *map(str, args), "--every", "1"]
    with subprocess.Popen([*command, "--publish", broker.address]) as process:
        end = time.monotonic() + 90
        while len(heard) < 2 and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(2.5)  # two more rounds
        process.terminate()
        assert process.wait(60) == 0
    client.loop_stop()
    assert [json.loads(m)["what"] for m in heard] == ["raised", "raised"]
    other = Store(tmp_path / "q.db")
    mine = [r for r in alarm_log.read(other) if r.body.site == "hw-01"]
    assert len(mine) == 2 and alarm_log.unpublished(other) == []


def test_it_goes_on_while_the_registry_is_wrong_and_the_store_is_held(
    store: Store, folder: Path, tmp_path: Path
) -> None:
    """Each is said once, however many rounds it lasts."""
    board().until(T0 + HOUR).store(store)
    store.close()
    path, log = folder / "rules.csv", tmp_path / "log"
    good = path.read_text()
    command = [sys.executable, "-m", "host.cli", "alarms", "update", "--every", "1"]
    command += ["--db", str(tmp_path / "q.db"), "--registry", str(folder)]

    def until(text: str) -> None:
        end = time.monotonic() + 60
        while text not in log.read_text() and time.monotonic() < end:
            time.sleep(0.1)

    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        until("silent")
        path.write_text(good.replace(",80,%,75,", ",eighty,%,75,", 1))
        until("threshold: expected a number")
        time.sleep(2.5)  # two more rounds
        path.write_text(good)
        with closing(sqlite3.connect(tmp_path / "q.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            until("store: database is locked")
        time.sleep(1.5)
        assert process.poll() is None
        process.terminate()
        assert process.wait(60) == 0
    lines = log.read_text().splitlines()
    assert sum("threshold: expected a number" in line for line in lines) == 1
    assert sum(line == "store: database is locked" for line in lines) == 1
    assert not [line for line in lines if "Traceback" in line]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",80,%,75,", ",eighty,%,75,", "rules.csv:12: threshold: expected a number"),
        (",80,%,75,", ",80,kg,75,", "rules.csv:12: unit: expected one of %"),
        (",80,%,75,", ",80,%,85,", "rules.csv:12: clear: expected a number up to the threshold"),
        (
            "kind=贮存点",
            "kind=仓库",
            "rules.csv:11: scope: expected kind of 贮存库 贮存场 贮存池 贮存罐区 贮存点, not 仓库",
        ),
        ("kind=贮存点", "sort=贮存点", "rules.csv:11: scope: expected category|"),
        ("capacity-90", "capacity-80", "rules.csv:13: rule: expected a value not used before"),
        ("2026-08-14", "2020-08-14", "rules.csv:6: to: expected a day from 2020-09-01 on"),
        ("warm=5", "warm=cold", "rules.csv:5: scope: expected warm=one number of °C"),
        ("held=24", "held=day", "rules.csv:3: scope: expected held=one number of hours"),
        (
            ";hw=HW01,48",
            ";held=9,48",
            "rules.csv:2: scope: expected held only for rules of a whole",
        ),
        ("months=5|", "months=13|", "rules.csv:3: scope: expected months=1|2|… of 1 to 12"),
        ("原文,2026-11-30", "原文,2026-11", "rules.csv:6: read: expected YYYY-MM-DD"),
        ("loss,loss", "loss,smell", "rules.csv:16: kind: expected one of"),
        ("GB 18597-2023 8.3.5,", ",", "rules.csv:11: source: expected a text"),
    ],
)
def test_a_wrong_rule_is_one_line(folder: Path, old: str, new: str, said: str) -> None:
    path = folder / "rules.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(RegistryError) as caught:
        rules.load(folder)
    assert said in str(caught.value)


def test_windows_of_a_site() -> None:
    site = Site("a", "a", "a", "hazardous", ("07:00-09:00", "18:00-20:00"))
    assert closed_since(site, T0 + 8 * HOUR) is None
    assert closed_since(site, T0 + 9 * HOUR) == T0 + 9 * HOUR
    assert closed_since(site, T0 + 6 * HOUR) == T0 - 4 * HOUR
    assert closed_since(Site("a", "a", "a", "hazardous", ()), T0) is None
    night = Site("a", "a", "a", "hazardous", ("22:00-02:00",))
    assert closed_since(night, T0 + HOUR) is None
    assert closed_since(night, T0 + 3 * HOUR) == T0 + 2 * HOUR
