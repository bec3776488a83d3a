"""转移联单 and tickets: read with every repair told, refused with the place, matched, compared."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import february
import openpyxl
import pytest
from drums import DrumBoard
from host_job import qingyun
from plan_figures import KNOWN as DISTRICT
from sim_board import ROOT

from host.common import periods
from host.common.local_days import LOCAL
from host.hazard import (
    HazardError,
    ledger,
    ledger_posting,
    manual_entries,
    papers,
    register,
    transfers,
)
from host.hazard.entry import STORED, TAKEN
from host.hazard.matching import Paper, Step, Tolerance, match
from host.indicators import catalog, hazardous, report
from host.reports import facility_comparison
from host.rollup import period
from host.store import Store

KNOWN = register.load(ROOT / "registry")
REGISTRY = ("--registry", ROOT / "registry")
NOW = 1_775_000_000  # 2026-04-01
HOUR, T0 = 3600, 1_772_467_200  # 2026-03-03 00:00 in Shanghai
M_HEAD = "联单编号,移出单位,废物代码,移出量,单位,移出时间,接收单位"
T_HEAD = "磅单号,处置设施,进厂时间,品类,来源街镇,毛重,皮重,净重,单位"
M_ROW = "20263101000001,新桥精密机械有限公司,900-214-08,35,kg,2026-03-04 10:00,某公司"
T_ROW = "B1,天马,2026-03-04 10:00,湿垃圾,新桥镇,9500,5000,4500,kg"


def bring(store: Store, folder: Path, text: str | bytes, kind: str = "manifest") -> list[str]:
    """Import a text as a file; the repairs."""
    file = folder / "in.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return transfers.run(store, KNOWN, file, kind, by="王五", now=NOW).notes


def test_what_is_plain_is_read_without_a_word(store: Store, tmp_path: Path) -> None:
    assert bring(store, tmp_path, f"{M_HEAD}\n{M_ROW}\n") == []
    (m,) = papers.manifests(store)
    assert (m.number, m.institution, m.code, m.grams) == (
        *("20263101000001", "xq-jm", "900-214-08"),
        35_000,
    )
    assert dt.datetime.fromtimestamp(m.t, LOCAL).isoformat() == "2026-03-04T10:00:00+08:00"
    assert (m.source.file, m.source.row, m.source.by) == ("in.csv", 2, "王五")
    assert bring(store, tmp_path, f"{T_HEAD}\n{T_ROW}\n", "ticket") == []
    (ticket,) = papers.tickets(store)
    assert (ticket.number, ticket.grams, ticket.town) == ("天马/B1", 4_500_000, "新桥镇")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("35,kg", "３５．５,kg", "in.csv:2: 移出量: '３５．５' read as '35.5'"),
        ("35,kg", '"1,035",kg', "in.csv:2: 移出量: '1,035' read as 1035"),
        ("20263101", "２０２６3101", "in.csv:2: 联单编号: '２０２６3101000001' read as"),
        ("900-214-08", "900－214—08", "read as 900-214-08"),
        ("900-214-08", "HW08/900-214-08", "read as 900-214-08"),
        ("2026-03-04 10:00", "2026年3月4日10时05分", "read as 2026-03-04 10:05:00"),
        ("2026-03-04 10:00", "2026/3/4 9:05", "read as 2026-03-04 09:05:00"),
        ("2026-03-04 10:00", "20260304", "read as 2026-03-04 00:00:00"),
        (
            "2026-03-04 10:00",
            "46085.4375",
            "'46085.4375' read as 2026-03-04 10:30:00",
        ),
    ],
)
def test_repairs_are_told(store: Store, tmp_path: Path, old: str, new: str, told: str) -> None:
    said = bring(store, tmp_path, f"{M_HEAD}\n{M_ROW.replace(old, new, 1)}\n")
    assert any(told in line for line in said), said
    assert len(papers.manifests(store)) == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("20263101000001", "2026310100001", "in.csv:3: 联单编号: expected 14 digits"),
        ("20263101000001", "20263101000009", "in.csv:3: 联单编号: expected a number not in"),
        ("900-214-08", "900-214-8", "in.csv:3: 废物代码: expected a code as 900-214-08"),
        (
            ",35,",
            ',"3,5",',
            "in.csv:3: 移出量: expected a number from 0.001 to 60000, with . before",
        ),
        (",35,", ',"35,5",', "in.csv:3: 移出量: expected a number"),
        (",35,", ',"1,0355",', "in.csv:3: 移出量: expected a number"),
        (",35,", ",-35,", "in.csv:3: 移出量: expected a number from 0.001 to 60000, found '-35'"),
        (",35,", ",0,", "in.csv:3: 移出量: expected a number"),
        (",35,", ",350000,", "in.csv:3: 移出量: expected a number"),
        (",35,", ",三十五,", "in.csv:3: 移出量: expected a number"),
        (",35,", ",NaN,", "in.csv:3: 移出量: expected a number"),
        (",kg,", ",斤,", "in.csv:3: 单位: expected one of kg"),
        ("2026-03-04 10:00", "03/04/2026", "in.csv:3: 移出时间: expected a date and time"),
        ("2026-03-04 10:00", "2026-02-30", "in.csv:3: 移出时间: expected a date and time"),
        ("2026-03-04 10:00", "2026-13-01 10:00", "in.csv:3: 移出时间: expected a date"),
        ("2026-03-04 10:00", "2027-03-04", "in.csv:3: 移出时间: expected a time that is over"),
        (
            "2026-03-04 10:00",
            "2008-01-01 00:10",
            "in.csv:3: 移出时间: expected a time from 2015 on",
        ),
        ("新桥精密", "旧桥精密", "in.csv:3: 移出单位: expected a name of institutions.csv"),
        (",某公司", "", "in.csv:3: expected 7 columns, found 6"),
        (",某公司", ",", "in.csv:3: 接收单位: expected a value"),
    ],
)
def test_what_is_wrong_is_refused_whole(
    store: Store, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """The row before it is right, and is not imported either."""
    right = M_ROW.replace("000001", "000009")
    assert old in M_ROW
    with pytest.raises(HazardError) as caught:
        bring(store, tmp_path, f"{M_HEAD}\n{right}\n{M_ROW.replace(old, new, 1)}\n")
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).endswith("; nothing was imported")
    assert papers.manifests(store) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("4500,kg", "4600,kg", "in.csv:2: 净重: expected 毛重 - 皮重 = 4500 kg"),
        ("湿垃圾", "剩饭", "in.csv:2: 品类: expected one of"),
        ("新桥镇", "新桥", "in.csv:2: 来源街镇: expected a town of towns.csv"),
        ("9500,5000", "-9500,5000", "in.csv:2: 毛重: expected a number"),
    ],
)
def test_wrong_tickets(store: Store, tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(HazardError) as caught:
        bring(store, tmp_path, f"{T_HEAD}\n{T_ROW.replace(old, new, 1)}\n", "ticket")
    assert said in str(caught.value)
    assert papers.tickets(store) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("900-214-08", "900-214-8",
         "废物代码: expected a code as 900-214-08, found '900-214-8'"),
        ("20263101000001", "20263101000009",
         "联单编号: expected a number not in {file}:2 already, or a 序号 for each of its lines, "
         "found '20263101000009'"),
        (",35,", ",-35,", "移出量: expected a number from 0.001 to 60000, found '-35'"),
        (",35,", ",60000.001,", "移出量: expected a number from 0.001 to 60000, found '60000.001'"),
        ("2026-03-04 10:00", "99999",
         "移出时间: expected a date and time as 2026-03-03 08:15, found '99999'"),
    ],
)  # fmt: skip
def test_the_whole_line_that_refuses(
    store: Store, tmp_path: Path, old: str, new: str, line: str
) -> None:
    right = M_ROW.replace("000001", "000009")
    with pytest.raises(HazardError) as caught:
        bring(store, tmp_path, f"{M_HEAD}\n{right}\n{M_ROW.replace(old, new, 1)}\n")
    file = tmp_path / "in.csv"
    assert str(caught.value) == f"{file}:3: {line.format(file=file)}; nothing was imported"


def test_the_whole_line_that_tells_a_repair(store: Store, tmp_path: Path) -> None:
    row = M_ROW.replace(",35,", ",３５,").replace("2026-03-04 10:00", "46085.4375")
    said = bring(store, tmp_path, f"{M_HEAD}\n{row}\n".encode("gb18030"))
    file = tmp_path / "in.csv"
    assert said == [
        f"{file}: not UTF-8, read as GB18030",
        f"{file}:2: 移出量: '３５' read as '35'",
        f"{file}:2: 移出时间: '46085.4375' read as 2026-03-04 10:30:00",
    ]


def test_the_same_number_a_second_time(store: Store, tmp_path: Path) -> None:
    """The same lines are left out and told; others are refused until the first are taken back."""
    bring(store, tmp_path, f"{M_HEAD}\n{M_ROW}\n")
    again = bring(store, tmp_path, f"{M_HEAD}\n{M_ROW}\n")
    file = tmp_path / "in.csv"
    assert again == [f"{file}:2: 联单编号: imported from in.csv:2 already: left out"]
    for other in (M_ROW.replace(",35,", ",36,"), f"{M_ROW}\n{M_ROW.replace(',35,', ',5,')}"):
        with pytest.raises(HazardError, match=r"not imported from in.csv:2 with other lines"):
            bring(store, tmp_path, f"{M_HEAD}\n{other}\n")
    assert len(papers.manifests(store)) == 1


def test_one_manifest_of_two_wastes(store: Store, tmp_path: Path) -> None:
    other = M_ROW.replace("900-214-08,35", "336-064-17,1200")
    bring(store, tmp_path, f"{M_HEAD}\n{M_ROW}\n{other}\n")
    held = papers.manifests(store)
    assert {(m.number, m.code, m.grams) for m in held} == {
        ("20263101000001", "900-214-08", 35_000),
        ("20263101000001", "336-064-17", 1_200_000),
    }
    # Two drums of one waste and one mass are two lines where each has its 序号.
    two = [f"{M_ROW.replace('000001', '000002')},{n}" for n in (1, 2)]
    bring(store, tmp_path, "\n".join([f"{M_HEAD},序号", *two]) + "\n")
    assert [m.item for m in papers.manifests(store) if m.number.endswith("2")] == ["1", "2"]


T_ONE = "{number},{facility},{at},干垃圾,新桥镇,31280,12460,18820,kg"


def one(
    number: str = "0001", facility: str = "天马焚烧厂（二期）", at: str = "2026-03-03 08:15"
) -> str:
    return T_ONE.format(number=number, facility=facility, at=at)


@pytest.mark.parametrize(
    "second",
    [
        one(),
        one('"=""0001"""'),
        one("1"),
        one("０００１"),
        one(facility="天马焚烧厂(二期)"),
        one(facility="天马焚烧厂 （二期）"),
        one(at="2026-03-03 08:15:00.0"),
        one(at="2026/3/3 上午8:15"),
        one(at="46084.34375"),
    ],
)
def test_one_weighing_however_it_is_written(store: Store, tmp_path: Path, second: str) -> None:
    bring(store, tmp_path, f"{T_HEAD}\n{one()}\n", "ticket")
    said = bring(store, tmp_path, f"{T_HEAD}\n{second}\n", "ticket")
    assert said[-1].endswith("磅单号: the same weighing as in.csv:2: left out")
    assert len(papers.tickets(store)) == 1


