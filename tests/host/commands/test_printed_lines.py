"""Commands say what they wrote and where; what is unknown is named; nothing of somebody's is
written over."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing as closed
from pathlib import Path

import february
import planted
import pytest
from sim_board import ROOT

from host.cli import main
from host.readings.messages import Birth, Weighed
from host.service import backup
from host.store import Batch, Store

DAY = "2024-02-05"
MONTH = "2024-02"
REGISTRY = str(ROOT / "registry")
Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("month") / "q.db"
    with closed(Store(path, create=True)) as store:
        february.put(store)
        weighed = (Weighed("w1", 0, "c1", "2024-01-05", 84213, 21000.0),)
        birth = Birth("aaaaaaaa", 0, 1_706_716_800, 0, 0, b"{}", weighed)
        store.add(Batch(births=[("qy-fs01", "fs-01", birth)]), 1_706_716_800)
        store.compact()
    return path


@pytest.fixture
def db(month: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A month of two points, in a folder where somebody has files."""
    planted.plant(tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home")
    shutil.copy(month, tmp_path / "q.db")
    shutil.copytree(REGISTRY, tmp_path / "registry")
    return tmp_path / "q.db"


def run(db: Path, line: str) -> int:
    words = [
        w.replace("DB", str(db)).replace("REG", str(db.parent / "registry")) for w in line.split()
    ]
    try:
        return main(words)
    except SystemExit as ended:
        return int(str(ended.code))


WRITES = [
    (f"rollup --db DB --registry REG --date {DAY} --out r", "r/daily.csv, r/balance.csv, r/dist"),
    (f"rollup --db DB --registry REG --date {DAY} --out r --xlsx d.xlsx", "d.xlsx: written"),
    (f"explain --db DB --registry REG --date {DAY} --site fs-01 --out d.svg", "d.svg: written"),
    (
        f"report --db DB --registry REG --month {MONTH} --format xlsx --out m.xlsx",
        "m.xlsx: written",
    ),
    (
        f"report --db DB --registry REG --month {MONTH} --format html --out m.html",
        "m.html: written",
    ),
    (f"export --db DB --registry REG --date {DAY} --out e.json", "e.json: written"),
    ("indicators --db DB --registry REG --year 2024 --format csv --out i.csv", "i.csv: written"),
    ("indicators --db DB --registry REG --year 2024 --format xlsx --out i.xlsx", "i.xlsx: written"),
    (f"close-month --db DB --registry REG --month {MONTH} --by Li --yes", "q.db on "),
    ("ledger update --db DB --registry REG", "q.db: 0 entries added to the ledger"),
    ("backup --db DB --registry REG backups", "files, "),
    (f"transfers compare --db DB --registry REG --month {MONTH} --csv c.csv", "c.csv: written"),
    ("archive --db DB --keep-days 1", "moved to "),
]


@pytest.mark.parametrize(("line", "said"), WRITES)
def test_what_was_written_and_where(db: Path, line: str, said: str, capfd: Said) -> None:
    assert run(db, line) == 0
    assert said in capfd.readouterr().out


NOTHING = [
    (
        "rollup --db DB --registry REG --date 2024-03-05 --out r",
        "no readings of 2024-03-05; it has",
    ),
    ("events --db DB --registry REG --date 2024-03-05", "no readings of 2024-03-05; it has"),
    (f"events --db DB --registry REG --date {DAY} --site hw-01", f"{DAY}: no events at hw-01"),
    ("explain --db DB --registry REG --date 2023-01-01 --site fs-01", "no readings of 2023-01-01"),
    ("quarantine --db DB", "q.db: nothing in quarantine"),
    ("adjustments --db DB", "q.db: no month is closed"),
    ("ledger show --db DB --registry REG", "q.db: none of its 0 entries is such a one"),
    ("alarms show --db DB --registry REG", "q.db: no alarm is open"),
    ("alarms show --db DB --registry REG --all", "q.db: never an alarm"),
    (f"transfers match --db DB --registry REG --month {MONTH}", "q.db: no papers and nothing"),
    ("user list --db DB", "q.db: no users; qingyun user add"),
]


@pytest.mark.parametrize(("line", "said"), NOTHING)
def test_nothing_is_said_too(db: Path, line: str, said: str, capfd: Said) -> None:
    assert run(db, line) == 0
    assert said in capfd.readouterr().out


UNKNOWN = [
    ("calibrations --db DB --device qy-x --channel w1", "--device: expected one that "),
    ("calibrations --db DB --device qy-jt01 --channel w1", "--channel: expected one of qy-jt01 "),
    ("calibrations --db DB --device qy-fs01 --channel w9", "knows (w1), found 'w9'"),
    (
        "recalibrate --db DB --registry REG --device qy-x --channel w1 --by Li --calibration c1 "
        "--zero 1 --counts-per-kg 21000 --reason typed",
        "knows (qy-fs01 qy-jt01), found 'qy-x'",
    ),
    (f"events --db DB --registry REG --date {DAY} --site x", "a site of sites.csv, found 'x'"),
    (f"explain --db DB --registry REG --date {DAY} --site x", "a site of sites.csv, found 'x'"),
    ("homeassistant --registry REG --site x --publish 127.0.0.1:1", "a site of sites.csv"),
    ("ledger show --db DB --registry REG --store x", "expected one of stores.csv (hw-01-a), found"),
    ("alarms show --db DB --registry REG --store x", "expected one of stores.csv (hw-01-a), found"),
    ("ledger show --db DB --registry REG --table x", "--table: expected one of"),
    (
        f"ledger export --db DB --registry REG --month {MONTH} --institution x --out o.xlsx",
        "--institution: expected one of",
    ),
    (f"adjustments --db DB --month {MONTH}", "expected a closed month (none), found 2024-02"),
    ("import-figures --db DB --show x 2024", "--show: expected a figure"),
    ("user role x --role admin --db DB", "expected a name that is there, found 'x'"),
    ("revoke x --fleet absent", "absent: no such folder"),
    ("trace daily:2024-02-05/x/湿垃圾 --db DB --registry REG", "x"),
    ("quarantine --db DB --limit x", "expected a whole number, 1 or more, found 'x'"),
]


@pytest.mark.parametrize(("line", "said"), UNKNOWN)
def test_what_is_unknown_is_named(db: Path, line: str, said: str, capfd: Said) -> None:
    before = planted.tree(db.parent / "home")
    assert run(db, line) == 2
    told = capfd.readouterr()
    (error,) = [x for x in told.err.splitlines() if "error:" in x]
    assert said in error
    assert planted.tree(db.parent / "home") == before


# Each names something that is there already and is not what the command writes.
OVER = [
    f"rollup --db DB --registry REG --date {DAY} --out docs",
    f"rollup --db DB --registry REG --date {DAY} --out thesis.docx",
    f"rollup --db DB --registry REG --date {DAY} --out to-letter",
    f"rollup --db DB --registry REG --date {DAY} --out round",
    f"report --db DB --registry REG --month {MONTH} --format html --out DB",
    f"report --db DB --registry REG --month {MONTH} --format html --out docs/letter.txt",
    f"report --db DB --registry REG --month {MONTH} --format html --out to-letter",
    f"report --db DB --registry REG --month {MONTH} --format html --out docs",
    f"report --db DB --registry REG --month {MONTH} --format xlsx --out key/update.key",
    f"export --db DB --registry REG --date {DAY} --out .profile",
    f"export --db DB --registry REG --date {DAY} --out key/update.key",
    f"export --db DB --registry REG --date {DAY} --out docs/letter.txt/e.json",
    "indicators --db DB --registry REG --year 2024 --format csv --out docs/daily.csv",
    "indicators --db DB --registry REG --year 2024 --format json --out DB",
    f"explain --db DB --registry REG --date {DAY} --site fs-01 --out docs/deep/er/photo.svg/x.svg",
    f"transfers compare --db DB --registry REG --month {MONTH} --csv REG/sites.csv",
    f"ledger export --db DB --registry REG --month {MONTH} --format csv --out docs/letter.txt",
    "ingest --db DB --registry REG --broker 127.0.0.1:1 --stats docs/letter.txt",
    "update absent.bundle --registry REG --log docs/letter.txt",
    "bundle --new-key key/update.key",
    "provision FLEET --broker b.example --registry REG --fleet .",
    "provision FLEET --broker b.example --registry REG --fleet docs",
    "provision FLEET --broker b.example --registry REG --fleet fleet",
    "provision FLEET --broker b.example --registry REG --fleet docs/letter.txt",
    "restore --db docs/letter.txt BACKUP",
    "restore --db new.db --registry-to docs BACKUP",
    "restore --db new.db --registry-to REG BACKUP",
    "restore --db absent/new.db BACKUP",
    "restore --db DB BACKUP",
]


@pytest.mark.parametrize("line", OVER)
def test_nothing_of_somebody_is_written_over(db: Path, line: str, capfd: Said) -> None:
    """One line, exit code 2, every byte as it was: of the home, the registry, the database."""
    made = ""
    if "BACKUP" in line:
        assert run(db, f"backup --db DB --registry REG {db.parent}/backups") == 0
        made = capfd.readouterr().out.partition(":")[0]
    fleet = str(ROOT / "boards" / "esp32" / "fleet.example.csv")
    if "ledger" not in line and "BACKUP" not in line:
        run(db, f"rollup --db DB --registry REG --date {DAY} --out ../before")  # the book is made
        capfd.readouterr()
    before = {**planted.tree(db.parent / "home"), **planted.tree(db.parent / "registry")}
    rows = held(db)
    assert run(db, line.replace("FLEET", fleet).replace("BACKUP", made)) == 2
    (error,) = [x for x in capfd.readouterr().err.splitlines() if "error:" in x]
    assert error.startswith("qingyun: error: ")
    after = {**planted.tree(db.parent / "home"), **planted.tree(db.parent / "registry")}
    assert {k: v for k, v in after.items() if k in before} == before
    assert not [k for k in after if k not in before and "docs" in k and "balance" not in k]
    assert held(db) == rows


def held(db: Path) -> int:
    with closed(Store(db)) as store:
        return store.dated(0, 1 << 30)


def test_a_backup_that_somebody_has_put_something_into_stays(db: Path, capfd: Said) -> None:
    target = db.parent / "backups"
    for n in range(3):
        name = f"qingyun-2024030{n + 1}T000000Z"
        assert run(db, f"backup --db DB --registry REG {target}") == 0
        (new,) = (p for p in target.iterdir() if not p.name.startswith("qingyun-202403"))
        new.rename(target / name)
    (target / "qingyun-20240301T000000Z" / "registry" / "mine.txt").write_text("mine")
    (target / "qingyun-by-hand-Z").mkdir()
    (target / "qingyun-by-hand-Z" / backup.LIST).write_text("mine")
    removed, left = backup.prune(target, 1)
    assert [p.name for p in removed] == ["qingyun-20240302T000000Z"]
    assert "registry/mine.txt is not of that backup" in left[0]
    names = sorted(p.name for p in target.iterdir())
    assert names == ["qingyun-20240301T000000Z", "qingyun-20240303T000000Z", "qingyun-by-hand-Z"]


# Closing a month

CLOSE = "close-month --db DB --registry REG --by Li"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{CLOSE} --month 2024-01 --yes", "has none of 2024-01; it has 2024-02-01 to 2024-02-29"),
        (f"{CLOSE} --month 2099-01 --yes", "a month that is over, found 2099-01; close it from 20"),
        (f"{CLOSE} --month {MONTH}", "expected --yes, or a terminal to ask at; nothing was closed"),
    ],
)
def test_a_month_that_is_not_closed(db: Path, line: str, said: str, capfd: Said) -> None:
    assert run(db, line) == 2
    told = capfd.readouterr()
    assert said in told.err.splitlines()[-1]
    assert run(db, "adjustments --db DB") == 0
    assert "no month is closed" in capfd.readouterr().out


@pytest.mark.parametrize(("answer", "code"), [("yes", 2), ("2024-03", 2), ("", 2), (MONTH, 0)])
def test_a_person_sees_what_is_closed_and_is_asked(db: Path, answer: str, code: int) -> None:
    """On a terminal: only the month itself closes it."""
    near, far = os.openpty()
    words = CLOSE.replace("DB", str(db)).replace("REG", REGISTRY).split()
    command = [sys.executable, "-m", "host.cli", *words, "--month", MONTH]
    process = subprocess.Popen(
        command, stdin=far, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    os.write(near, f"{answer}\n".encode())
    out, err = process.communicate()
    os.close(near)
    os.close(far)
    assert process.returncode == code, err
    assert "湿垃圾" in out and "29 days, 0 of them without any reading" in out
    assert "A closed month is never opened again" in out
    assert (f"{MONTH} closed in {db} on " in out) == (code == 0)
    with closed(Store(db)) as store:
        assert bool(store.database.query("SELECT month FROM closing")) == (code == 0)
