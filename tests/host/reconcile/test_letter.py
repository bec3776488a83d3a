"""What an office sends to a contractor: two pages of A4 by the browser's own print."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from bench_reconcile import district
from host_job import qingyun
from playwright.sync_api import Browser
from sim_board import ROOT

from host.common.disclaimer import DISCLAIMER
from host.office.page import page
from host.reconcile import letter, part
from host.reconcile.evidence import Evidence
from host.reconcile.model import Finding, Kind
from host.reconcile.month import reconcile
from host.store import Store

NAME = "某某区环境卫生清运服务有限公司第三分公司"


def printed(browser: Browser, text: str, out: Path) -> list[str]:
    """The text of each page."""
    tab = browser.new_page()
    tab.set_content(text)
    tab.pdf(path=out, prefer_css_page_size=True)
    tab.close()
    with pypdfium2.PdfDocument(out) as found:
        for n in range(len(found)):
            width, height = found[n].get_size()
            assert (round(width), round(height)) == (842, 595)  # points: A4
        return [found[n].get_textpage().get_text_range() for n in range(len(found))]


def letter_of(trucks: int, long: bool = False) -> str:
    """Of all trucks of a simulated district; long: with a thousand findings of long names."""
    made = district.make(trucks, 10, 1, 7_009)
    done = reconcile(
        made.collections, made.lifts, made.loads, measured=made.measured, town_of=made.town_of,
        start=district.START, end=made.end,
    )  # fmt: skip
    if long:
        facts = "沪A" * 4, district.START + 7200, 2e6, 9e4
        many = [
            Finding(Kind.EXCESS, "磅单编号" * 12 + str(n), *facts, (made.loads[n % 20].name,))
            for n in range(1000)
        ]
        done = replace(done, findings=[*many, *done.findings])
    found = Evidence(district.START, made.end)
    found.collections, found.lifts, found.loads = made.collections, made.lifts, made.loads
    found.town_of = made.town_of
    own = {x.truck for x in made.lifts}
    mine = part.of_trucks(found, done, own if not long else {*own, "沪A" * 4})
    tables = letter.tables(*mine, (district.START, made.end), "2026-03", NAME)
    return page("三方对账通知单", f"致：{NAME}", tables, DISCLAIMER)


@pytest.mark.parametrize(("trucks", "long"), [(4, False), (40, False), (40, True)])
def test_it_has_two_pages_at_most(
    browser: Browser, tmp_path: Path, trucks: int, long: bool
) -> None:
    pages = printed(browser, letter_of(trucks, long), tmp_path / "letter.pdf")
    assert len(pages) <= 2
    text = "".join("".join(pages).split())
    for part_ in (NAME, "湿垃圾", "truck-1", "请核实的项目", "从不相加", "书面回复", DISCLAIMER):
        assert "".join(part_.split()) in text
    if trucks > letter.TRUCKS:
        assert f"另有{trucks - letter.TRUCKS}辆" in text
    if long:
        assert len(pages) == 2 and "…" in text


def test_by_contractor_or_truck(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "registry", tmp_path / "registry")
    sites = tmp_path / "registry" / "sites.csv"
    lines = sites.read_text("utf-8").splitlines()
    rows = [lines[0] + ",contractor", *(line + ",清运一" for line in lines[1:])]
    sites.write_text("\n".join(rows) + "\n", "utf-8")
    Store(tmp_path / "q.db", create=True).close()
    (tmp_path / "lifts.csv").write_text(
        "车牌号,称重时间,净重,单位,点位\n沪A1,2026-03-02 08:00:01,41.5,kg,fs-01\n"
        "沪B2,2026-03-02 08:00:01,31.5,kg,fs-01\n",
        "utf-8",
    )
    where = ("--db", tmp_path / "q.db", "--registry", tmp_path / "registry")
    done = qingyun(
        "transfers", "import", "--kind", "lifts", "--by", "李", tmp_path / "lifts.csv", *where
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "registry" / "trucks.csv").write_text("truck,contractor\n沪a·1,清运一\n", "utf-8")
    make = ("reconcile", "letter", "--month", "2026-03", "--out", tmp_path / "x.html", *where)
    assert qingyun(*make, "--contractor", "清运一").returncode == 0
    text = (tmp_path / "x.html").read_text()
    assert "致：清运一" in text and "沪A1" in text and "沪B2" not in text
    assert qingyun(*make, "--truck", "沪b 2").returncode == 0
    assert "沪B2" in (tmp_path / "x.html").read_text()
    for wrong, said in (
        ((), "expected --contractor or --truck"),
        (("--contractor", "清运二"), "--contractor: expected 清运一, found '清运二'"),
    ):
        done = qingyun(*make, *wrong)
        assert done.returncode == 2 and said in done.stderr
    other = ("reconcile", "letter", "--month", "2026-05", "--out", tmp_path / "y.html", *where)
    done = qingyun(*other, "--contractor", "清运一")
    assert done.returncode == 2 and "--month: expected one in which its trucks" in done.stderr
    assert not (tmp_path / "y.html").exists()