def test_numbers_that_begin_anew_each_day(store: Store, tmp_path: Path) -> None:
    rows = [one(at="2026-03-03 08:15"), one(at="2026-03-04 07:55")]
    assert bring(store, tmp_path, "\n".join([T_HEAD, *rows]) + "\n", "ticket") == []
    assert len(papers.tickets(store)) == 2


def test_what_looks_like_one_weighing_twice_is_told(store: Store, tmp_path: Path) -> None:
    """The number again on its day, or the same load half an hour later: both count."""
    rows = [one(), one(at="2026-03-03 20:15"), one("0002", at="2026-03-03 08:25")]
    said = bring(store, tmp_path, "\n".join([T_HEAD, *rows]) + "\n", "ticket")
    file, name = tmp_path / "in.csv", "天马焚烧厂（二期）/0001 of 2026-03-03 08:15:00"
    assert said == [
        f"{file}:{n}: 磅单号: looks like {name} (in.csv:2), and counts too" for n in (3, 4)
    ]
    assert len(papers.tickets(store)) == 3
    with pytest.raises(HazardError, match=r"not imported from in.csv:2 with other values \(take"):
        other = one().replace("31280,12460,18820", "31290,12460,18830")
        bring(store, tmp_path, f"{T_HEAD}\n{other}\n", "ticket")


