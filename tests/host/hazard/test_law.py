"""Editions of the catalogue: read from what an office gets, compared, adopted as rows."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from catalogue_files import Row, rows, text_of, write_csv, write_xlsx
from drums import DrumBoard
from host_job import qingyun
from sim_board import ROOT
from soak import in_part

from host.common.errors import UserError
from host.common.local_days import clock
from host.hazard import HazardError, catalogue, catalogue_import, manual_entries, register
from host.hazard.catalogue import Code
from host.hazard.entry import STORED
from host.store import Store

KNOWN = catalogue.load()
OF_2021 = list(KNOWN.of("2021").values())
TABLE = rows(OF_2021)
HOUR, DAY = 3600, 86_400
T0 = 1_772_467_200  # 2026-03-03 00:00 in Shanghai
APRIL = T0 + 29 * DAY
FORMS = ("xlsx", "csv", "txt")


def write(path: Path, table: list[Row], luck: random.Random) -> Path:
    if path.suffix == ".xlsx":
        write_xlsx(path, table, merged=luck.random() < 0.7)
    elif path.suffix == ".csv":
        write_csv(path, table)
    else:
        path.write_text(text_of(table, luck), encoding="utf-8")
    return path


def read(path: Path, edition: str = "2021", size: int | None = None) -> catalogue_import.Reading:
    return catalogue_import.read(path, KNOWN, edition, size, names=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", copy)
    return copy


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(3))
def test_what_an_office_gets_gives_the_edition_back(tmp_path: Path, form: str, seed: int) -> None:
    path = write(tmp_path / f"table.{form}", TABLE, random.Random(seed))  # noqa: S311
    made = read(path)
    assert made.refusals == []
    assert made.codes == OF_2021
    assert made.differences == []


def test_it_comes_into_the_registry_whole(folder: Path, tmp_path: Path) -> None:
    """As the invented edition of 2025 with three more codes: 470; a number that is not the
    edition's is refused, unless it is said."""
    table = [*TABLE, *([*TABLE[-1][:2], f"261-{n}-50", "试验用", "T"] for n in (901, 902, 903))]
    path = write(tmp_path / "t.xlsx", table, random.Random(0))  # noqa: S311
    done = qingyun("law", "import", path, "--edition", "2021", "--registry", folder)
    assert done.returncode == 2
    assert (
        "expected 467 codes in the edition 2021, found 470 (--codes 470 takes them)" in done.stderr
    )
    assert not (folder / "hw_catalogue.csv").exists()
    tried = qingyun("law", "import", path, "--edition", "2025", "--registry", folder, "--check")
    assert tried.returncode == 0 and "nothing was written" in tried.stdout
    assert not (folder / "hw_catalogue.csv").exists()
    done = qingyun("law", "import", path, "--edition", "2025", "--registry", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("2021 → 2025: 261-90") == 3 and "added: 试验用" in done.stdout
    found = catalogue.load(folder)
    assert len(found.of("2025")) == 470 and len(found.of("2021")) == 467
    assert found.anywhere("261-901-50") == found.find("2025", "261-901-50")
    # Again, and 2021 with another number as well: each takes the place of its own rows alone.
    assert qingyun("law", "import", path, "--edition", "2025", "--registry", folder).returncode == 0
    less = write(tmp_path / "l.csv", TABLE[:-1], random.Random(0))  # noqa: S311
    command = ("law", "import", less, "--edition", "2021", "--registry", folder, "--codes", "466")
    done = qingyun(*command)
    assert done.returncode == 0 and "gone" in done.stdout
    assert len(catalogue.load(folder).of("2025")) == 470


@pytest.mark.parametrize(
    ("column", "old", "new", "said"),
    [
        (2, "900-214-08", "900-214-09", "废物类别: expected HW09, as of 900-214-09, found 'HW08'"),
        (2, "900-214-08", "900-214-51", "expected the digits of a category, 01 to 50"),
        (2, "900-214-08", "900-213-08", "废物代码: expected each code once, found '900-213-08'"),
        (2, "900-214-08", "900-21408", "废物代码: expected NNN-NNN-NN, found '900-21408'"),
        (4, "T,I", "T,X", "危险特性: expected of T C I R In, with / between, found 'T,X'"),
        (4, "T,I", "", "危险特性: expected of T C I R In, with / between, found ''"),
        (3, "", "", "危险废物: expected the waste of 900-214-08, found ''"),
        (0, "HW08 废矿物油与含矿物油废物", "HW08 废油", "HW08 废矿物油与含矿物油废物 (or --names)"),
        (
            0,
            "HW08 废矿物油与含矿物油废物",
            "HW08",
            "废物类别: expected HW08 and its name, found ''",
        ),
    ],
)
def test_what_is_refused_names_its_row(
    tmp_path: Path, column: int, old: str, new: str, said: str
) -> None:
    table = [row[:] for row in TABLE]
    for row in table:
        if column == 0 and row[0] == old:
            row[0] = new
        if row[2] == "900-214-08" and column:
            row[column] = new
    write_xlsx(tmp_path / "t.xlsx", table, merged=False)
    made = read(tmp_path / "t.xlsx")
    assert any(said in line and line.startswith(f"{tmp_path}/t.xlsx:") for line in made.refusals)


def test_other_names_are_taken_where_one_says_so(tmp_path: Path) -> None:
    table = [[row[0].replace("废酸", "废酸液"), *row[1:]] for row in TABLE]
    write_xlsx(tmp_path / "t.xlsx", table)
    made = catalogue_import.read(tmp_path / "t.xlsx", KNOWN, "2021", None, names=True)
    assert made.refusals == []
    assert {c.category_name for c in made.codes if c.category == "HW34"} == {"废酸液"}
    assert any("category: 废酸 → 废酸液" in line for line in made.differences)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.pdf", b"%PDF", "extract its text first"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "and save it as .xlsx"),
        ("t.xlsx", b"PK\x03\x04rubbish", "not a workbook"),
        ("t.csv", "废物代码\n".encode(), "expected a column"),
        ("t.txt", "没有代码".encode(), "expected rows with a code NNN-NNN-NN, found none"),
        ("t.txt", b"\xff\xfe\x00\x01\x80", "t.txt:1: "),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(HazardError) as caught:
        read(path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_columns_side_by_side_are_refused(tmp_path: Path) -> None:
    """Text with the layout of the page mixes the lines of cells."""
    (tmp_path / "t.txt").write_text(
        "HW06      非特定行业   900-401-06   工业生产中作为清洗剂、\n"
        "废有机溶剂与               萃取剂使用后      T,I\n"
    )
    made = read(tmp_path / "t.txt", size=1)
    assert any("without its layout" in line for line in made.refusals)


# Mutations: what a person, a spreadsheet or a PDF does to a table.

Mutation = Callable[[list[Row], random.Random], None]


def _any(table: list[Row], luck: random.Random) -> Row:
    return luck.choice(table)


def _wide(table: list[Row], luck: random.Random) -> None:
    for row in luck.sample(table, 5):
        row[2] = row[2].translate({48 + i: 0xFF10 + i for i in range(10)})


def _dashes(table: list[Row], luck: random.Random) -> None:
    for row in luck.sample(table, 5):
        row[2] = row[2].replace("-", luck.choice("–—－"))


def _digit(table: list[Row], luck: random.Random) -> None:
    row, i = _any(table, luck), luck.choice((0, 1, 2, 4, 5, 6, 8, 9))
    row[2] = row[2][:i] + luck.choice("0123456789") + row[2][i + 1 :]


def _twice(table: list[Row], luck: random.Random) -> None:
    table.insert(luck.randrange(len(table)), _any(table, luck)[:])


def _lost(table: list[Row], luck: random.Random) -> None:
    table.remove(_any(table, luck))


def _moved(table: list[Row], luck: random.Random) -> None:
    row = _any(table, luck)
    table.remove(row)
    table.insert(luck.randrange(len(table)), row)


def _empty(table: list[Row], luck: random.Random) -> None:
    _any(table, luck)[luck.choice((0, 2, 3, 4))] = ""


def _swapped(table: list[Row], luck: random.Random) -> None:
    row, (a, b) = _any(table, luck), luck.sample(range(5), 2)
    row[a], row[b] = row[b], row[a]


def _letters(table: list[Row], luck: random.Random) -> None:
    _any(table, luck)[4] = luck.choice(("T/", "t", "T I", "X", "Ｔ", "T,T", "In,T", "T、I", "毒性"))


def _cut(table: list[Row], luck: random.Random) -> None:
    row = _any(table, luck)
    row[3] = row[3][: luck.randrange(1, len(row[3]) + 1)]


def _split(table: list[Row], luck: random.Random) -> None:
    """A row that a page break cut in two."""
    i = luck.randrange(len(table))
    row = table[i]
    half = len(row[3]) // 2
    table.insert(i + 1, ["", "", "", row[3][half:], row[4]])
    table[i] = [*row[:3], row[3][:half], ""]


def _broken_code(table: list[Row], luck: random.Random) -> None:
    i = luck.randrange(len(table))
    row = table[i]
    table.insert(i + 1, ["", "", row[2][8:], "", ""])
    table[i] = [*row[:2], row[2][:8], *row[3:]]


def _name(table: list[Row], luck: random.Random) -> None:
    row = _any(table, luck)
    row[0] = luck.choice((row[0][:-1], row[0].replace(" ", ""), row[0][:4], f" {row[0]}\n"))


def _noise(table: list[Row], luck: random.Random) -> None:
    row, column = _any(table, luck), luck.randrange(5)
    cell = row[column]
    at = luck.randrange(len(cell) + 1)
    row[column] = (
        cell[:at] + luck.choice((" ", "\n", "\t", "　", "T", "1", "，", "HW", "-")) + cell[at:]
    )


def _heads(table: list[Row], luck: random.Random) -> None:
    table.insert(
        luck.randrange(len(table)), ["废物类别", "行业来源", "废物代码", "危险废物", "危险特性"]
    )


SEEDS = in_part(70, 200)
MUTATIONS: tuple[Mutation, ...] = (
    *(_wide, _dashes, _digit, _twice, _lost, _moved, _empty, _swapped, _letters, _cut, _split),
    *(_broken_code, _name, _noise, _heads),
)


def _told(row: Code, lines: list[str]) -> bool:
    return any(row.code in line for line in lines)


def test_mutations_are_read_told_or_refused(tmp_path: Path, figure: Callable[[str], None]) -> None:
    """In each form: no traceback, and no row that differs without a word."""
    truth = {c.code: c for c in OF_2021}
    refused = taken = whole = 0
    for seed in range(SEEDS):
        luck = random.Random(seed)  # noqa: S311
        table = [row[:] for row in TABLE]
        MUTATIONS[seed % len(MUTATIONS)](table, luck)
        path = tmp_path / f"t{seed}.{FORMS[seed % 3 if seed % 7 else 2]}"
        try:
            made = read(write(path, table, luck))
        except UserError as error:
            assert "\n" not in str(error), seed
            refused += 1
            continue
        if made.refusals:
            refused += 1
            continue
        taken += 1
        wrong = [c for c in made.codes if truth.get(c.code) != c]
        wrong += [c for code, c in truth.items() if code not in {x.code for x in made.codes}]
        assert [c.code for c in wrong if not _told(c, made.differences)] == [], seed
        whole += not wrong
    figure(f"{SEEDS} mutations of the table: {whole} read as they were, {taken - whole} told, "
           f"{refused} refused; none silently wrong")  # fmt: skip
    assert whole > SEEDS / 5 and refused > SEEDS / 5


# What an edition changes.


def test_without_the_table_what_is_certain_is_told(folder: Path) -> None:
    done = qingyun("law", "diff", "2021", "2025", "--registry", folder)
    assert done.returncode == 1, done.stderr
    assert "the codes of 2025 are not here: qingyun law import --edition 2025 FILE" in done.stdout
    for part in ("整合2种废物代码", "拆分1种", "新增4种锡冶炼废物", "900-000-××", "二手资料"):
        assert part in done.stdout
    assert "container xq-oil-01 (900-214-08): the codes of 2025 are not here" in done.stdout
    assert "rule medical-48h (hw=HW01): the codes of 2025 are not here: look at it" in done.stdout
    wrong = qingyun("law", "diff", "2025", "2021", "--registry", folder)
    assert wrong.returncode == 2 and "OLD: expected an edition whose codes are here" in wrong.stderr


def test_what_it_means_for_containers_rules_and_entries(folder: Path, tmp_path: Path) -> None:
    """An invented edition: a code of a container gone, another of other hazard, a code of a
    scope gone, one of its category added."""
    table = [row[:] for row in TABLE if row[2] not in ("900-214-08", "841-002-01")]
    table.insert(5, [*TABLE[0][:2], "841-006-01", "试验用", "In"])
    for row in table:
        if row[2] == "336-064-17":
            row[4] = "T"
    path = write(tmp_path / "t.csv", table, random.Random(0))  # noqa: S311
    command = ("law", "import", path, "--edition", "2025", "--registry", folder, "--codes", "466")
    assert qingyun(*command).returncode == 0
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    said = [manual_entries.Draft(STORED, T0, 5_000, container="xq-oil-01")]
    manual_entries.add(store, register.load(folder), said, "王五", T0 + 1)
    store.close()
    done = qingyun("law", "diff", "2021", "2025", "--registry", folder, "--db", db)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    for line in (
        f"900-214-08: gone: {KNOWN.of('2021')['900-214-08'].description}",
        "841-006-01: added: 试验用",
        "336-064-17: hazard: T/C → T",
        "container xq-oil-01 (900-214-08): 900-214-08 is gone: find its code in 2025",
        "container xq-sludge-01 (336-064-17): hazard: T/C → T",
        "rule plant-72h (code=841-002-01): is gone",
        "rule medical-48h (hw=HW01): 841-006-01 is added",
        "ledger: 1 entries of 900-214-08, which 2025 does not have",
    ):
        assert line in lines, (line, lines)
    assert any(line.startswith("figures hw_generated_t") for line in lines)


def test_identified_waste_has_a_code_by_a_rule_of_the_edition(folder: Path) -> None:
    """900-000-NN in each category that there is, without a row for it, also where the codes of
    the edition are not here."""
    path = folder / "containers.csv"
    path.write_text(path.read_text().replace("2021,900-214-08", "2025,900-000-08"))
    code = register.load(folder).containers[0].code
    assert (code.edition, code.category, code.hazard) == ("2025", "HW08", "")
    assert code.category_name == "废矿物油与含矿物油废物"
    known = catalogue.load(folder)
    assert known.anywhere("900-000-49") and not known.anywhere("900-000-41")
    assert not known.has("2025")
    (folder / "hw_editions.csv").write_text(
        "edition,title,from,to\n2021,x,2021-01-01,2024-12-31\n2025,y,2025-01-01,\n"
    )
    assert catalogue.load(folder).anywhere("900-000-49") is None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2030,x,2030-01-01,,many,,", "hw_editions.csv:2: codes: expected a number or nothing"),
        ("2030,x,2030-01-01,,,900,", "hw_editions.csv:2: identified: expected NNN-NNN or nothing"),
    ],
)
def test_a_wrong_edition_is_one_line(folder: Path, row: str, said: str) -> None:
    (folder / "hw_editions.csv").write_text(f"edition,title,from,to,codes,identified,note\n{row}\n")
    with pytest.raises(HazardError, match=said):
        catalogue.load(folder)


