"""A point with a reader of cards: each card has a reading of its own, what was brought after it
is told with it, and its id is forgotten while everything else stays."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import stored
from broker import Broker
from host_job import Ingester
from played import wait_stored
from simple_site import HEADER, MIDNIGHT, SCALE, SimpleSite

from host import registry
from host.cli import main
from host.readings.messages import Reading
from host.reports import cards
from host.store import Batch, Store, card_ids

READER = {"id": "k1", "kind": "card_reader", "uart": 2, "tx": 17, "rx": 16, "salt": "0" * 16}
DAY = dt.date(2026, 3, 3)
PERSON, SECOND, TAG = 1001.0, 1002.0, 77.0


def held(t: float, number: float) -> list[tuple[float, str, float]]:
    return [(t, "k1", number), (t + 2, "k1", 0.0)]


def test_cards_are_told_with_what_was_brought_and_forgotten(broker: Broker, tmp_path: Path) -> None:
    site = SimpleSite(tmp_path)
    (tmp_path / "bins.csv").write_text(
        f"{HEADER}\np1,hw-09,qy-hw09,w1,,干垃圾,240,10,wheelie,150,0.05\n", encoding="utf-8"
    )
    site.configure([SCALE, READER], report={"every_s": 30})
    rows = [(0.0, "w1", 10.0), *held(60, TAG)]
    rows += [*held(200, PERSON), (215.0, "w1", 13.0)]
    rows += [*held(500, SECOND), *held(510, PERSON), (520.0, "w1", 15.0)]
    site.trace([*rows, (800.0, "w1", 15.0)])
    with Ingester(site.db, tmp_path, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address))
        wait_stored(site.db, report["published"])

    found = [(r.t - MIDNIGHT, r.values["k1"]) for _, r in stored.readings(site.db) if r.t]
    assert sum(v for _, v in found) == 4 and {v for _, v in found} == {0, 1}, found

    known = registry.load(tmp_path)
    store = Store(site.db)
    reads = cards.of_day(store, tmp_path, known, DAY)
    assert len({x.card for x in reads}) == 3 and None not in {x.card for x in reads}
    (tmp_path / "tags.csv").write_text(f"site,card,bin\nhw-09,{reads[0].shown},p1\n")
    tag, person, *both = cards.of_day(store, tmp_path, known, DAY, "hw-09")
    assert (tag.bin, tag.deposits, person.bin, person.deposits) == ("p1", 0, "", 1)
    assert person.grams is not None and abs(person.grams - 3000) <= 50
    assert person.card == both[1].card
    assert [(x.grams, x.note) for x in both] == [(None, "several cards")] * 2

    out = tmp_path / "cards.csv"
    where = ["--db", str(site.db), "--registry", str(tmp_path), "--date", str(DAY)]
    assert main(["cards", *where]) == 0
    assert main(["cards", *where, "--out", str(out)]) == 0
    lines = out.read_text("utf-8-sig").splitlines()
    assert lines[0] == ",".join(cards.COLUMNS) and len(lines) == 5
    assert lines[2].endswith(f"{person.shown},,1,{person.grams / 1000:.3f},")

    assert store.forget_cards(int(time.time()) - 3600) == 0
    assert store.forget_cards(int(time.time()) + 1) == 4
    again = cards.of_day(store, tmp_path, known, DAY)
    assert [x.shown for x in again] == ["forgotten"] * 4
    assert again[1].grams == person.grams and again[2].note == "several cards"
    store.close()


def test_ids_are_forgotten_by_themselves(broker: Broker, tmp_path: Path) -> None:
    site = SimpleSite(tmp_path)
    store = Store(site.db, create=True)
    now, day = int(time.time()), 86_400
    for seq, days in ((0, 31), (1, 29), (2, 1)):
        r = Reading("aaaaaaaa", seq, 0, now, None, {"k1": 100 + seq}, {})
        store.add(Batch(readings=[("qy-hw09", "hw-09", r)]), now - days * day)

    def kept() -> set[int]:
        return set(card_ids.of_device(store.database, "qy-hw09").values())

    for options, left in (((), {101, 102}), (("--card-days", "7"), {102})):
        with Ingester(site.db, tmp_path, broker.address, *options) as ingester:
            ingester.wait_subscribed()
            end = time.monotonic() + 90
            while kept() != left and time.monotonic() < end:
                time.sleep(0.1)
            assert kept() == left
    store.close()