def test_a_code_that_the_catalogue_does_not_have(store: Store, tmp_path: Path) -> None:
    """The row is kept and named, and its mass told; it rejects no file."""
    unknown = M_ROW.replace("000001", "000002").replace("900-214-08", "900-999-08")
    file = tmp_path / "in.csv"
    file.write_text(f"{M_HEAD}\n{M_ROW}\n{unknown}\n", encoding="utf-8")
    done = transfers.run(store, KNOWN, file, "manifest", by="王五", now=NOW)
    assert (done.count, done.unclassified_g) == (2, 35_000)
    told = "900-999-08 is not in the catalogue: not classified (未归类) until it is"
    assert done.notes == [f"{file}:3: 废物代码: {told}"]
    said = manual_entries.Draft("产生", NOW - 9, 5_000, institution="xq-jm", code="900-999-08")
    (entry,) = manual_entries.add(store, KNOWN, [said], "王五", NOW)
    assert (entry.code, entry.values["危险废物类别"], entry.values["危险废物名称"]) == (
        *("900-999-08", "HW08"),
        "未归类",
    )


def test_what_is_not_classified_is_told_by_each_comparison(tmp_path: Path) -> None:
    """Not only when it is brought: until the catalogue has the code."""
    file, db = tmp_path / "in.csv", tmp_path / "q.db"
    unknown = M_ROW.replace("900-214-08", "900-999-08")
    file.write_text(f"{M_HEAD}\n{unknown}\n", encoding="utf-8")
    base = ("--db", db, *REGISTRY)
    brought = qingyun("transfers", "import", file, *base, "--kind", "manifest", "--by", "王五")
    assert brought.returncode == 0, brought.stderr
    done = qingyun("transfers", "match", *base, "--month", "2026-03")
    assert "not classified (未归类): 900-999-08 35.000 kg: the catalogue" in done.stdout
    done = qingyun("transfers", "match", *base, "--month", "2026-02")
    assert "未归类" not in done.stdout