# A law changes: rows alone, and what was reported stays.

MARCH = (
    ("ledger", "export", "--month", "2026-03", "--format", "csv", "--out"),
    ("ledger", "balance", "--month", "2026-03"),
    ("ledger", "stock", "--as-of", "2026-03-31"),
    ("alarms", "show", "--all"),
    ("indicators", "--month", "2026-03", "--as-of", "2026-03-31", "--format", "csv"),
)
# With an anchor of the ledger as it is: the same until something is added to it.
ANCHORED = (
    ("report", "--month", "2026-03", "--out", "month.html"),
    ("report", "--month", "2026-03", "--out", "month.xlsx"),
    ("ledger", "filing", "--institution", "xq-jm", "--period", "2026-03", "--out", "filing.xlsx"),
)


def reported(db: Path, folder: Path, out: Path) -> dict[str, bytes]:
    """What is reported of March, to the byte."""
    found = {}
    for command in MARCH:
        args = [*command, out] if command[-1] == "--out" else [*command]
        if command[-1] == "--out":
            out.mkdir()
        place = () if command[0] == "alarms" else ("--registry", folder)
        done = qingyun(*args, "--db", db, *place)
        assert done.returncode in (0, 1), done.stderr
        found[" ".join(command)] = done.stdout.replace(str(out), "").encode()
    for one in ANCHORED:
        file = out / one[-1]
        done = qingyun(*one[:-1], file, "--db", db, "--registry", folder)
        assert done.returncode in (0, 1), done.stderr
    return found | {f.name: f.read_bytes() for f in out.iterdir()}


