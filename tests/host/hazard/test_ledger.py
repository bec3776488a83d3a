"""The ledger: steps of the scales become entries, nothing in it can be changed unseen."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from drums import DrumBoard
from host_job import qingyun
from openpyxl import load_workbook
from sim_board import ROOT
from sqlite_of import sqlite_of
from tampering import unlock

from host.hazard import HazardError, balance, ledger, ledger_posting, manual_entries, register
from host.hazard.entry import MISSING, PRODUCED, REGISTER, SCALE, STORED, TABLES, TAKEN
from host.hazard.hj1259 import missing
from host.hazard.stock import stock_of
from host.hazard.update import bring_up_to_date
from host.store import Store, chains
from host.store import hazard as sql

KNOWN = register.load(ROOT / "registry")
HOUR, DAY = 3600, 86_400
T0 = 1_772_467_200  # 2026-03-03 00:00 in Shanghai
REGISTRY = ("--registry", ROOT / "registry")


def board(t: int = T0) -> DrumBoard:
    made = DrumBoard("qy-hw01", "hw-01", t, {"w1": 0, "w2": 0})
    made._say()
    return made


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Oil: 20 kg, 30 kg in, 35 kg out on the next day; sludge: 12 kg in."""
    path = tmp_path / "q.db"
    store = Store(path, create=True)
    made = board()
    made.step(T0 + 9 * HOUR, "w1", 20_000).step(T0 + 10 * HOUR, "w2", 12_000)
    made.step(T0 + 15 * HOUR, "w1", 30_000).step(T0 + DAY + 9 * HOUR, "w1", -35_000)
    made.until(T0 + 2 * DAY).store(store)
    store.close()
    return path


def seen(store: Store, now: int) -> list[ledger_posting.Seen]:
    return [ledger_posting.see(store, KNOWN, b, now) for b in KNOWN.platforms("hw-01-a")]


def update(store: Store, now: int) -> ledger_posting.Booked:
    return ledger_posting.update(store, KNOWN, seen(store, now), now)


def test_steps_become_entries(db: Path) -> None:
    store = Store(db)
    added = update(store, T0 + 2 * DAY).added
    told = [(e.table, e.batch, e.container, e.code, e.grams) for e in added]
    assert told == [
        (STORED, "HWRK20260303001", "xq-oil-01", "900-214-08", 20_000),
        (STORED, "HWRK20260303002", "xq-sludge-01", "336-064-17", 12_000),
        (STORED, "HWRK20260303003", "xq-oil-01", "900-214-08", 30_000),
        (TAKEN, "HWCK20260304001", "xq-oil-01", "900-214-08", 35_000),
    ]
    first, out = added[0], added[3]
    assert first.value("入库量") == ("20.000", SCALE)
    assert first.value("贮存设施编码") == ("TS001", REGISTER)
    assert first.value("贮存部门经办人") == ("", MISSING)
    assert missing(first) == ["运送部门经办人", "贮存部门经办人", "产生批次编码"]
    # First in, first out: all of the first batch and 15 kg of the second.
    assert out.upstream == ["HWRK20260303001", "HWRK20260303003"]
    assert out.weighed and (out.weighed.before_g, out.weighed.after_g) == (50_000, 15_000)
    assert update(store, T0 + 2 * DAY).added == []  # once
    shelf = stock_of(KNOWN, ledger.live(ledger.read(store))).shelves["xq-oil-01"]
    assert (shelf.grams, shelf.oldest) == (15_000, added[2].t)


