"""A label says what ledger and register say, fits its size, and is read back from paper."""

from __future__ import annotations

import re
import shlex
import shutil
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import label_printer
import labelled
import msgspec
import pypdfium2
import pytest
import zxingcpp
from doc_commands import commands
from host_job import qingyun
from label_printer import drawn
from labelled import T0, UNIT
from PIL import Image, ImageChops
from sim_board import ROOT

from host.cli import _parser
from host.common.errors import OutsideError
from host.hazard import HazardError, ledger, register
from host.hazard.entry import CODE, Entry
from host.hazard.label import bitmap, content, fonts, issue, layout, pdf, printer, printing, tables
from host.hazard.label.content import Content
from host.hazard.label.shapes import Drawing, Frame, Matrix, Text
from host.store import Store, label_codes

KNOWN = labelled.known()
FONT = fonts.find()
SIZES = tables.sizes()
STEM = f"{UNIT}9002140820260303"
LONG = {
    "废物名称": "含有机卤化物的废切削液与废润滑油混合物（机加工车间三号线清槽）",
    "主要成分": "矿物基础油、脂肪酸酯、聚醚、三乙醇胺、苯并三氮唑、水",
    "有害成分": "多环芳烃、重金属（铅、锌）",
    "注意事项": "远离火种、热源；不得与氧化剂、酸类混放；泄漏时用沙土吸附后装入专用容器；"
    "操作时佩戴手套",
    "产生/收集单位": "上海松江经济技术开发区新桥精密机械制造有限公司第二分公司",
    "联系人和联系方式": "安环部值班室 021-00000000 转 0000",
    "备注": "第二次清槽",
}  # fmt: skip
ALL = ("T", "C", "I", "R")


def coded(grams: int = 187_350) -> Entry:
    made = labelled.entry(KNOWN, T0 + 9 * 3600, grams)
    return msgspec.structs.replace(made, id=7, values=made.values | {CODE: f"{STEM}001"})


def long(c: Content) -> Content:
    return replace(c, fields=c.fields | LONG, hazards=ALL)


def draw(c: Content, size: tables.Size) -> Drawing:
    return layout.draw(c, size, tables.layout(), FONT)


def texts(path: Path) -> list[str]:
    """The text of each page."""
    pages = pypdfium2.PdfDocument(path)
    return [page.get_textpage().get_text_bounded() for page in pages]


def picture(path: Path, page: int = 0, dpi: int = 203) -> Image.Image:
    """A page as it comes out of a printer."""
    image: Image.Image = pypdfium2.PdfDocument(path)[page].render(scale=dpi / 72).to_pil()
    return image


def read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


def test_a_label_says_what_ledger_and_register_say() -> None:
    said = content.of(KNOWN, coded())
    assert said.fields["废物名称"] == "废润滑油"
    assert (said.fields["废物类别"], said.fields["废物代码"]) == ("HW08", "900-214-08")
    assert (said.fields["废物重量"], said.grams) == ("187.350 kg", 187_350)
    assert said.fields["产生日期"] == "2026-03-03" and said.hazards == ("T", "I")
    assert said.qr == said.code == f"{STEM}001"
    # What nobody gave is an empty line, and is told.
    assert said.blanks() == ["主要成分", "有害成分", "注意事项", "联系人和联系方式"]
    with pytest.raises(HazardError, match="qingyun label code 0 gives it one"):
        content.of(KNOWN, labelled.entry(KNOWN, T0))


