"""Entries of the ledger that get codes, and a process that hands out codes until it is killed."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sim_board import ROOT

from host.hazard import ledger, register
from host.hazard.entry import CODE, REGISTER, SCALE, STORED, TABLES, Entry
from host.hazard.label import issue
from host.hazard.ledger_posting import columns
from host.store import Store, label_codes

UNIT = "91350100M000100Y43"  # of the example's institution
T0 = 1_772_467_200  # 2026-03-03 00:00 in Shanghai
DAY = 86_400


def known() -> register.Register:
    return register.load(ROOT / "registry")


def entry(
    registered: register.Register, t: int, grams: int = 12_345, container: str = "xq-oil-01"
) -> Entry:
    """An 入库 as the scale would book it, without an id."""
    held = registered.container(container)
    assert held is not None
    batch = f"HWRK{t}"
    values = columns(STORED, batch, t, grams, container=held, register=registered)
    scale = (TABLES[STORED][1], TABLES[STORED][6], "计量单位")
    return Entry(
        table=STORED, batch=batch, t=t, recorded=t + 200, by="系统", institution="xq-jm",
        store=held.store, container=container, edition=held.code.edition, code=held.code.code,
        grams=grams, values=values,
        origin={name: SCALE if name in scale else REGISTER for name in values},
    )  # fmt: skip


def hand_out(where: str, journal: str, printed: str, seed: int, most: int) -> None:
    """Codes for entries of random days, until killed or `most` are there. Each code goes into the
    file `printed` once it is committed: what stands there is on a label."""
    luck = random.Random(seed)  # noqa: S311
    store = Store(where if "://" in where else Path(where))
    using = issue.issuer(store, known(), Path(journal))
    with Path(printed).open("a", buffering=1) as out:
        while label_codes.count(store.database) < most:
            t = T0 + luck.randrange(most // 500 + 1) * DAY  # a clock that is put back, too
            rows = [
                entry(using.register, t + i, container=luck.choice(["xq-oil-01", "xq-sludge-01"]))
                for i in range(luck.randint(1, 20))
            ]
            added = issue.add(using, rows)
            out.write("".join(f"{e.values[CODE]}\n" for e in added))


@dataclass(frozen=True)
class Handed:
    """What was handed out while processes were killed. twice: codes that stand on two labels."""

    codes: int
    kills: int
    twice: int
    lost: int
    seconds: float


def killed(where: Path | str, folder: Path, most: int, seed: int) -> Handed:
    """Two processes on one store hand out `most` codes, one of them killed again and again."""
    folder.mkdir(exist_ok=True)
    luck, began, kills = random.Random(seed), time.monotonic(), 0  # noqa: S311
    Store(where, create=True).close()
    running: list[subprocess.Popen[bytes]] = []
    n = 0
    store = Store(where)
    while (there := label_codes.count(store.database)) < most:
        while len(running) < 2:
            n += 1
            args = (str(where), str(folder / "codes"), str(folder / f"printed-{n % 2}"))
            code = f"import labelled; labelled.hand_out(*{args!r}, {seed + n}, {most})"
            paths = [str(ROOT / p) for p in (".", "tools", "tests/support")]
            running.append(
                subprocess.Popen(
                    [sys.executable, "-c", f"import sys; sys.path[:0]={paths}; {code}"]
                )
            )
        # A process needs a while to begin: killed before, it would have done nothing.
        until = time.monotonic() + 60
        due = there + luck.randint(1, min(most // 3, 500))
        while label_codes.count(store.database) < min(due, most) and time.monotonic() < until:
            time.sleep(0.02)
            for p in running:
                if p.poll() not in (None, 0):
                    raise RuntimeError(f"a process ended with {p.returncode}")
        time.sleep(luck.uniform(0, 0.02))
        victim = running.pop(luck.randrange(2))
        kills += victim.poll() is None
        victim.kill()
        victim.wait()
    for p in running:
        p.kill()
        p.wait()
    printed = [
        line
        for path in folder.glob("printed-*")
        for line in path.read_text().splitlines()
        if len(line) == 37  # what a kill cut short is on no label
    ]
    stored = [c.code for c in label_codes.every(store.database)]
    entries = ledger.read(store)
    assert [e.values[CODE] for e in entries] == stored  # each entry has its code, and no other
    assert ledger.verify(store) == []
    store.close()
    doubled = len(stored) - len(set(stored)) + len(printed) - len(set(printed))
    lost = len(set(printed) - set(stored))
    return Handed(len(stored), kills, doubled, lost, time.monotonic() - began)
