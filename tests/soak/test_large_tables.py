"""A table of a million rows is imported in bounded memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from sim_board import ROOT

ROWS = 1_000_000
MOST_MB = 2000
RUN = """
import resource, sys
from pathlib import Path
from host.hazard import register, transfers
from host.store import Store
known, file = register.load(Path("registry")), Path(sys.argv[1])
store = Store(Path(sys.argv[2]), create=True)
done = transfers.run(store, known, file, "ticket", by="王五", now=1_800_000_000)
print(done.count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
HEAD = ["磅单号", "处置设施", "进厂时间", "品类", "来源街镇", "毛重", "皮重", "净重", "单位"]


def row(n: int) -> list[object]:
    return [f"B{n}", "天马", 45000 + n / 1440, "湿垃圾", "新桥镇", 9500.5, 5000, 4500.5, "kg"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_million_rows(tmp_path: Path, kind: str, figure: Callable[[str], None]) -> None:
    file = tmp_path / f"big.{kind}"
    if kind == "csv":
        lines = (",".join(map(str, row(n))) for n in range(ROWS))
        file.write_text("\n".join([",".join(HEAD), *lines]), encoding="utf-8")
    else:
        book = xlsxwriter.Workbook(str(file), {"constant_memory": True})
        page = book.add_worksheet()
        page.write_row(0, 0, HEAD)
        for n in range(ROWS):
            page.write_row(n + 1, 0, row(n))
        book.close()
    command = [sys.executable, "-c", RUN, str(file), str(tmp_path / "q.db")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr
    count, mb = map(int, done.stdout.split())
    figure(f"{kind}: {count:,} rows imported with at most {mb} MB")
    assert count == ROWS and mb < MOST_MB