@pytest.mark.parametrize(
    ("litres", "mm", "letters"),
    [(1, 100, 3), (50, 100, 3), (51, 150, 5), (450, 150, 5), (451, 200, 6), (0, 200, 6)],
)
def test_the_size_is_that_of_the_volume(litres: int, mm: int, letters: int) -> None:
    """HJ 1276-2022: a container of an unknown volume gets the size that does for any."""
    size = tables.size_for(SIZES, litres * 1000)
    assert (size.mm, size.text_mm) == (mm, letters)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("450,150", "40,150", "label_sizes.csv:3: up_to_l: expected more than in the row before"),
        ("450,150", ",150", "label_sizes.csv:4: up_to_l: expected nothing in the last row alone"),
        ("\n,200", "\n900,200", "label_sizes.csv:4: up_to_l: expected a last row with nothing"),
        ("50,100", "50,10", "label_sizes.csv:2: size_mm: expected 80 to 400, found '10'"),
        (",6,2", ",6,0", "label_sizes.csv:4: labels: expected 1 to 4, found '0'"),
    ],
)
def test_sizes_are_data_of_the_office(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (Path(tables.__file__).parent / "sizes.csv").read_text()
    (tmp_path / "label_sizes.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(HazardError) as caught:
        tables.sizes(tmp_path)
    assert said in str(caught.value)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: str(s.mm))
@pytest.mark.parametrize("much", [False, True])
@pytest.mark.parametrize("hazards", [(), ("T",), ("T", "I"), ("T", "C", "I"), ALL, (*ALL, "In")])
def test_nothing_is_cut_and_nothing_overlaps(
    size: tables.Size, much: bool, hazards: tuple[str, ...]
) -> None:
    said = content.of(KNOWN, coded())
    said = replace(long(said) if much else said, hazards=hazards)
    made = draw(said, size)
    frame = next(s for s in made.shapes if isinstance(s, Frame))
    assert frame.x >= 3 and frame.width >= 1  # blank outside of the border, and the border
    inner = frame.x + frame.width, frame.x + frame.w - frame.width
    boxes = []
    for s in made.shapes:
        if isinstance(s, Text):
            box = (s.x, s.y - 0.88 * s.em, s.x + FONT.width(s.text, s.em), s.y + 0.14 * s.em)
            boxes.append((s.text, box))
        elif isinstance(s, Matrix):
            boxes.append(("QR", (s.x, s.y, s.x + s.size, s.y + s.size)))
    for text, (x0, y0, x1, y1) in boxes:
        assert inner[0] <= x0 < x1 <= inner[1] and inner[0] <= y0 < y1 <= inner[1], text
    for i, (a, (ax0, ay0, ax1, ay1)) in enumerate(boxes):
        for b, (bx0, by0, bx1, by1) in boxes[i + 1 :]:
            apart = ax1 <= bx0 or bx1 <= ax0 or ay1 <= by0 + 0.05 or by1 <= ay0 + 0.05
            assert apart, (a, b)
    # Every character of every field is there.
    printed = "".join(s.text for s in made.shapes if isinstance(s, Text))
    for value in said.fields.values():
        assert re.sub(r"\s", "", value) in re.sub(r"\s", "", printed)
    if not much:
        assert made.letter_mm == size.text_mm  # as high as the standard asks
    assert made.letter_mm >= 0.7 * size.text_mm


@pytest.mark.parametrize("size", SIZES, ids=lambda s: str(s.mm))
@pytest.mark.parametrize("orange", [False, True])
def test_the_pdf_says_it_and_its_qr_code_is_read(
    tmp_path: Path, size: tables.Size, orange: bool
) -> None:
    said = long(content.of(KNOWN, coded()))
    path = tmp_path / "label.pdf"
    pdf.write([draw(said, size)], path, FONT, orange=orange)
    (text,) = texts(path)
    plain = re.sub(r"\s", "", text)
    for name, value in said.fields.items():
        assert name in plain and re.sub(r"\s", "", value) in plain, name
    assert f"{STEM}001" in plain and "187.350" in plain
    page = pypdfium2.PdfDocument(path)[0]
    assert [round(x * 25.4 / 72) for x in page.get_size()] == [size.mm, size.mm]
    image = picture(path)
    assert read(image) == [f"{STEM}001"]
    corner = image.convert("RGB").getpixel((3, 3))
    assert corner == ((255, 150, 0) if orange else (255, 255, 255))
    assert b"/FontFile2" in path.read_bytes()  # the font is in it


def test_sheets_hold_what_fits(tmp_path: Path) -> None:
    said = content.of(KNOWN, coded())
    numbered = [replace(said, code=f"{STEM}{n:03d}", qr=f"{STEM}{n:03d}") for n in range(1, 8)]
    drawings = [draw(c, SIZES[0]) for c in numbered[:5]] + [draw(c, SIZES[1]) for c in numbered[5:]]
    path = tmp_path / "sheet.pdf"
    pdf.write(drawings, path, FONT, sheet=True)
    pages = [sorted(c[-3:] for c in read(picture(path, n))) for n in range(4)]
    assert pages == [["001", "002", "003", "004"], ["005"], ["006"], ["007"]]
    assert len(pypdfium2.PdfDocument(path)) == 4


@pytest.mark.parametrize("language", printer.LANGUAGES)
@pytest.mark.parametrize("dpi", bitmap.DPI)
@pytest.mark.parametrize("size", SIZES[:2], ids=lambda s: str(s.mm))
def test_a_label_printer_prints_the_picture(language: str, dpi: int, size: tables.Size) -> None:
    drawing = draw(long(content.of(KNOWN, coded())), size)
    image = bitmap.paint(drawing, FONT, dpi)
    with label_printer.printer() as paper:
        to = printer.Printer("127.0.0.1", paper.port, language)
        printer.send(to, printer.job(image, drawing.mm, language))
        printer.send(to, printer.job(image, drawing.mm, language))
    assert len(paper.jobs) == 2
    (label,) = drawn(paper.jobs[0])
    assert ImageChops.difference(label.image.convert("L"), image.convert("L")).getbbox() is None
    assert label.image.width >= round(size.mm * dpi / 25.4)
    assert label.mm == (size.mm if language == "tspl" else 0)
    assert read(label.image.convert("L")) == [f"{STEM}001"]


def test_the_two_painters_paint_the_same_label(tmp_path: Path) -> None:
    drawing = draw(long(content.of(KNOWN, coded())), SIZES[0])
    path = tmp_path / "label.pdf"
    pdf.write([drawing], path, FONT)
    dots = bitmap.paint(drawing, FONT, 203).convert("L")
    page = picture(path).convert("L").resize(dots.size)
    qr = next(s for s in drawing.shapes if isinstance(s, Matrix))  # in whole dots on one of them
    x0, y0, x1, y1 = (round(mm * 203 / 25.4) for mm in (qr.x, qr.y, qr.x + qr.size, qr.y + qr.size))
    for i in (dots, page):
        i.paste(255, (x0, y0, x1, y1))
    small = (80, 80)
    a, b = (i.resize(small, Image.Resampling.BOX).tobytes() for i in (dots, page))
    assert max(abs(x - y) for x, y in zip(a, b, strict=True)) < 150
    assert sum(abs(x - y) for x, y in zip(a, b, strict=True)) / len(a) < 12


@pytest.mark.parametrize(
    ("then", "wait_s", "said"),
    [
        ("closes", 5, "closed the connection after at most"),
        ("takes no more", 0.5, "took no more for 0.5 s after at most"),
    ],
)
def test_a_printer_that_takes_half_is_one_line(then: str, wait_s: float, said: str) -> None:
    data = printer.job(Image.new("1", (1200, 1200)), 150, "zpl")
    began = time.monotonic()
    with label_printer.printer(20_000, then) as paper:
        with pytest.raises(OutsideError) as caught:
            printer.send(printer.Printer("127.0.0.1", paper.port, "zpl", wait_s), data)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert "look whether a label came out" in str(caught.value)
    assert time.monotonic() - began < 10


def test_a_printer_that_is_off_is_one_line() -> None:
    with label_printer.printer() as paper:
        pass
    with pytest.raises(OutsideError, match="Connection refused; expected a printer that is on"):
        printer.send(printer.Printer("127.0.0.1", paper.port, "tspl", 2), b"x")


@pytest.mark.parametrize("text", [":9100", "host:", "host:0", "host:99999", "host:x"])
def test_a_wrong_address_is_one_line(text: str) -> None:
    with pytest.raises(HazardError, match="--printer: expected HOST or HOST:PORT"):
        printing.printer_of(text, "tspl", 10)
    assert printing.printer_of("10.0.0.9", "zpl", 10) == printer.Printer("10.0.0.9", 9100, "zpl")


def test_without_a_chinese_font_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_PLACES", (("/nowhere/x.ttc", 0),))
    with pytest.raises(HazardError, match="apt-get install fonts-wqy-zenhei, or name one"):
        fonts.find()
    (tmp_path / "x.ttf").write_text("no font")
    with pytest.raises(HazardError, match=r"--font: .*: expected a font"):
        fonts.find(tmp_path / "x.ttf")


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A ledger with two entries without codes."""
    path = tmp_path / "q.db"
    store = Store(path, create=True)
    ledger.add(store, [labelled.entry(KNOWN, T0), labelled.entry(KNOWN, T0 + 60, 8_000)])
    store.close()
    return path


def run(*words: str | Path, code: int = 0) -> str:
    given = words if "--registry" in words else (*words, "--registry", ROOT / "registry")
    done = qingyun("label", *given)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_commands_from_code_to_paper(db: Path, tmp_path: Path) -> None:
    said = run("code", "1", "2", "--db", db, "--by", "王五")
    assert f"4  HWRK{T0}  12.345 kg  {STEM}001" in said and f"{STEM}002" in said
    out = tmp_path / "labels.pdf"
    said = run("print", "4", f"{STEM}002", "--db", db, "--out", out, "--orange")
    assert (
        f"{STEM}001: to be filled in by hand: 主要成分 有害成分 注意事项 联系人和联系方式" in said
    )
    assert said.endswith(f"{out}: 2 labels\n") and len(texts(out)) == 2
    with label_printer.printer() as paper:
        where = f"127.0.0.1:{paper.port}"
        words = ("print", "4", "--db", db, "--size", "100")
        said = run(*words, "--printer", where, "--language", "zpl", "--qr-prefix", "HTTPS://X/")
        assert "100 mm is smaller than HJ 1276-2022 asks: 150 mm" in said
    (label,) = drawn(paper.jobs[0])
    assert read(label.image.convert("L")) == [f"HTTPS://X/{STEM}001"]
    off = run(*words, "--printer", where, code=1)
    assert off.splitlines()[-1].startswith(f"qingyun: error: printer {where}: Connection refused")
    said = run("void", f"{STEM}002", "--db", db, "--by", "王五", "--reason", "未贴", "--anew")
    assert f"8.000 kg  {STEM}003" in said and f"{STEM}002: void" in said
    said = run("show", "--db", db)
    assert "3 codes were handed out" in said and "void" in said
    said = run("show", f"{STEM}001", "--db", db)
    assert "entry 4" in said and "holds" in said and said.count("printed") == 2
    assert run("resume", "--db", db, "--last", f"{STEM}009").endswith(
        "1 codes were not known here\n"
    )
    said = run("print", f"{STEM}002", "--db", db, "--out", out, code=2)
    assert "expected the 数字识别码 or the id of an entry that holds, found" in said
    said = run("print", "4", "--db", db, "--printer", "x", "--sheet", code=2)
    assert "--sheet, --orange: expected with --out" in said
    said = run("print", "4", "--db", db, "--out", out, "--size", "120", code=2)
    assert "--size: expected one of 100 150 200, found 120" in said


@pytest.mark.parametrize("language", printer.LANGUAGES)
def test_a_large_container_has_a_label_on_each_of_two_sides(
    db: Path, tmp_path: Path, language: str
) -> None:
    """HJ 1276-2022: above 450 L; on paper and from the printer."""
    registry = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", registry)
    rows = (registry / "containers.csv").read_text()
    assert rows.count("200L铁桶,0,可燃物,,,200\n") == 1
    rows = rows.replace("200L铁桶,0,可燃物,,,200\n", "吨桶,0,可燃物,,,1000\n")
    (registry / "containers.csv").write_text(rows)
    with closing(Store(db)) as store:
        issue.give(issue.issuer(store, register.load(registry)), [1], "王五", T0)
    out = tmp_path / "labels.pdf"
    place = ("--db", db, "--registry", registry)
    said = run("print", f"{STEM}001", *place, "--out", out)
    assert f"{STEM}001: 2 labels, on opposite sides of the container" in said
    assert said.endswith(f"{out}: 2 labels\n") and len(texts(out)) == 2
    with label_printer.printer() as paper:
        where = f"127.0.0.1:{paper.port}"
        run(
            "print",
            f"{STEM}001",
            *place,
            "--printer",
            where,
            "--language",
            language,
            "--size",
            "100",
        )
    assert len(drawn(paper.jobs[0])) == 2


def test_what_was_printed_is_noted_only_once_it_was(db: Path) -> None:
    with closing(Store(db)) as store:
        issue.give(issue.issuer(store, KNOWN), [1], "王五", T0)
    with label_printer.printer() as paper:
        pass
    run("print", "3", "--db", db, "--printer", f"127.0.0.1:{paper.port}", code=2)
    run("print", "4", "--db", db, "--printer", f"127.0.0.1:{paper.port}", code=1)
    with closing(Store(db)) as store:
        assert label_codes.events(store.database) == []


def test_the_commands_of_the_page_can_be_parsed() -> None:
    page = ROOT / "docs" / "hazard.md"
    found = [c.text for c in commands(page, ROOT) if c.text.startswith("qingyun label ")]
    assert len(found) >= 6
    for text in found:
        words = shlex.split(text.replace("…", ""))[1:]
        if "resume" not in words and len(words) > 2:
            assert _parser().parse_args(words).part == words[1]
