"""Tickets and manifests with one slip: read right, or refused in one line that says where.

Each mutation says whether a person could know what was meant."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import tables_made
from sim_board import ROOT

from host.hazard import HazardError, papers, register, transfers
from host.store import Store

KNOWN = register.load(ROOT / "registry")
NOW = 1_775_000_000  # 2026-04-01
MUTATIONS = 200
TICKET_HEAD = ["磅单号", "处置设施", "进厂时间", "品类", "车牌号", "毛重", "皮重", "净重", "单位"]
MANIFEST_HEAD = ["联单编号", "移出单位", "废物代码", "移出量", "单位", "移出时间", "接收单位"]
Rows = list[list[str]]
# Changes rows; whether they still say what they said.
Mutation = Callable[[Rows, random.Random], bool]


def tickets(random_: random.Random) -> Rows:
    rows = []
    for n in range(random_.randint(2, 8)):
        tare, net = random_.randint(4000, 13000), random_.randint(300, 19000)
        at = f"2026-03-{random_.randint(1, 28):02} {random_.randint(0, 23):02}:{n:02}:00"
        stream = random_.choice(["干垃圾", "湿垃圾", "可回收物"])
        masses = [f"{m / 1000:.3f}" for m in (tare + net, tare, net)]
        rows.append([f"{n + 1:04}", "天马焚烧厂", at, stream, f"沪A{n:05}", *masses, "t"])
    return rows


def manifests(random_: random.Random) -> Rows:
    rows = []
    for n in range(random_.randint(2, 8)):
        at = f"2026-03-{random_.randint(1, 28):02} {random_.randint(0, 23):02}:{n:02}"
        code = random_.choice(["900-214-08", "336-064-17"])
        kg = f"{random_.randint(1, 9000) / 10:.1f}"
        rows.append([f"202631010{n:05}", "xq-jm", code, kg, "kg", at, "某公司"])
    return rows


def cell(column: int | None, make: Callable[[str], str], readable: bool) -> Mutation:
    """One cell written otherwise; column None: of the mass of either kind."""

    def mutate(rows: Rows, random_: random.Random) -> bool:
        row = random_.choice(rows)
        n = column if column is not None else 5 if len(row) == len(TICKET_HEAD) else 3
        before, row[n] = row[n], make(row[n])
        return readable or row[n] == before

    return mutate


def full_width(rows: Rows, random_: random.Random) -> bool:
    row = random_.choice(rows)
    n = random_.randrange(len(row) - 2)
    row[n] = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in row[n])
    return True


def sum_row(rows: Rows, random_: random.Random) -> bool:
    rows.append(["合计", *[""] * (len(rows[0]) - 1)])
    return True


def repeat(rows: Rows, random_: random.Random) -> bool:
    """A row once more: the same ticket; of a manifest perhaps another drum."""
    rows.append(list(random_.choice(rows)))
    return len(rows[0]) == len(TICKET_HEAD)


EITHER: list[Mutation] = [
    full_width,
    sum_row,
    repeat,
    cell(None, lambda t: t.replace(".", ","), False),
    cell(None, lambda t: t.replace("0", "o"), False),
    cell(None, lambda t: f"{t}吨", False),
    cell(None, lambda t: f"-{t}", False),
    cell(None, lambda _: "", False),
    cell(None, lambda t: f"{float(t):e}", False),
    cell(None, lambda t: f'="{t}"', True),
    cell(None, lambda t: f"  {t} ", True),
    cell(None, lambda _: "#VALUE!", False),
    cell(None, lambda t: f"{t}.0", False),
]
OF_TICKETS: list[Mutation] = [
    cell(7, lambda t: str(Decimal(t) + Decimal("0.01")), False),
    cell(8, lambda _: "斤", False),
    cell(2, lambda t: f"{t[5:7]}/{t[8:10]}/2026", False),
    cell(2, lambda t: f"{t}.0", True),
    cell(2, lambda t: t.replace("-", "."), True),
    cell(2, lambda t: f"2026-02-31{t[10:]}", False),
    cell(1, lambda t: f"{t}（二期）", True),
    cell(3, lambda _: "厨余", False),
]
OF_MANIFESTS: list[Mutation] = [
    cell(2, lambda t: t.replace("-", "—"), True),
    cell(2, lambda t: f"HW{t[-2:]}/{t}", True),
    cell(2, lambda t: t[:-1], False),
    cell(0, lambda t: t[:-1], False),
    cell(5, lambda t: f"2027{t[4:]}", False),
    cell(1, lambda t: f"{t}二厂", False),
]


def test_each_slip_is_read_right_or_refused(store: Store, tmp_path: Path) -> None:
    counts = {True: 0, False: 0}
    for seed in range(MUTATIONS):
        random_ = random.Random(7000 + seed)  # noqa: S311
        kind = random_.choice(["ticket", "manifest"])
        is_ticket = kind == "ticket"
        head, make = (TICKET_HEAD, tickets) if is_ticket else (MANIFEST_HEAD, manifests)
        rows = make(random_)
        truth = sum(int(Decimal(r[7]) * 10**6 if is_ticket else Decimal(r[3]) * 1000) for r in rows)
        mutate = random_.choice(EITHER + (OF_TICKETS if is_ticket else OF_MANIFESTS))
        readable = mutate(rows, random_)
        counts[readable] += 1
        file = written(tmp_path / f"{seed}", [head, *rows], random_)
        try:
            transfers.run(store, KNOWN, file, kind, by="王五", now=NOW + seed)
        except HazardError as error:
            line = str(error)
            assert not readable and "\n" not in line and line.startswith(f"{file}:"), (seed, line)
            assert line.endswith("; nothing was imported"), (seed, line)
            continue
        assert readable, (seed, rows)
        held: list[papers.Record] = []
        held += papers.tickets(store) if is_ticket else papers.manifests(store)
        assert sum(r.grams for r in held) == truth, (seed, rows)
        (brought,) = (i for i in papers.imports(store) if i.taken_back is None)
        papers.take_back(store, brought.id, by="王五", reason="done", now=NOW + seed)
    assert min(counts.values()) > MUTATIONS // 5, counts


def written(path: Path, rows: Rows, random_: random.Random) -> Path:
    """A workbook of texts, a web page under the name of one, or a CSV."""
    form = random_.randrange(4)
    if form == 0:
        return tables_made.workbook(path.with_suffix(".xlsx"), rows)
    if form == 1:
        file = path.with_suffix(".xls")
        file.write_bytes(tables_made.web_page(rows).encode("gb18030"))
        return file
    quoted = [['"' + c.replace('"', '""') + '"' for c in row] for row in rows]
    file = path.with_suffix(".csv")
    encoding = random_.choice(["utf-8-sig", "gb18030", "utf-16"])
    file.write_bytes(tables_made.csv(quoted).encode(encoding))
    return file
