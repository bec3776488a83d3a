"""The day of a board that sends without end: nobody waits for its figures at each visit."""

from __future__ import annotations

import time
from pathlib import Path

import district
import pytest
from sim_board import ROOT

from host import registry
from host.readings.messages import Reading
from host.serve import day_cache
from host.serve.day_cache import Figures, today
from host.serve.settings import Settings
from host.serve.site_days import site_day
from host.store import Batch, Store

LOUD, QUIET = ("fs-01", "qy-fs01"), ("jt-01", "qy-jt01")


def test_its_figures_are_computed_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, known = tmp_path / "q.db", registry.load(ROOT / "registry")
    store = Store(db, create=True)
    for site, device in (LOUD, QUIET):
        district.play(store, site, device, today())
    now = int(time.time())
    one = Reading("00000001", 0, 0, now, None, {"w1": 12_000}, {})
    store.add(Batch(readings=[(LOUD[1], LOUD[0], one)]), now)
    store.compact()
    readings = len(list(store.readings(LOUD[1], 0, 1 << 40)))
    monkeypatch.setattr(day_cache, "CROWDED", readings - 1)
    revised = "SELECT DISTINCT p.bin FROM platform_day d JOIN platform p ON p.id = d.platform"
    boards = {b.bin: b.device for b in known.bins}

    def computed() -> set[str]:
        return {boards[row[0]] for row in store.database.query(revised)}

    site_day(store, known, LOUD[0], today())
    assert computed() == set()
    site_day(store, known, QUIET[0], today())
    assert computed() == {QUIET[1]}
    figures = Figures(Settings(db, ROOT / "registry"), known)
    figures._all_at = time.monotonic()  # a turn with all of them was a moment ago
    figures.refresh()
    assert LOUD[1] not in computed()
    figures._all_at -= day_cache._CROWDED_S + 1
    figures.refresh()
    assert LOUD[1] in computed()
    store.close()