def test_a_lean_is_not_booked_and_a_step_only_once_it_has_settled(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    made = board().step(T0 + HOUR, "w1", 60_000)
    made.store(store)
    assert update(store, made.t + 60).added == []
    made.step(made.t + 40, "w1", -60_000).until(T0 + 2 * HOUR).store(store)
    assert update(store, T0 + 2 * HOUR).added == []


def test_readings_that_come_late_reverse_what_they_undo(tmp_path: Path) -> None:
    """What looked like 60 kg put on was somebody who leaned: the rest came with the backlog."""
    store = Store(tmp_path / "q.db", create=True)
    made = board().step(T0 + HOUR, "w1", 60_000)
    made.store(store)
    (entry,) = update(store, made.t + 130).added
    assert entry.grams == 60_000
    made.step(made.t + 40, "w1", -60_000).until(T0 + 2 * HOUR).store(store)
    done = update(store, T0 + 2 * HOUR)
    assert [(e.reverses, e.grams, e.by) for e in done.added] == [(entry.id, -60_000, "系统")]
    assert ledger.live(ledger.read(store)) == []
    assert update(store, T0 + 3 * HOUR).added == []
    assert ledger.verify(store) == []


def test_a_person_fills_in_and_corrects_and_the_scale_does_not_take_it_back(db: Path) -> None:
    store = Store(db)
    update(store, T0 + 2 * DAY)
    store.close()
    done = qingyun(
        *("ledger", "reverse", "1", "--db", db, "--by", "王五", "--reason", "桶已称重"),
        *("--set", "贮存部门经办人=李四", "--kg", "19.5"),
    )
    assert done.returncode == 0, done.stderr
    store = Store(db)
    entries = ledger.read(store)
    assert [(e.grams, e.reverses, e.by) for e in entries[4:]] == [
        (-20_000, 1, "王五"),
        (19_500, 0, "王五"),
    ]
    assert entries[5].batch == "HWRK20260303001"
    assert entries[5].value("入库量") == ("19.500", "人工")
    assert entries[5].value("贮存部门经办人") == ("李四", "人工")
    assert update(store, T0 + 3 * DAY).added == []
    store.close()
    again = qingyun("ledger", "reverse", "1", "--db", db, "--by", "王五", "--reason", "x")
    assert again.returncode == 2
    assert again.stderr == "qingyun: error: ledger: 1 was reversed already\n"
    wrong = qingyun(
        *("ledger", "reverse", "2", "--db", db, "--by", "x", "--reason", "x", "--set", "去向=x")
    )
    assert wrong.returncode == 2 and "found '去向'" in wrong.stderr


def test_the_other_tables_by_hand_and_by_file(db: Path, tmp_path: Path) -> None:
    done = qingyun(
        *("ledger", "add", "--db", db, *REGISTRY, "--by", "王五", "--table", "产生"),
        *("--container", "xq-oil-01", "--kg", "20", "--time", "2026-03-03 08:30"),
        *("--set", "去向=贮存"),
    )
    assert done.returncode == 0, done.stderr
    assert "HWCS20260303001" in done.stdout
    file = tmp_path / "more.csv"
    head = "table,time,kg,container,institution,code,接收单位名称,利用/处置方式,自行利用/处置方式\n"
    rows = (
        "委外利用/处置,2026-03-04 10:00,３５,xq-oil-01,,,某公司,R9,\n"
        "自行利用/处置,2026/3/5 9:00,1.5,,xq-jm,HW17/336-064-17,,,D1\n"
    )
    file.write_bytes((head + rows).encode("gb18030"))
    done = qingyun("ledger", "add", "--db", db, *REGISTRY, "--by", "李四", "--file", file)
    assert done.returncode == 0, done.stderr
    assert "not UTF-8, read as GB18030" in done.stdout
    assert "more.csv:2: kg: '３５' read as '35'" in done.stdout
    store = Store(db)
    by_table = {e.table: e for e in ledger.read(store)}
    assert set(by_table) == {PRODUCED, "委外利用/处置", "自行利用/处置"}
    outside = by_table["委外利用/处置"]
    assert outside.value("接收单位名称") == ("某公司", "导入")
    assert outside.value("接收单位许可证编码") == ("", MISSING)
    assert by_table["自行利用/处置"].value("自行利用/处置方式") == ("D1", "导入")
    before = len(ledger.read(store))
    file.write_text(head + rows.replace(" 9:00", " 25:00"))
    done = qingyun("ledger", "add", "--db", db, *REGISTRY, "--by", "李四", "--file", file)
    assert done.returncode == 2 and "more.csv:3: time: expected a date" in done.stderr
    assert len(ledger.read(store)) == before


def test_the_balance_closes(db: Path) -> None:
    store = Store(db)
    update(store, T0 + 2 * DAY)
    live = ledger.live(ledger.read(store))
    found = {
        b.code: b
        for b in balance.balances(KNOWN, live, seen(store, T0 + 2 * DAY), T0, T0 + 2 * DAY)
    }
    oil = found["900-214-08"]
    assert (oil.opening, oil.stored, oil.taken, oil.closing) == (0, 50_000, 35_000, 15_000)
    assert oil.residual == 0 and oil.closes
    # Two ends and three steps of two weighings; up to 25 kg ±1 e, above it ±2 e, in service:
    # 0, 0 → 20, 20 → 50, 50 → 15, 15: 0 0 20 20 | 50 50 | 15 15
    assert oil.limit == int((6 * 50**2 + 2 * 100**2) ** 0.5)
    # From the second day on, with 50 kg standing there.
    later = balance.balances(KNOWN, live, seen(store, T0 + 2 * DAY), T0 + DAY, T0 + 2 * DAY)
    oil = next(b for b in later if b.code == "900-214-08")
    assert (oil.opening, oil.stored, oil.taken, oil.closing) == (50_000, 0, 35_000, 15_000)


def test_what_leaks_away_stays_in_the_balance(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    made = board().step(T0 + HOUR, "w1", 50_000)
    for n in range(30):  # 100 g every 5 min: no step
        made.values["w1"] -= 100
        made.until(T0 + HOUR + 400 + 300 * (n + 1))
    made.until(T0 + DAY).store(store)
    update(store, T0 + DAY)
    live = ledger.live(ledger.read(store))
    (oil,) = balance.balances(KNOWN, live, seen(store, T0 + DAY), T0, T0 + DAY)
    assert oil.residual == 3000 and not oil.closes
    shelf = stock_of(KNOWN, live).shelves["xq-oil-01"]
    assert shelf.unexplained(47_000) == 3000
    manual_entries.add(
        *(store, KNOWN, [manual_entries.Draft(TAKEN, T0 + DAY, 3000, container="xq-oil-01")]),
        *("王五", T0 + 2 * DAY),
    )
    shelf = stock_of(KNOWN, ledger.live(ledger.read(store))).shelves["xq-oil-01"]
    assert shelf.unexplained(47_000) == 0


def test_a_drum_that_comes_and_goes_is_not_waste(tmp_path: Path) -> None:
    """containers.csv gives the drum 18 kg: 218 kg on the scale are 200 kg of waste."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for file in (ROOT / "registry").glob("*.csv"):
        text = file.read_text().replace("200L铁桶,0,", "200L铁桶,18,")
        (folder / file.name).write_text(text)
    known = register.load(folder)
    store = Store(tmp_path / "q.db", create=True)
    made = board().step(T0 + HOUR, "w1", 118_000)
    made.until(T0 + 3 * HOUR).store(store)
    see = [ledger_posting.see(store, known, b, T0 + 3 * HOUR) for b in known.platforms("hw-01-a")]
    (entry,) = ledger_posting.update(store, known, see, T0 + 3 * HOUR).added
    assert entry.grams == 100_000
    (oil,) = balance.balances(known, [entry], see, T0, T0 + 3 * HOUR)
    assert (oil.closing, oil.residual) == (100_000, 0)


def test_a_platform_without_a_container_is_told_and_not_booked(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    for file in (ROOT / "registry").glob("*.csv"):
        (folder / file.name).write_text(file.read_text().replace("可燃物,,", "可燃物,,2026-03-02"))
    known = register.load(folder)
    store = Store(tmp_path / "q.db", create=True)
    board().step(T0 + HOUR, "w1", 20_000).until(T0 + 3 * HOUR).store(store)
    see = [ledger_posting.see(store, known, b, T0 + 3 * HOUR) for b in known.platforms("hw-01-a")]
    done = ledger_posting.update(store, known, see, T0 + 3 * HOUR)
    assert done.added == [] and "no container" in done.notes[0]


def tamper(db: sqlite3.Connection, luck: random.Random, n: int) -> str:
    """One change as somebody with the file might make it."""
    ids = [row[0] for row in db.execute("SELECT id FROM ledger ORDER BY id")]
    victim = luck.choice(ids)
    how = n % 6
    if how == 0:  # another mass
        (text,) = db.execute("SELECT body FROM ledger WHERE id=?", (victim,)).fetchone()
        place = luck.choice([i for i, c in enumerate(text) if c.isdigit()])
        other = str((int(text[place]) + luck.randint(1, 9)) % 10)
        db.execute(
            "UPDATE ledger SET body=? WHERE id=?",
            (text[:place] + other + text[place + 1 :], victim),
        )
    elif how == 1:
        db.execute("DELETE FROM ledger WHERE id=?", (victim,))
    elif how == 2:  # removed, and those that follow renumbered
        db.execute("DELETE FROM ledger WHERE id=?", (victim,))
        db.execute("UPDATE ledger SET id=id-1 WHERE id>?", (victim,))
    elif how == 3:  # one more at the end, its hash right
        link = chains.Link(*db.execute("SELECT * FROM ledger ORDER BY id DESC LIMIT 1").fetchone())
        text = link.body.replace(f'"id":{link.id}', f'"id":{link.id + 1}', 1)
        digest = chains.digest(link.hash, link.id + 1, text)
        row = link.id + 1, text, link.hash, digest
        db.execute("INSERT INTO ledger (id, body, prev, hash) VALUES (?,?,?,?)", row)
    elif how == 4:  # changed with its own hash made new
        row = db.execute("SELECT * FROM ledger WHERE id=?", (victim,)).fetchone()
        text = row[1].replace('"by":"系统"', '"by":"张三"')
        assert text != row[1]
        values = text, chains.digest(row[2], victim, text), victim
        db.execute("UPDATE ledger SET body=?, hash=? WHERE id=?", values)
    else:  # two rows change places
        other_id = luck.choice([i for i in ids if i != victim])
        a, b = (
            db.execute("SELECT body FROM ledger WHERE id=?", (i,)).fetchone()[0]
            for i in (victim, other_id)
        )
        db.execute("UPDATE ledger SET body=? WHERE id=?", (b, victim))
        db.execute("UPDATE ledger SET body=? WHERE id=?", (a, other_id))
    return ("changed", "removed", "renumbered", "appended", "rehashed", "swapped")[how]


def test_every_one_of_100_tamperings_is_found(db: Path) -> None:
    store = Store(db)
    entries = update(store, T0 + 2 * DAY).added
    for _ in range(15):  # a longer chain
        ledger.add(store, entries)
    assert ledger.verify(store) == []
    luck, found, kinds = random.Random(7), 0, set()  # noqa: S311
    for n in range(100):
        sqlite_of(store).execute("BEGIN")
        unlock(sqlite_of(store))
        kinds.add(tamper(sqlite_of(store), luck, n))
        found += bool(ledger.verify(store))
        sqlite_of(store).execute("ROLLBACK")
    assert ledger.verify(store) == []
    assert found == 100
    assert len(kinds) == 6


def test_a_chain_made_anew_is_found_by_what_was_written_down(db: Path) -> None:
    store = Store(db)
    update(store, T0 + 2 * DAY)
    store.close()
    whole = qingyun("ledger", "verify", "--db", db)
    assert whole.returncode == 0 and "4 rows, whole" in whole.stdout
    noted = whole.stdout.split("head ")[1].strip()
    store = Store(db)
    bodies = [
        link.body.replace("李四", "x").replace('"id":' + str(link.id), '"id":{id}')
        for link in sql.links(store)
    ]
    bodies[0] = bodies[0].replace("20.000", "10.000")
    unlock(sqlite_of(store))
    sqlite_of(store).execute("DELETE FROM ledger")
    sqlite_of(store).execute("DELETE FROM ledger_head")
    sql.append(store, bodies)
    store.close()
    assert qingyun("ledger", "verify", "--db", db).returncode == 0
    found = qingyun("ledger", "verify", "--db", db, "--head", noted)
    assert found.returncode == 1 and "not the same ledger" in found.stdout


def test_the_commands(db: Path, tmp_path: Path) -> None:
    done = qingyun("ledger", "update", "--db", db, *REGISTRY)
    assert (done.returncode, done.stdout) == (0, f"{db}: 4 entries added to the ledger\n")
    shown = qingyun("ledger", "show", "--db", db, "--table", "出库")
    assert "HWCK20260304001" in shown.stdout and "出库部门经办人" in shown.stdout
    one = qingyun("ledger", "show", "--db", db, "--id", "4")
    assert "入库批次编码: HWRK20260303001 HWRK20260303003  [台账]" in one.stdout
    assert "50.000 kg (seq" in one.stdout
    stock = qingyun("ledger", "stock", "--db", db, *REGISTRY, "--as-of", "2026-03-04")
    assert "15.000" in stock.stdout and "0.3 % of capacity" in stock.stdout
    done = qingyun("ledger", "balance", "--db", db, *REGISTRY, "--month", "2026-03")
    assert done.returncode == 0, done.stdout
    month = ("ledger", "export", "--db", db, *REGISTRY, "--month", "2026-03")
    done = qingyun(*month, "--format", "csv", "--out", tmp_path / "csv")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "csv" / "入库.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 4 and "HWRK20260303001,秤" not in lines[0]
    done = qingyun(*month, "--out", tmp_path / "l.xlsx")
    assert done.returncode == 0, done.stderr
    book_ = load_workbook(tmp_path / "l.xlsx")
    assert book_.sheetnames == [t.replace("/", "或") for t in TABLES]
    assert "HWRK20260303001" in [c.value for row in book_["入库"].iter_rows() for c in row]


def test_wrong_use_is_one_line(db: Path) -> None:
    for args, said in (
        (("show", "--db", db, "--month", "2026"), "--month: expected YYYY-MM, found '2026'"),
        (("show", "--db", db, "--id", "9"), "--id: expected the id of an entry, found 9"),
        (
            (
                "add",
                "--db",
                db,
                *REGISTRY,
                "--by",
                "x",
                "--table",
                "入库",
                "--kg",
                "-1",
                "--time",
                "2026-03-03 08:00",
            ),
            "--kg: expected more than 0",
        ),
    ):
        done = qingyun("ledger", *args)
        assert done.returncode == 2, done.stdout
        assert said in done.stderr and done.stderr.count("\n") == 1


def test_a_wrong_batch_is_refused(db: Path) -> None:
    store = Store(db)
    update(store, T0 + 2 * DAY)
    said = manual_entries.Draft(STORED, T0, 1000, container="xq-oil-01", batch="HWRK20260303001")
    with pytest.raises(HazardError, match="is there already"):
        manual_entries.add(store, KNOWN, [said], "王五", T0 + DAY)


def test_an_update_looks_at_what_is_new_and_at_what_came_late(tmp_path: Path) -> None:
    """Five weeks, updated each day from the readings of eight: as if from all of them."""
    store = Store(tmp_path / "q.db", create=True)
    made = board()
    luck = random.Random(5)  # noqa: S311
    load, looked = 0, 0
    for day in range(35):
        grams = luck.randint(1, 20) * 1000
        made.step(T0 + day * DAY + 9 * HOUR, "w1", grams)
        load += grams
        if load > 100_000:
            made.step(T0 + day * DAY + 15 * HOUR, "w1", -load)
            load = 0
        late = made.readings if day % 5 else []  # every fifth day's come with the next one's
        if late:
            made.until(T0 + (day + 1) * DAY - 1).store(store)
        _, found = bring_up_to_date(store, KNOWN, T0 + (day + 1) * DAY)
        looked = max(looked, len(found[0].samples))
    made.store(store)
    booked = [(e.t, e.table, e.grams) for e in ledger.live(ledger.read(store))]
    assert looked < 10 * 300 + 35
    whole = Store(tmp_path / "whole.db", create=True)
    sqlite_of(store).backup(sqlite_of(whole))
    unlock(sqlite_of(whole))
    for table in ("ledger", "ledger_head", "hazard_mark"):
        sqlite_of(whole).execute(f"DELETE FROM {table}")  # noqa: S608
    bring_up_to_date(whole, KNOWN, T0 + 35 * DAY)
    assert [(e.t, e.table, e.grams) for e in ledger.live(ledger.read(whole))] == booked
    assert not any(e.reverses for e in ledger.read(store))
    bring_up_to_date(store, KNOWN, T0 + 35 * DAY, everything=True)
    assert len(ledger.read(store)) == len(booked)


def test_several_updates_at_once_book_each_step_once(db: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "host.cli",
        "ledger",
        "update",
        "--db",
        str(db),
        *map(str, REGISTRY),
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=300)[0] for process in running]
    assert sorted(said) == [f"{db}: {n} entries added to the ledger\n" for n in (0, 0, 0, 4)]
    store = Store(db)
    assert len(ledger.read(store)) == 4 and ledger.verify(store) == []


def test_what_was_read_before_somebody_else_wrote_is_not_written(db: Path) -> None:
    store = Store(db)
    update(store, T0 + 2 * DAY)
    held = ledger.read(store)
    ledger.add(store, [ledger.reversal(held[0], "王五", "x", T0)], held)
    with pytest.raises(HazardError, match="somebody else has just added to it"):
        ledger.add(store, [ledger.reversal(held[0], "李四", "x", T0)], held)
    assert len(ledger.read(store)) == 5
