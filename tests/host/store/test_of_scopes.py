"""What is asked of the store for a part of the district, on both engines."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from two_sides import PLACES, TOWNS, day_before, readings, write_registry

from host.common.local_days import day_of
from host.registry import load
from host.rollup.day_figures import update_figures
from host.serve import accounts
from host.serve.scope import DISTRICT, Scope
from host.store import Batch, Store, day_revisions


@pytest.mark.each_engine
def test_revisions_of_some_bins_and_deeds_of_a_scope(database: Path | str, tmp_path: Path) -> None:
    """Are those among all of them."""
    write_registry(tmp_path / "registry")
    store = Store(database, create=True)
    told = [reading for p in PLACES for reading in readings(p)]
    store.add(Batch(readings=told), int(time.time()))
    update_figures(store, load(tmp_path / "registry"), day_before())
    day, some = day_of(day_before()), ["pt-aaa-1", "hz-bbb-1", "nowhere"]
    every = day_revisions.collected_of(store.database, day)
    assert {r[0] for r in every} == {f"{p.site}-1" for p in PLACES}
    found = day_revisions.collected_of(store.database, day, some)
    assert sorted(found) == sorted(r for r in every if r[0] in some)
    town = Scope("town", TOWNS["a"])
    token = accounts.add_token(store, "screen", "viewer", "root", scope=town)
    for scope in (town, DISTRICT, Scope("town", TOWNS["b"])):
        accounts.note(store, "x", "", "download", str(scope), outcome="done", scope=scope)
    assert [d.object for d in accounts.trail(store, scope=town)] == [str(town)]
    assert len(accounts.trail(store)) == 4
    assert (found_ := accounts.by_token(store, token)) and found_.scope == town
    accounts.change(store, "screen", "root", role="operator")  # its scope stays
    assert (found_ := accounts.find(store, "screen")) and found_.scope == town
    store.close()
