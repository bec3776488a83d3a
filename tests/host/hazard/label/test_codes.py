"""数字识别码: made as the layout says, committed with their entry, never handed out twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import labelled
import msgspec
import older
import pytest
from drums import DrumBoard
from labelled import DAY, T0, UNIT
from soak import in_part
from sqlite_of import sqlite_of

from host.hazard import HazardError, hj1259, ledger, ledger_posting, register
from host.hazard.entry import CODE, ISSUED, STORED, Entry
from host.hazard.entry import body as entry_body
from host.hazard.label import issue, tables
from host.hazard.ledger_posting import corrected
from host.store import STEPS, Store, chains, label_codes
from host.store.database import Database

KNOWN = labelled.known()
STEM = f"{UNIT}9002140820260303"


def using(store: Store, serials: str | None = None, journal: Path | None = None) -> issue.Issuer:
    return issue.issuer(store, KNOWN, journal, serials)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def codes(entries: list[Entry]) -> list[str]:
    return [e.values[CODE] for e in entries]


def test_a_code_has_four_segments(store: Store, journal: Path) -> None:
    (entry,) = issue.add(using(store, None, journal), [labelled.entry(KNOWN, T0 + 5)])
    code = entry.values[CODE]
    assert code == "91350100M000100Y43" + "90021408" + "20260303" + "001"
    assert len(code) == 37 and entry.origin[CODE] == ISSUED
    assert tables.layout().parts(code) == {
        "unit": UNIT, "waste": "90021408", "date": "20260303", "serial": "001",
    }  # fmt: skip
    assert tables.layout().spaced(code) == f"{UNIT} 90021408 20260303 001"
    found = label_codes.find(store.database, code)
    assert found is not None and (found.entry, found.code) == (entry.id, code)


def test_the_date_is_that_of_shanghai(store: Store, journal: Path) -> None:
    """23:59 and 00:00 there; both are the same day of UTC."""
    added = issue.add(
        using(store, None, journal),
        [labelled.entry(KNOWN, T0 + DAY - 60), labelled.entry(KNOWN, T0 + DAY)],
    )
    assert [c[26:34] for c in codes(added)] == ["20260303", "20260304"]


@pytest.mark.each_engine
def test_codes_count_on_by_unit_waste_and_day(store: Store, journal: Path) -> None:
    one = using(store, None, journal)
    oil, sludge = labelled.entry(KNOWN, T0), labelled.entry(KNOWN, T0, container="xq-sludge-01")
    assert [c[-3:] for c in codes(issue.add(one, [oil, sludge, oil]))] == ["001", "001", "002"]
    tomorrow = labelled.entry(KNOWN, T0 + DAY)
    assert [c[-3:] for c in codes(issue.add(one, [tomorrow, oil]))] == ["001", "003"]
    # A clock that is put back gives the codes of that day, from where they stood.
    assert codes(issue.add(one, [oil])) == [f"{STEM}004"]
    assert ledger.verify(store) == []


@pytest.mark.each_engine
def test_an_entry_that_is_there_gets_a_code_by_reversal(store: Store, journal: Path) -> None:
    one = using(store, None, journal)
    (old,) = ledger.add(store, [labelled.entry(KNOWN, T0)])
    undone, again = issue.give(one, [old.id], "王五", T0 + 900)
    assert (undone.reverses, undone.grams) == (old.id, -old.grams)
    assert (again.batch, again.grams, again.t) == (old.batch, old.grams, old.t)
    assert again.values[CODE] == f"{STEM}001" and again.by == "王五"
    assert again.origin == old.origin | {CODE: ISSUED}  # the mass is still that of the scale
    assert ledger.verify(store) == []
    cells = hj1259.table(STORED, ledger.live(ledger.read(store)), "2026-03", "x").rows[0]
    assert f"{STEM}001" in cells
    for id_, said in ((old.id, "was reversed already"), (again.id, "has the code"), (9, "found 9")):
        with pytest.raises(HazardError, match=said):
            issue.give(one, [id_], "王五", T0 + 900)


def test_a_correction_keeps_the_code(store: Store, journal: Path) -> None:
    (entry,) = issue.add(using(store, None, journal), [labelled.entry(KNOWN, T0)])
    rows = [
        ledger.reversal(entry, "王五", "x", T0),
        corrected(entry, "王五", "x", T0, values={}, grams=9_000),
    ]
    ledger.add(store, rows)
    found = issue.entry_of(ledger.read(store), f"{STEM}001")
    assert found is not None and found.grams == 9_000
    assert codes(issue.add(using(store, None, journal), [labelled.entry(KNOWN, T0)])) == [
        f"{STEM}002"
    ]


@pytest.mark.each_engine
def test_a_code_that_a_person_gave_is_not_handed_out(store: Store, journal: Path) -> None:
    given = labelled.entry(KNOWN, T0)
    rows = [given.values | {CODE: f"{STEM}{n}"} for n in ("001", "002", "999")]
    ledger.add(store, [msgspec.structs.replace(given, values=v) for v in rows])
    one = using(store, None, journal)
    assert codes(issue.add(one, [given, given])) == [f"{STEM}003", f"{STEM}004"]


def test_codes_of_a_ledger_from_before_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of the schema before this one, whose ledger has a code that a person gave."""
    given = labelled.entry(KNOWN, T0)
    older.database(tmp_path / "q.db", monkeypatch, [name for name, _ in STEPS].index("labels.sql"))
    bodies = [
        entry_body(msgspec.structs.replace(given, values=given.values | {CODE: c}))
        for c in (f"{STEM}001", "somebody's own")
    ]
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_migrate", lambda *_: None)
        with closing(Store(tmp_path / "q.db")) as store, store.database.transaction():
            chains.add_to_ledger(store.database, bodies, None)
    with closing(Store(tmp_path / "q.db")) as store:
        assert codes(issue.add(using(store), [given])) == [f"{STEM}002"]
        assert label_codes.find(store.database, "somebody's own") is not None


