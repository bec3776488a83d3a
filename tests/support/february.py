"""A leap February of two points, of which one is silent for two days."""

from __future__ import annotations

import datetime as dt

from hauls import Board, Haul

from host.store import Store

DAYS = [dt.date(2024, 2, 1) + dt.timedelta(n) for n in range(29)]
DARK = (10, 11)  # days on which jt-01 says nothing


def put(store: Store) -> None:
    """fs-01: 20 kg dry, 60 kg wet and 5 kg recyclable a day, its wet bin not emptied on the
    last one; jt-01: 18 kg dry and 70 kg wet on 27 days. f1 is full from the 26th on."""
    fs, jt = Board("qy-fs01", "fs-01"), Board("qy-jt01", "jt-01", "bbbbbbbb")
    for n, day in enumerate(DAYS):
        hauls = [Haul("w1", 12_400, 20_000), Haul("w2", 13_100, 60_000, lifted=n != 28)]
        fs.day(day, [*hauls, Haul("w3", 12_800, 5_000)], {"f1": 400 + 20 * n, "f2": 500})
        if n not in DARK:
            jt.day(day, [Haul("w1", 11_900, 18_000), Haul("w2", 12_600, 70_000)])
    fs.store(store)
    jt.store(store)