def test_an_edition_and_a_limit_are_adopted_as_rows_and_old_reports_stay(
    folder: Path, tmp_path: Path
) -> None:
    """Both invented, in force from April: the drum gets a code that the old edition does not
    have, and 20 kg are too much from then on, where 30 kg were before."""
    with (folder / "rules.csv").open("a") as file:
        file.write("before,stock,,30,kg,,告警,2026-01-01,2026-03-31,虚构法 第1条,自定,,\n")
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    board = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0, "c1": 1500, "d1": 0})
    board._say()
    board.step(T0 + HOUR, "w1", 35_000).step(T0 + 2 * HOUR, "w2", 12_000)
    board.step(T0 + DAY, "w1", -20_000).step(T0 + 5 * DAY, "w1", -15_000)
    board.until(APRIL - HOUR).store(store)
    store.close()
    for day in (1, 2, 10, 28):
        now = clock(T0 + day * DAY)[:16]
        done = qingyun("alarms", "update", "--db", db, "--registry", folder, "--now", now)
        assert done.returncode in (0, 1), done.stderr
    before = reported(db, folder, tmp_path / "before")
    assert "900-214-08" in before["入库.csv"].decode()
    assert before["alarms show --all"].count(b" before ") == 2  # raised and cleared

    (folder / "hw_editions.csv").write_text(
        "edition,title,from,to\n2026x,虚构版,2026-04-01,\n2021,二〇二一年版,2021-01-01,2026-03-31\n"
    )
    (folder / "hw_catalogue.csv").write_text(
        ",".join(catalogue.COLUMNS) + "\n2026x,HW08,废矿物油,900-999-08,T,虚构的废物\n"
    )
    path = folder / "containers.csv"
    old, new = "可燃物,,,200\n", "可燃物,,2026-03-31,200\n"
    row = "xq-oil-02,hw-01-a,废油区,hw-01-p1,2026x,900-999-08,油,液态,桶,0,可燃物,2026-04-01,,200\n"
    path.write_text(path.read_text().replace(old, new) + row)
    with (folder / "rules.csv").open("a") as file:
        file.write("invented,stock,,20,kg,,告警,2026-04-01,,虚构法 第1条,自定,,\n")

    assert reported(db, folder, tmp_path / "after") == before
    store = Store(db)
    board.until(APRIL + HOUR).step(APRIL + 2 * HOUR, "w1", 25_000).until(APRIL + 3 * HOUR)
    board.store(store)
    store.close()
    now = clock(APRIL + 3 * HOUR)[:16]
    done = qingyun("alarms", "update", "--db", db, "--registry", folder, "--now", now)
    assert " invented " in done.stdout and "虚构法 第1条" in done.stdout
    assert " before " not in done.stdout  # 37 kg, but that limit is over
    assert qingyun(
        "ledger", "update", "--db", db, "--registry", folder, "--all", "--now", now
    ).stdout
    later = reported(db, folder, tmp_path / "later")
    shown = "alarms show --all"
    assert later[shown].startswith(before[shown]) and later[shown] != before[shown]
    more = {shown, *(command[-1] for command in ANCHORED)}
    assert {k: v for k, v in later.items() if k not in more} == {
        k: v for k, v in before.items() if k not in more
    }
    april = qingyun("ledger", "show", "--month", "2026-04", "--db", db, "--registry", folder)
    assert "900-999-08" in april.stdout and "900-214-08" not in april.stdout
    assert qingyun("ledger", "verify", "--db", db).returncode == 0
