"""The log of alarms a page at a time: the same pages as new alarms come, and however long it is."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from host.alarms import alarm_log, alarm_pages
from host.alarms.alarm_log import ACKNOWLEDGED, CLEARED, RAISED, Body
from host.alarms.alarm_pages import Page, Place
from host.store import Store
from host.store import hazard as rows

T = 1_772_500_000
ReadPage = Callable[[int, int | None], Page]


BODY = Body(
    rule="offline", kind="offline", level="告警", site="", store="", subject="",
    value=1.7, unit="间隔", threshold=1.6, source="自定：两个上报间隔内没有读数",
    text="设备没有读数（每 300 秒应有一条）", since=T, action="到现场看电源和网络",
)  # fmt: skip


def body(n: int) -> str:
    made = msgspec.structs.replace(BODY, site=f"p{n % 100:02d}", subject=f"b{n}")
    return msgspec.json.encode(made, order="sorted").decode()


def raise_and_clear(store: Store, many: int, *, open_every: int = 50) -> None:
    """So many alarms, each over before the next begins but for every open_every-th."""
    n, changes = rows.open_alarms(store)[0], list[tuple[int | None, str, int, str]]()
    for i in range(many):
        raised = n + len(changes) + 1
        changes.append((None, RAISED, T + i, body(i)))
        if i % 3 == 0:
            changes.append((raised, ACKNOWLEDGED, T + i, body(i)))
        if i % open_every:
            changes.append((raised, CLEARED, T + i, body(i)))
    rows.add_alarms(store, changes, None)


def walked(read: ReadPage, limit: int) -> list[int]:
    """The alarms of all pages, one after the other."""
    found, before = list[int](), None
    while True:
        page = read(limit, before)
        assert len(page.rows) <= limit
        found += [raised.alarm for raised, _, _ in page.rows]
        if page.next is None:
            return found
        before = page.next


@pytest.mark.each_engine
def test_pages_have_every_alarm_once_with_its_changes(store: Store) -> None:
    """On both databases; of all, of the open ones, and of one site."""
    raise_and_clear(store, 120, open_every=7)
    every = [r for r in alarm_log.read(store) if r.what == RAISED]
    numbers = [r.alarm for r in reversed(every)]
    for limit in (1, 7, 119, 120, 121):
        assert walked(lambda n, b: alarm_pages.read(store, n, b), limit) == numbers
    opened = sorted(alarm_log.open_alarms(alarm_log.read(store)), reverse=True)
    assert walked(lambda n, b: alarm_pages.read_open(store, n, b), 5) == opened
    for numbers_of, read in ((numbers, alarm_pages.read), (opened, alarm_pages.read_open)):
        of_site = {r.alarm for r in every if r.body.site == "p07"}
        mine = [n for n in numbers_of if n in of_site]

        def see(place: Place) -> bool:
            return place.site == "p07"

        assert walked(lambda n, b, r=read: r(store, n, b, 0, see), 1) == mine  # type: ignore[misc]
        assert read(store, 5, None, 0, see).total == len(mine)
        skipped = read(store, 10, numbers_of[3], 4).rows
        assert [x[0].alarm for x in skipped] == numbers_of[8:18]
    page = alarm_pages.read(store, 120)
    assert page.total == 120
    for i, (raised, seen, over) in enumerate(reversed(page.rows)):
        assert (seen is not None, over is not None) == (i % 3 == 0, bool(i % 7))
        assert alarm_pages.one(store, raised.alarm) == (raised, seen, over)
    assert alarm_pages.one(store, 2) is None, "the row of an acknowledgement"
    assert alarm_pages.one(store, 99_999) is None


@pytest.mark.each_engine
def test_a_page_stays_what_it_is_while_alarms_come(store: Store) -> None:
    raise_and_clear(store, 30)
    first = alarm_pages.read(store, 10)
    second = alarm_pages.read(store, 10, first.next)
    raise_and_clear(store, 25)
    assert alarm_pages.read(store, 10, first.next).rows == second.rows
    assert alarm_pages.read(store, 10).rows[0][0].alarm > first.rows[0][0].alarm


def test_a_page_of_a_hundred_thousand_alarms(tmp_path: Path, figure: Callable[[str], None]) -> None:
    """Time of the processor and memory go by the page, not by the log; for who sees one site in a
    hundred the log is walked through, a piece of it in memory."""
    many = 100_000
    with closing(Store(tmp_path / "a.db", create=True)) as store:
        raise_and_clear(store, many, open_every=5000)

        def see(place: Place) -> bool:
            return place.site == "p07"

        def cost(read: Callable[[], Page]) -> tuple[Page, float, float]:
            began = time.process_time()
            page = read()
            took = time.process_time() - began
            tracemalloc.start()
            read()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return page, 1000 * took, peak / 1e6

        said = []
        for name, read, total, most_ms, most_mb in (
            ("newest", lambda: alarm_pages.read(store, 100), many, 250, 2),
            ("oldest", lambda: alarm_pages.read(store, 100, 150), many, 250, 2),
            ("open", lambda: alarm_pages.read_open(store, 100), many // 5000, 500, 2),
            ("one site", lambda: alarm_pages.read(store, 100, None, 0, see), 1000, 3000, 6),
        ):
            page, ms, mb = cost(read)
            assert page.total == total, name
            assert page.rows, name
            assert ms < most_ms and mb < most_mb, (name, ms, mb)
            said.append(f"{name} {ms:.0f} ms, {mb:.1f} MB")
        began = time.process_time()
        alarm_log.read(store)
        whole = 1000 * (time.process_time() - began)
    figure(f"a page of 100 of {many} alarms: {'; '.join(said)} (the whole log: {whole:.0f} ms)")