@pytest.mark.each_engine
def test_two_hosts_with_stores_of_their_own_have_shares(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other.db", create=True)
    a, b = using(store, "1-2", tmp_path / "a"), using(other, "500-999", tmp_path / "b")
    entry = labelled.entry(KNOWN, T0)
    assert codes(issue.add(a, [entry, entry])) == [f"{STEM}001", f"{STEM}002"]
    assert codes(issue.add(b, [entry])) == [f"{STEM}500"]
    with pytest.raises(HazardError) as caught:
        issue.add(a, [labelled.entry(KNOWN, T0 + DAY), entry])
    said = str(caught.value)
    assert "serials 1-2 of this unit, waste and day are used up" in said and "\n" not in said
    assert "larger share" in said
    # Nothing of it is there: no entry, no code of the next day.
    assert len(ledger.read(store)) == 2 and label_codes.count(store.database) == 2
    other.close()


@pytest.mark.parametrize("text", ["0-5", "5-4", "1-1000", "1", "a-b", "-1-5"])
def test_a_wrong_share_is_one_line(store: Store, text: str) -> None:
    with pytest.raises(HazardError, match="--serials: expected FIRST-LAST of 1 to 999, found"):
        using(store, text)


def test_the_last_serial_of_a_day_is_handed_out_and_no_other(store: Store, journal: Path) -> None:
    one = using(store, None, journal)
    entry = labelled.entry(KNOWN, T0)
    sqlite_of(store).execute("PRAGMA synchronous=OFF")
    added = issue.add(one, [entry] * 999)
    assert added[-1].values[CODE].endswith("999")
    with pytest.raises(HazardError, match=r"serials 1-999 .* used up"):
        issue.add(one, [entry])
    assert issue.add(one, [labelled.entry(KNOWN, T0 + DAY)])


@pytest.mark.each_engine
def test_after_a_restore_no_code_comes_again(store: Store, tmp_path: Path, journal: Path) -> None:
    """The journal beside the database knows what the backup does not."""
    entry = labelled.entry(KNOWN, T0)
    assert len(issue.add(using(store, None, journal), [entry, entry, entry])) == 3
    with closing(Store(tmp_path / "restored.db", create=True)) as restored:
        assert codes(issue.add(using(restored, None, journal), [entry])) == [f"{STEM}004"]


def test_a_database_without_its_journal_asks_for_it(tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    with closing(Store(db, create=True)) as store:
        entry = labelled.entry(KNOWN, T0)
        issue.add(using(store), [entry, entry])
        assert using(store).journal.folder == tmp_path / "q.db.codes"
        shutil.rmtree(tmp_path / "q.db.codes")
        with pytest.raises(HazardError) as caught:
            issue.add(using(store), [entry])
        assert "qingyun label resume --last CODE" in str(caught.value)
        assert "\n" not in str(caught.value) and len(ledger.read(store)) == 2
        with pytest.raises(HazardError, match="--last: expected a 数字识别码 of 37"):
            issue.resume(using(store), ["123"])
        # Whoever looks at the labels on the drums finds 005 as the last.
        assert issue.resume(using(store), [f"{STEM}005"]) == [f"{STEM}005"]
        assert codes(issue.add(using(store), [entry])) == [f"{STEM}006"]


def test_the_first_code_may_be_handed_out_by_another_just_now(
    store: Store, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds neither journal nor code, and a moment later both."""
    entry, count = labelled.entry(KNOWN, T0), label_codes.count

    def between(database: Database) -> int:
        monkeypatch.setattr(label_codes, "count", count)
        issue.add(using(store, None, journal), [entry])
        return count(database)

    monkeypatch.setattr(label_codes, "count", between)
    assert codes(issue.add(using(store, None, journal), [entry])) == [f"{STEM}002"]


def test_a_code_in_the_journal_that_was_never_committed_is_left_out(
    store: Store, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes between the journal and the commit: a serial less, none twice."""
    entry = labelled.entry(KNOWN, T0)
    with monkeypatch.context() as cut:

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        cut.setattr(chains, "add_to_ledger", stop)
        with pytest.raises(KeyboardInterrupt):
            issue.add(using(store, None, journal), [entry])
    assert ledger.read(store) == [] and label_codes.count(store.database) == 0
    assert codes(issue.add(using(store, None, journal), [entry])) == [f"{STEM}002"]
    # A line that the cut left unfinished is no code, and the next one begins a line.
    path = journal / "20260303.txt"
    path.write_text(path.read_text() + STEM)
    assert codes(issue.add(using(store, None, journal), [entry])) == [f"{STEM}003"]
    assert path.read_text().splitlines()[-2:] == [STEM, f"{STEM}003"]


def test_a_journal_that_cannot_be_written_stops_with_one_line(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HazardError, match=r"the journal of codes cannot be used: .*; no code was"):
        issue.add(using(store, None, tmp_path / "file" / "x"), [labelled.entry(KNOWN, T0)])
    assert ledger.read(store) == []


@pytest.mark.each_engine
def test_a_void_code_never_comes_back(store: Store, journal: Path) -> None:
    one = using(store, None, journal)
    entry = labelled.entry(KNOWN, T0)
    issue.add(one, [entry, entry])
    _, again = issue.void(one, f"{STEM}001", "王五", "标签破损", T0 + 50, anew=True)
    assert again.values[CODE] == f"{STEM}003" and again.grams == entry.grams
    _, bare = issue.void(one, f"{STEM}002", "王五", "未贴", T0 + 60, anew=False)
    assert CODE not in bare.values and CODE not in bare.origin
    assert codes(issue.add(one, [entry])) == [f"{STEM}004"]
    said = [(c[-3:], what, note) for c, what, _, _, note in label_codes.events(store.database)]
    assert said == [("001", "void", "标签破损"), ("002", "void", "未贴")]
    for code, wrong in ((f"{STEM}001", "is void already"), (f"{STEM}777", "was handed out")):
        with pytest.raises(HazardError, match=wrong):
            issue.void(one, code, "王五", "x", T0, anew=False)
    assert len(ledger.live(ledger.read(store))) == 3 and ledger.verify(store) == []


def test_the_database_refuses_to_forget_a_code(store: Store, journal: Path) -> None:
    issue.add(using(store, None, journal), [labelled.entry(KNOWN, T0)])
    for sql in ("DELETE FROM label_code", "UPDATE label_code SET serial=7"):
        with pytest.raises(Exception, match="only ever added to"):
            sqlite_of(store).execute(sql)


def test_an_institution_without_a_credit_code_is_one_line(store: Store, journal: Path) -> None:
    bare = {"xq-jm": register.Institution("xq-jm", "x", "新桥镇", "简化", "")}
    known = replace(KNOWN, institutions=bare)
    with pytest.raises(
        HazardError, match=r"institutions.csv: credit_code: expected the 统一社会信"
    ):
        issue.add(issue.issuer(store, known, journal), [labelled.entry(KNOWN, T0)])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("serial,3", "serial,0", "label_codes.csv:5: length: expected 1 to 9, found '0'"),
        ("waste,8", "waste,9", "label_codes.csv:3: length: expected 8 to 8, found '9'"),
        ("waste,8", "wäste,8", "label_codes.csv:3: segment: expected unit waste date serial"),
        ("unit,18", "date,8", "label_codes.csv:4: segment: expected unit waste date serial, each"),
    ],
)
def test_the_layout_is_data_of_the_office(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (Path(tables.__file__).parent / "codes.csv").read_text()
    mine = tmp_path / "label_codes.csv"
    mine.write_text(text.replace("serial,3", "serial,4"))
    assert tables.layout(tmp_path).length == 38
    mine.write_text(text.replace(old, new))
    with pytest.raises(HazardError) as caught:
        tables.layout(tmp_path)
    assert said in str(caught.value)


@pytest.mark.each_engine
@pytest.mark.disk
def test_no_code_twice_while_processes_are_killed(
    database: Path | str, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """Two processes on one store; `make soak` hands out 100,000."""
    found = labelled.killed(database, tmp_path / "out", in_part(400, 100_000), seed=20)
    figure(
        f"{found.codes} codes by two processes on one store, {found.kills} SIGKILLs: "
        f"{found.twice} twice, {found.lost} printed and not stored; {found.seconds:.0f} s"
    )
    assert (found.twice, found.lost) == (0, 0) and found.kills >= 2


def test_an_entry_that_late_readings_correct_keeps_its_code(tmp_path: Path) -> None:
    """The backlog says that more was put on: another mass, the same drum, the same label."""
    with closing(Store(tmp_path / "q.db", create=True)) as store:
        board = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0})
        board._say()
        board.step(T0 + 3600, "w1", 20_000).store(store)
        platforms = KNOWN.platforms("hw-01-a")

        def update(now: int) -> ledger_posting.Booked:
            seen = [ledger_posting.see(store, KNOWN, b, now) for b in platforms]
            return ledger_posting.update(store, KNOWN, seen, now)

        (entry,) = update(board.t + 130).added
        (_, coded) = issue.give(using(store), [entry.id], "王五", board.t + 140)
        code = coded.values[CODE]
        board.until(T0 + 2 * 3600).store(store)
        seen = ledger_posting.see(store, KNOWN, platforms[0], board.t)
        (event,) = seen.outcome.events
        more = msgspec.structs.replace(event.after, seq=event.after.seq + 1, grams=25_000)
        event = msgspec.structs.replace(event, grams=25_000, after=more)
        late = replace(seen, outcome=msgspec.structs.replace(seen.outcome, events=[event]))
        done = ledger_posting.update(store, KNOWN, [late], board.t)
        assert [(e.grams, e.values.get(CODE)) for e in done.added] == [
            (-20_000, code),
            (25_000, code),
        ]
        assert f"the label {code} is no longer right" in done.notes[0]
        found = issue.entry_of(ledger.read(store), code)
        assert found is not None and found.grams == 25_000
