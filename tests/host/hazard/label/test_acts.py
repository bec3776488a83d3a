"""A touch at the platform is one ledger entry with the mass of the readings: whoever comes first,
however often it is sent, and whatever the scale alone would post."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from scale_act import DRUM, PLATFORM, STANDS, TARE_G, Scale, scale

from host.hazard import HazardError, anchors, ledger, photographs
from host.hazard.entry import CODE, STORED, TAKEN
from host.hazard.label import acts, issue
from host.hazard.label.acts import OUT, OUT_UNWEIGHED, Done
from host.hazard.platform_step import ActError
from host.hazard.stock import stock_of
from host.store import Store, label_codes

JPEG = b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9"


@pytest.fixture
def at(tmp_path: Path) -> Scale:
    return scale(Store(tmp_path / "q.db", create=True), tmp_path)


def refused(at: Scale, act: acts.Act) -> tuple[str, bool]:
    """Why an act is not booked, and whether it may be later; nothing is added."""
    before = ledger.head(at.store)
    with pytest.raises(ActError) as said:
        at.book(act)
    assert ledger.head(at.store) == before
    return said.value.key, said.value.wait


def test_what_stands_there_is_booked_as_the_scale_alone_would(at: Scale) -> None:
    """Person first, scale first: one entry, of the same readings."""
    done = at.book(at.act(at.put(50_123), waste=STANDS))
    assert done.entry.grams == 50_123 and len(done.entry.values[CODE]) > 30
    at.rest()
    assert at.update() == []
    assert at.booked() == [(STORED, STANDS, 50_123)]
    shown = at.put(7_001)
    at.rest()
    (alone,) = at.update()
    assert alone.grams == 7_001 and not alone.values.get(CODE)
    second = at.book(at.act(shown, waste=STANDS)).entry
    assert second.weighed == alone.weighed and second.grams == 7_001
    assert at.booked() == [(STORED, STANDS, 50_123), (STORED, STANDS, 7_001)]
    at.rest()
    assert at.update() == [] and anchors.verify(at.store) == []


def test_what_is_only_weighed_there_is_no_waste_of_what_stands_there(at: Scale) -> None:
    """Drums come and go; the scale alone posts what is poured in between."""
    at.put(3_000)
    at.rest()
    assert [e.grams for e in at.update()] == [3_000]
    drum = at.book(at.act(at.put(TARE_G + 40_000))).entry
    assert drum.grams == 40_000 and drum.container == DRUM
    at.rest()
    assert at.update() == []  # the drum stands there still
    second = at.book(at.act(at.put(TARE_G + 35_500))).entry  # beside it: the difference counts
    assert second.grams == 35_500
    at.rest()
    at.put(2_000)
    at.rest()
    at.put(-TARE_G - 40_000)
    at.rest()
    at.put(-TARE_G - 35_500)
    at.rest()
    assert [(e.container, e.grams) for e in at.update()] == [(STANDS, 2_000)]
    at.put(-1_000)
    at.rest()
    assert [(e.table, e.grams) for e in at.update()] == [(TAKEN, 1_000)]
    assert Counter(at.booked()) == Counter(
        [
            *((STORED, STANDS, 3_000), (STORED, DRUM, 40_000), (STORED, DRUM, 35_500)),
            *((STORED, STANDS, 2_000), (TAKEN, STANDS, 1_000)),
        ]
    )
    shelf = stock_of(at.register, at.live()).shelves[STANDS]
    assert shelf.grams == 4_000 and shelf.unexplained(at.board.values["w1"]) == 0


def test_an_act_that_comes_after_the_scale_alone_takes_its_place(at: Scale) -> None:
    """Sent hours later, without a network meanwhile: nothing is counted twice."""
    shown = at.put(TARE_G + 40_000)
    at.rest()
    at.put(-TARE_G - 40_000)
    at.rest()
    assert [e.table for e in at.update()] == [STORED, TAKEN]  # taken for what stands there
    done = at.book(at.act(shown))
    assert done.entry.grams == 40_000
    at.update()
    assert at.booked() == [(STORED, DRUM, 40_000)]
    assert at.update() == []


def test_a_drum_that_is_gone_within_a_minute_is_booked(at: Scale) -> None:
    """The event engine takes it for somebody who leaned; a person says what it was."""
    first = at.put(TARE_G + 40_000)
    at.put(-TARE_G - 40_000)
    second = at.put(TARE_G + 41_000)
    third = at.put(-TARE_G - 41_000)
    assert at.book(at.act(second)).entry.grams == 41_000
    assert at.book(at.act(first)).entry.grams == 40_000
    assert refused(at, at.act(third)) == ("nothing", False)
    at.rest()
    assert at.update() == []
    assert Counter(at.booked()) == Counter([(STORED, DRUM, 41_000), (STORED, DRUM, 40_000)])


@pytest.mark.each_engine
def test_one_act_is_one_entry_however_often_and_whoever_else(
    database: Path | str, tmp_path: Path
) -> None:
    """Sent by four at once, after a restart, after its label was made anew; and another person's
    act for the same drum."""
    at = scale(Store(database, create=True), tmp_path)
    act = at.act(at.put(TARE_G + 40_000))
    other = at.act(act.shown)

    def send(which: acts.Act) -> Done | str:
        store = Store(database)
        try:
            using = issue.issuer(store, at.register, at.journal)
            return acts.book(using, which, f"by {which.id[:4]}", at.board.t)
        except ActError as error:
            return error.key
        finally:
            store.close()

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(send, [act, other] * 3))
    done = {d.entry.id for d in told if isinstance(d, Done)}
    assert len(done) == 1 and told.count("taken") == 3
    (entry,) = at.live()
    won = act if entry.act == act.id else other
    assert [c.code for c in label_codes.every(at.store.database)] == [entry.values[CODE]]
    assert at.book(won).entry == entry
    again = issue.void(at.using, entry.values[CODE], "li", "spoiled", at.board.t, anew=True)[-1]
    assert again.values[CODE] != entry.values[CODE]
    assert at.book(won).entry == again and len(at.live()) == 1
    at.store.close()


def test_without_a_network_the_moment_is_enough(at: Scale) -> None:
    """The readings decide, once those around the moment are there."""
    at.put(TARE_G + 40_000)
    act = at.act(at=at.board.t + 30)
    at.board.t += 60
    assert refused(at, act) == ("readings_coming", True)
    at.rest()
    assert at.book(act).entry.grams == 40_000
    moved = at.board.t + 30
    at.put(-TARE_G - 40_000)  # it moves 30 s from now, and is at rest 20 s later
    assert refused(at, at.act(at=moved))[0] == "not_calm"
    assert refused(at, at.act(at=at.board.t - 3))[0] in ("not_calm", "readings_coming")
    assert refused(at, at.act(at=at.board.t - 5 * 86_400)) == ("too_long_ago", False)


def test_what_the_readings_do_not_show_is_not_booked(at: Scale) -> None:
    shown = at.put(TARE_G + 40_000, send=False)
    assert refused(at, at.act(shown)) == ("not_stored", True)
    at.send()
    assert refused(at, at.act(replace(shown, grams=shown.grams + 1)))[0] == "differs"
    assert refused(at, at.act(replace(shown, seq=shown.seq - 1, grams=0)))[0] == "moving"
    assert refused(at, at.act(replace(shown, seq=0, grams=0)))[0] == "nothing"
    assert refused(at, at.act(replace(shown, life="dddddddd"))) == ("not_stored", True)
    assert refused(at, at.act(shown, waste="none"))[0] == "unknown"
    assert refused(at, at.act(shown, platform="fs-01-1"))[0] == "unknown"
    assert refused(at, at.act(shown, waste="xq-sludge-01"))[0] == "elsewhere"
    assert refused(at, at.act(shown, photo="0" * 64))[0] == "photo"
    assert refused(at, at.act(shown, at=at.board.t + 3600))[0] == "clock"
    assert refused(at, at.act(shown, id="x" * 32))[0] == "not_understood"
    assert refused(at, at.act(shown, do=OUT, code="A"))[0] == "no_label"
    assert at.book(at.act(shown)).entry.grams == 40_000
    off = at.put(-TARE_G - 40_000, after=600)
    assert refused(at, at.act(off))[0] == "not_put_on"


def test_a_reading_that_is_still_on_its_way_is_waited_for(at: Scale) -> None:
    """A board that comes back says the newest first, and then what it kept."""
    at.board.until(at.board.t + 30)
    at.board.values["w1"] = 58_000
    for _ in range(3):
        at.board.t += 60
        at.board._say()
    kept, at.board.readings = at.board.readings[:-1], at.board.readings[-1:]
    at.send()
    assert refused(at, at.act(at.shown())) in {("readings_coming", True), ("unseen", False)}
    at.board.readings = kept
    at.send()
    assert refused(at, at.act(at.shown())) == ("unseen", False)  # no motion was told


def test_too_heavy_and_a_faulty_scale(at: Scale) -> None:
    most = at.register.bins[PLATFORM].max_g
    assert refused(at, at.act(at.put(most + 1000)))[0] == "over"
    at.board.t += 60
    at.board._say({"w1": "saturated"})
    at.send()
    assert refused(at, at.act(at.shown()))[0] == "fault"


def test_out_by_the_label(at: Scale) -> None:
    """A drum leaves as a whole, once, with what it weighs then; the ledger says the difference."""
    codes = []
    for grams in (40_000, 30_000):
        codes.append(at.book(at.act(at.put(TARE_G + grams))).entry.values[CODE])
        at.rest()
        at.put(-TARE_G - grams)
        at.rest()
    shown = at.put(TARE_G + 29_500)
    act = at.act(shown, do=OUT, code=codes[1], waste="")
    done = at.book(act)
    assert (done.entry.table, done.entry.grams, done.difference_g) == (TAKEN, 29_500, -500)
    assert done.entry.upstream == [done.was.batch] if done.was else False
    assert at.book(act) == done
    assert refused(at, at.act(shown, do=OUT, code=codes[1]))[0] == "out_already"
    assert refused(at, at.act(shown, do=OUT, code=codes[0]))[0] == "taken"
    assert refused(at, at.act(shown))[0] == "taken"
    assert stock_of(at.register, at.live()).shelves[DRUM].grams == 40_000
    at.rest()
    at.put(-TARE_G - 29_500)
    at.rest()
    assert at.update() == []
    out = at.book(at.act(do=OUT_UNWEIGHED, code=codes[0], platform=""))
    assert (out.entry.grams, out.entry.weighed, out.entry.kg_origin) == (40_000, None, "人工")
    assert stock_of(at.register, at.live()).shelves[DRUM].grams == 0
    poured = at.book(at.act(at.put(20_000), waste=STANDS)).entry.values[CODE]
    unweighed = at.act(do=OUT_UNWEIGHED, code=poured)
    assert refused(at, unweighed)[0] == "has_scale"
    assert refused(at, at.act(at.shown(), do=OUT, code=poured))[0] == "not_gone"
    off = at.put(-19_900, after=600)
    assert at.book(at.act(off, do=OUT, code=poured)).entry.grams == 19_900
    at.rest()
    assert at.update() == []


def test_a_photograph_is_in_the_chain(at: Scale) -> None:
    """Kept under its hash; a missing or changed one is told."""
    name = photographs.keep(at.store, JPEG)
    assert photographs.keep(at.store, JPEG) == name
    entry = at.book(at.act(at.put(TARE_G + 40_000), photo=name)).entry
    every = ledger.read(at.store)
    assert entry.photo == name and photographs.verify(at.store, every) == []
    file = photographs.folder(at.store) / name
    file.write_bytes(JPEG.replace(b"\0", b"\1"))
    assert "was changed" in photographs.verify(at.store, every)[0]
    assert photographs.read(at.store, name) is None
    assert photographs.keep(at.store, JPEG) == name
    assert photographs.verify(at.store, every) == []
    file.unlink()
    assert "is not there" in photographs.verify(at.store, every)[0]
    for wrong in (b"", b"GIF89a", JPEG[:-2], JPEG[:3] + bytes(6 << 20) + JPEG[-2:]):
        with pytest.raises(HazardError, match="JPEG or PNG"):
            photographs.keep(at.store, wrong)


def test_a_photograph_takes_no_room_that_readings_need(
    at: Scale, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(photographs.folder(at.store).parent)
    left = photographs.SPARE - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=left))
    with pytest.raises(photographs.NoRoomError, match=r"1023 MB free on the disk of .* make room"):
        photographs.keep(at.store, JPEG)
    assert [*photographs.folder(at.store).iterdir()] == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=left + 1 + len(JPEG)))
    name = photographs.keep(at.store, JPEG)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    assert photographs.keep(at.store, JPEG) == name  # it is there already


@pytest.mark.parametrize("seed", range(40 if os.environ.get("SOAK") else 6))
def test_any_order_of_people_and_scale(tmp_path: Path, seed: int) -> None:
    """Drums come and go and oil is poured in; acts arrive late, twice, in any order, between
    updates: each drum is booked once with its mass, and what stands there with the rest."""
    luck = random.Random(seed)  # noqa: S311
    at = scale(Store(tmp_path / "q.db", create=True), tmp_path)
    waiting: list[acts.Act] = []
    drums: list[int] = []
    on, poured = 0, 0
    for _ in range(24):
        pause = luck.choice([150, 300, 700, 1500])
        do = luck.choice(["drum", "drum", "pour", "send", "update"])
        if do == "drum" and on == 0:
            drums.append(20_000 + 700 * len(drums))
            on = TARE_G + drums[-1]
            waiting.append(at.act(at.put(on, after=pause)))
        elif do == "drum":
            at.put(-on, after=pause)
            on = 0
        elif do == "pour":
            at.put(6_000 + luck.randrange(300), after=pause)
            poured = at.board.values["w1"] - on
        elif do == "send" and waiting:
            act = waiting.pop(luck.randrange(len(waiting)))
            waiting += [act] * luck.randrange(2)
            at.book(act)
        else:
            at.rest(200)
            at.update()
    luck.shuffle(waiting)
    for act in waiting:
        at.book(act)
    at.rest(900)
    at.update()
    assert at.update() == []
    found = Counter(at.booked())
    assert sorted(g for _, c, g in found.elements() if c == DRUM) == sorted(drums)
    signs = {STORED: 1, TAKEN: -1}
    assert sum(signs[t] * g for t, c, g in found.elements() if c == STANDS) == poured
    assert anchors.verify(at.store) == []
    at.store.close()