def test_a_check_names_every_mistake_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    wrong = [M_ROW.replace(",35,", ",-1,"), M_ROW.replace("新桥", "旧桥"), "only,two"]
    file.write_text("\n".join([M_HEAD, M_ROW, *wrong]) + "\n", encoding="utf-8")
    done = transfers.run(store, KNOWN, file, "manifest", by="王五", now=NOW, check=True)
    assert [line.partition(": expected")[0] for line in done.refused] == [
        *(f"{file}:3: 移出量", f"{file}:4: 移出单位"),
        f"{file}:5",
    ]
    assert done.count == 1 and papers.manifests(store) == []
    with pytest.raises(HazardError, match=r":3: .*, and 2 more \(--check lists them\); nothing"):
        transfers.run(store, KNOWN, file, "manifest", by="王五", now=NOW)
    file.write_text(f"{M_HEAD}\n{M_ROW}\n", encoding="utf-8")
    done = transfers.run(store, KNOWN, file, "manifest", by="王五", now=NOW, check=True)
    assert (done.count, done.refused, papers.manifests(store)) == (1, [], [])


@pytest.mark.each_engine
def test_an_import_is_taken_back_whole(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, f"{T_HEAD}\n{T_ROW}\n{one()}\n", "ticket")
    bring(store, tmp_path, f"{M_HEAD}\n{M_ROW}\n")
    first, second = papers.imports(store)
    assert [(i.kind, i.count, i.grams) for i in (first, second)] in (
        [("manifest", 1, 35_000), ("ticket", 2, 23_320_000)],
        [("ticket", 2, 23_320_000), ("manifest", 1, 35_000)],
    )
    of_tickets = first if first.kind == "ticket" else second
    with pytest.raises(HazardError, match="expected --by and --reason"):
        papers.take_back(store, of_tickets.id, by="王五", reason=" ", now=NOW)
    papers.take_back(store, of_tickets.id, by="王五", reason="重复导出", now=NOW)
    assert papers.tickets(store) == [] and len(papers.manifests(store)) == 1
    gone = next(i for i in papers.imports(store) if i.kind == "ticket").taken_back
    assert gone is not None and (gone.by, gone.reason) == ("王五", "重复导出")
    with pytest.raises(HazardError, match="was taken back by 王五 already"):
        papers.take_back(store, of_tickets.id, by="王五", reason="again", now=NOW)
    # It can come again, corrected or not.
    later = transfers.run(store, KNOWN, tmp_path / "in.csv", "manifest", by="王五", now=NOW + 60)
    assert later.again == 1
    (tmp_path / "in.csv").write_text(f"{T_HEAD}\n{T_ROW}\n{one()}\n", encoding="utf-8")
    again = transfers.run(store, KNOWN, tmp_path / "in.csv", "ticket", by="王五", now=NOW + 60)
    assert again.count == 2 and len(papers.tickets(store)) == 2


