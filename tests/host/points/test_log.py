"""The log of alarms: what is open is read without the years before."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sim_board import ROOT

from host.alarms import alarm_log, rules
from host.alarms.rules import Rule
from host.store import Store

RULE: Rule = {r.rule: r for r in rules.load(ROOT / "registry", {})}["offline"]
LOOK = st.lists(
    st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.sampled_from((0.0, 1.5, 3.0)))),
    max_size=4,
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(LOOK, st.booleans()), max_size=8))
def test_what_is_open_is_the_same_by_all_rows_and_by_the_open_ones(
    looks: list[tuple[list[tuple[str, float | None]], bool]],
) -> None:
    folder = tempfile.TemporaryDirectory()
    store = Store(Path(folder.name) / "a.db", create=True)
    for t, (values, is_seen) in enumerate(looks):
        found = [alarm_log.Finding(RULE, "s", "", name, v, "x") for name, v in dict(values).items()]
        alarm_log.record(store, [("s/", found)], t)
        last, rows = alarm_log.read_open(store)
        every = alarm_log.read(store)
        assert last == len(every)
        opened = alarm_log.open_alarms(every)
        assert alarm_log.open_alarms(rows) == opened
        assert {r.alarm for r in rows} == set(opened)
        unseen = [a for a, (_, seen) in opened.items() if seen is None]
        if is_seen and unseen:
            alarm_log.acknowledge(store, unseen[0], "li", "", t)
    store.close()
    folder.cleanup()