def test_sums_are_left_out_and_compared(store: Store, tmp_path: Path) -> None:
    rows = [T_ROW, T_HEAD, one(), "小计,,,,,,,23320,", "合 计,,,,,,,23321,kg"]
    said = bring(store, tmp_path, "\n".join([T_HEAD, *rows]) + "\n", "ticket")
    file = tmp_path / "in.csv"
    assert said == [
        f"{file}:3: the header once more: left out",
        f"{file}:5: a sum of other rows: left out",
        f"{file}:6: a sum of other rows: left out",
        f"{file}:6: 净重: all rows above add up to 23320, it says 23321",
    ]
    assert sum(t.grams for t in papers.tickets(store)) == 23_320_000


def test_encodings(store: Store, tmp_path: Path) -> None:
    text = f"{M_HEAD}\n{M_ROW}\n"
    assert "not UTF-8, read as GB18030" in bring(store, tmp_path, text.encode("gbk"))[0]
    mixed = f"{M_HEAD}\n".encode("gbk") + M_ROW.replace("000001", "000002").encode()
    with pytest.raises(HazardError, match=r"in.csv:2: expected one encoding"):
        bring(store, tmp_path, mixed)
    with pytest.raises(HazardError, match="expected UTF-8 or GB18030"):
        bring(store, tmp_path, b"\xff\xff\n")
    with pytest.raises(HazardError, match="expected a column 移出量"):
        bring(store, tmp_path, text.replace("移出量", "数量"))
    assert len(papers.manifests(store)) == 1
    bring(store, tmp_path, b"\xef\xbb\xbf" + text.replace("000001", "000003").encode())


def test_a_workbook_with_a_title_merged_cells_and_dates(store: Store, tmp_path: Path) -> None:
    book_ = openpyxl.Workbook()
    page = book_.active
    page.append(["2026年3月转移联单"])
    page.merge_cells("A1:G1")
    page.append(M_HEAD.split(","))
    at = dt.datetime(2026, 3, 4, 10)
    name = "新桥精密机械有限公司"
    page.append([20263101000001, name, "900-214-08", 35, "kg", at, "某公司"])
    page.append([20263101000002, None, "900-214-08", 0.0125, "吨", "2026/3/5 8:00", "某公司"])
    page.merge_cells("B3:B4")
    path = tmp_path / "in.xlsx"
    book_.save(path)
    done = transfers.run(store, KNOWN, path, "manifest", by="王五", now=NOW)
    assert done.count == 2
    assert f"{path}:3: 移出单位: {name!r} is merged: read for rows 3 to 4" in done.notes
    first, second = papers.manifests(store)
    assert (first.number, first.grams, second.grams) == ("20263101000001", 35_000, 12_500)
    assert first.t == T0 + 34 * HOUR
    path.write_bytes(b"not a workbook")
    with pytest.raises(HazardError, match=r"expected a column 联单编号; text, not a workbook"):
        transfers.run(store, KNOWN, path, "manifest", by="王五", now=NOW)


def paper(n: int, kg: float, hours: float, code: str = "c") -> Paper:
    return Paper(f"m{n}", frozenset("s"), code, int(kg * 1000), int(hours * HOUR))


def step(n: int, kg: float, hours: float, code: str = "c", place: str = "s") -> Step:
    return Step(f"s{n}", place, code, int(kg * 1000), int(hours * HOUR))


def told(
    papers: list[Paper], steps: list[Step], **more: float
) -> list[tuple[str, list[str], bool]]:
    found = match(papers, steps, Tolerance(**more))  # type: ignore[arg-type]
    return [(m.paper.number, [s.name for s in m.steps], m.within) for m in found.matches]


def test_matching() -> None:
    # One step; several that make up a load; the better of two; the difference in kg and %.
    assert told([paper(1, 100, 10)], [step(1, 103, 9)]) == [("m1", ["s1"], True)]
    assert told([paper(1, 100, 10)], [step(n, 33, 9 + n / 10) for n in range(3)]) == [
        ("m1", ["s0", "s1", "s2"], True)
    ]
    two = [paper(1, 100, 10), paper(2, 104, 10)]
    assert told(two, [step(1, 104, 9), step(2, 100, 9)]) == [
        ("m1", ["s2"], True),
        ("m2", ["s1"], True),
    ]
    # 5 % of 200 kg is 10 kg; of 20 kg it is 1 kg, and 5 kg hold.
    assert told([paper(1, 200, 1)], [step(1, 190, 1)])[0][2]
    assert not told([paper(1, 200, 1)], [step(1, 189, 1)])[0][2]
    assert told([paper(1, 20, 1)], [step(1, 16, 1)])[0][2]
    assert not told([paper(1, 20, 1)], [step(1, 16, 1)], kg=3)[0][2]
    found = match([paper(1, 200, 1)], [step(1, 150, 1)], Tolerance())
    assert (found.matches[0].difference, found.matches[0].percent) == (-50_000, -25.0)


def test_what_has_no_counterpart_is_listed() -> None:
    steps = [step(1, 100, 60), step(2, 100, 1, "d"), step(3, 100, 1, place="x"), step(4, 300, 1)]
    found = match([paper(1, 100, 1)], steps, Tolerance())
    assert (found.matches, [p.number for p in found.papers]) == ([], ["m1"])
    assert [s.name for s in found.steps] == ["s2", "s3", "s4", "s1"]
    assert told([paper(1, 100, 1)], [step(1, 100, 60)], window_s=60 * HOUR)


def test_manifests_beside_weigh_outs(store: Store, tmp_path: Path) -> None:
    made = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0})
    made._say()
    made.step(T0 + 9 * HOUR, "w1", 50_000).step(T0 + 33 * HOUR, "w1", -34_000)
    made.step(T0 + 40 * HOUR, "w2", 20_000).step(T0 + 60 * HOUR, "w2", -20_000)
    made.until(T0 + 72 * HOUR).store(store)
    seen = [ledger_posting.see(store, KNOWN, b, made.t) for b in KNOWN.platforms("hw-01-a")]
    ledger_posting.update(store, KNOWN, seen, made.t)
    extra = M_ROW.replace("000001", "000002").replace("2026-03-04", "2026-03-20")
    bring(store, tmp_path, f"{M_HEAD}\n{M_ROW}\n{extra}\n")
    found = facility_comparison.manifests_matched(
        KNOWN, papers.manifests(store), ledger.live(ledger.read(store)), Tolerance()
    )
    head = T_HEAD + ",来源点位,废物代码"
    tickets = [
        "D1,某公司,2026-03-04 15:00,危险废物,,2034.2,2000,34.2,kg,hw-01,900-214-08",
        "D2,某公司,2026-03-12 15:00,危险废物,,2034.2,2000,34.2,kg,hw-01,336-064-17",
    ]
    bring(store, tmp_path, "\n".join([head, *tickets]) + "\n", "ticket")
    loads = facility_comparison.hazardous_tickets_matched(
        KNOWN, papers.tickets(store), ledger.live(ledger.read(store)), Tolerance()
    )
    assert [(m.paper.number, m.difference) for m in loads.matches] == [("某公司/D1", -200)]
    assert [p.number for p in loads.papers] == ["某公司/D2"]
    (m,) = found.matches
    assert (m.paper.number, m.grams, m.difference) == ("20263101000001", 34_000, -1000)
    assert [p.number for p in found.papers] == ["20263101000002"]
    assert [s.code for s in found.steps] == ["336-064-17"]
    store.close()
    out = tmp_path / "match.csv"
    done = qingyun(
        *("transfers", "match", "--db", tmp_path / "q.db", *REGISTRY),
        *("--month", "2026-03", "--csv", out),
    )
    assert done.returncode == 1, done.stderr
    lines = out.read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [
        *("相符", "无实测", "无单据"),
        *("相符", "无实测"),
    ]
    assert ",35.000,34.000,-1.000,-2.86," in lines[1]


def test_the_two_labels_stand_side_by_side(store: Store, tmp_path: Path) -> None:
    """February: dry 580 kg at fs-01, 486 kg at jt-01; tickets of 600 kg and of no town."""
    february.put(store)
    rows = [
        "B1,天马,2024-02-10 10:00,干垃圾,方松街道,1600,1000,600,kg",
        "B2,天马,2024-02-10 11:00,干垃圾,,1.4,1.0,0.4,t",
        "B3,天马,2024-02-11 11:00,湿垃圾,方松街道,3000,1000,2000,kg",
        "B4,天马,2024-02-12 11:00,建筑垃圾,方松街道,3000,1000,2000,kg",
    ]
    bring(store, tmp_path, "\n".join([T_HEAD, *rows]) + "\n", "ticket")
    days = period.roll_days(store, DISTRICT, dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    found = {(b.town, b.stream): b for b in facility_comparison.beside(days, papers.tickets(store))}
    one = found["方松街道", "干垃圾"]
    assert (one.site_t, one.facility_t, one.tickets) == (Decimal("0.58"), Decimal("0.6"), 1)
    assert one.ratio is not None and round(one.ratio, 4) == Decimal("0.9667")
    assert one.coverage is not None and round(one.coverage, 3) == 1
    assert found["九亭镇", "干垃圾"].facility_t is None
    assert found["九亭镇", "干垃圾"].ratio is None
    assert found["（未注明街镇）", "干垃圾"].facility_t == Decimal("0.4")
    assert found["（未注明街镇）", "干垃圾"].site_t is None
    # The district: (580 + 486 + 1680 + 1890) kg at points; 600 + 400 + 2000 kg by ticket.
    total = found["松江区", "干垃圾+湿垃圾"]
    assert (total.site_t, total.facility_t) == (Decimal("4.636"), Decimal("3"))
    assert all("建筑垃圾" not in stream for _, stream in found)
    # Without the ticket of wet waste the dry one is not beside dry and wet.
    dry = [x for x in papers.tickets(store) if x.stream == "干垃圾"]
    (total,) = [b for b in facility_comparison.beside(days, dry) if b.stream == "干垃圾+湿垃圾"]
    assert (total.facility_t, total.ratio, total.tickets) == (None, None, 2)


def test_tickets_are_a_source_of_the_indicators(store: Store, tmp_path: Path) -> None:
    """600 + 400 kg dry, 2000 kg wet: 清运量 = 3 t = 0.0003 万吨."""
    rows = [
        "B1,天马,2024-02-10 10:00,干垃圾,方松街道,1600,1000,600,kg",
        "B2,天马,2024-03-10 11:00,干垃圾,,1.4,1.0,0.4,t",
        "B3,天马,2024-02-11 11:00,湿垃圾,方松街道,3000,1000,2000,kg",
        "B4,天马,2024-02-12 11:00,建筑垃圾,方松街道,3000,1000,2000,kg",
    ]
    bring(store, tmp_path, "\n".join([T_HEAD, *rows]) + "\n", "ticket")
    now = dt.datetime.fromtimestamp(NOW, LOCAL)
    made = report.build(store, DISTRICT, periods.parse("2024-02"), now=now)
    (haul,) = [r for r in made.results if r.definition.number == "8"]
    assert haul.value == Decimal("0.00026")
    assert any("磅单" in u.series.origin for u in haul.inputs)
    known = catalog.load()
    source = hazardous.tickets(store, now.date())
    dry = source(known["facility_dry_t"], 2024)
    assert dry is not None and dry.months == {2: Decimal("0.6"), 3: Decimal("0.4")}
    built = source(known["construction_t"], 2024)
    assert built is not None and built.months == {2: Decimal(2)}
    assert source(known["facility_dry_gross_t"], 2024) is None
    assert source(known["facility_dry_t"], 2023) is None
    # What is taken back later still counts in a report as of then.
    (brought,) = papers.imports(store)
    papers.take_back(store, brought.id, by="王五", reason="错", now=NOW + 2 * 86400)
    again = hazardous.tickets(store, now.date())(known["facility_dry_t"], 2024)
    assert again is not None and again.months == dry.months
    later = hazardous.tickets(store, now.date() + dt.timedelta(3))
    assert later(known["facility_dry_t"], 2024) is None


def test_the_ledger_is_a_source_of_the_indicators(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    made = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0})
    made._say()
    made.step(T0 + 9 * HOUR, "w1", 50_000).step(T0 + 33 * HOUR, "w1", -34_000)
    made.until(T0 + 72 * HOUR).store(store)
    seen = [ledger_posting.see(store, KNOWN, b, made.t) for b in KNOWN.platforms("hw-01-a")]
    ledger_posting.update(store, KNOWN, seen, made.t)
    as_of, known = dt.date(2026, 3, 31), catalog.load()
    ledger_ = hazardous.from_ledger(store, KNOWN, as_of)
    generated, stored = ledger_(known["hw_generated_t"], 2026), ledger_(known["hw_stored_t"], 2026)
    assert generated is not None and generated.months == {3: Decimal("0.05")}
    assert stored is not None and stored.months == {3: Decimal("0.016")}
    assert "台账只含登记的1家单位" in generated.notes[0]
    for absent in ("hw_used_t", "hw_used_from_stock_t", "social_hw_generated_t"):
        assert ledger_(known[absent], 2026) is None
    done = qingyun(
        *("ledger", "add", "--db", tmp_path / "q.db", *REGISTRY, "--by", "王五"),
        *("--table", "委外利用/处置", "--container", "xq-oil-01", "--kg", "34"),
        *("--time", "2026-03-04 10:00", "--set", "利用/处置方式=D10"),
    )
    assert done.returncode == 0, done.stderr
    ledger_ = hazardous.from_ledger(store, KNOWN, dt.datetime.now(LOCAL).date())
    disposed = ledger_(known["hw_disposed_t"], 2026)
    assert disposed is not None and disposed.months == {3: Decimal("0.034")}
    assert ledger_(known["hw_landfilled_t"], 2026) is None  # D10 is not D1


def test_pickups_of_medical_waste(tmp_path: Path) -> None:
    """Two drums in one visit, the next after 40 h, the last after 60 h: 1 of 2 within 48 h;
    4 × 5 kg generated, by a hospital and not by industry."""
    folder = tmp_path / "registry"
    folder.mkdir()
    for file in (ROOT / "registry").glob("*.csv"):
        (folder / file.name).write_text(file.read_text().replace(",简化,", ",医疗,"))
    known, store = register.load(folder), Store(tmp_path / "q.db", create=True)
    out = [T0 + h * HOUR for h in (10, 11, 51, 111)]
    said = [manual_entries.Draft(STORED, t - HOUR, 5_000, container="xq-oil-01") for t in out]
    said += [manual_entries.Draft(TAKEN, t, 5_000, container="xq-oil-01") for t in out]
    manual_entries.add(store, known, said, "王五", NOW)
    rows = catalog.load()
    source = hazardous.from_ledger(store, known, dt.datetime.now(LOCAL).date())
    found = {n: source(rows[n], 2026) for n in ("medical_pickups", "medical_pickups_48h")}
    assert {n: s.months for n, s in found.items() if s} == {
        "medical_pickups": {3: Decimal(2)},
        "medical_pickups_48h": {3: Decimal(1)},
    }
    medical, industry = source(rows["medical_hw_generated_t"], 2026), rows["hw_generated_t"]
    assert medical is not None and medical.months == {3: Decimal("0.02")}
    assert source(industry, 2026) is None
    assert len(hazardous.rests_on(store, known, "medical_pickups")) == 4


def test_the_commands(store: Store, tmp_path: Path) -> None:
    store.close()
    file = tmp_path / "t.csv"
    file.write_bytes(f"{T_HEAD}\n{T_ROW}\n".encode("gbk"))
    args = ("transfers", "import", "--db", tmp_path / "q.db", *REGISTRY, "--kind", "ticket")
    done = qingyun(*args, "--by", "王五", file)
    assert done.returncode == 0, done.stderr
    assert "read as GB18030" in done.stdout and "1 imported" in done.stdout
    again = qingyun(*args, "--by", "王五", file)
    assert again.returncode == 0 and "1 were there already" in again.stdout
    file.write_text(f"{T_HEAD}\n{T_ROW.replace('4500', '45,00')}\n", encoding="utf-8")
    for more in ((), ("--check",)):
        wrong = qingyun(*args, "--by", "王五", *more, file)
        assert wrong.returncode == (1 if more else 2)
    assert f"{file}: 0 rows could be imported, 1 could not; nothing was written" in wrong.stdout
    shown = qingyun(
        "transfers", "compare", "--db", tmp_path / "q.db", *REGISTRY, "--month", "2026-03"
    )
    assert shown.returncode == 0, shown.stderr
    assert "4.500" in shown.stdout and "清运量（进厂计量）" in shown.stdout
    gone = ("transfers", "take-back", "--db", tmp_path / "q.db", "--by", "王五", "--id", "1")
    assert "1 rows of t.csv, 4500.000 kg, taken back" in qingyun(*gone, "--reason", "错").stdout
    listed = qingyun("transfers", "imports", "--db", tmp_path / "q.db")
    assert "t.csv" in listed.stdout and "王五: 错" in listed.stdout
