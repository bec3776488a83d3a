"""Whatever a board may say: it is stored, or it is in quarantine with the reason, and nothing
ends the ingester."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sim_board import ROOT
from soak import in_part

from host import registry
from host.readings.messages import EARLIEST, Birth, Reading
from host.service.inbox import Inbox, apart
from host.store import Batch, Busy, Refused, Store, quarantine

KNOWN = registry.load(ROOT / "registry")
NOW = 1_790_006_400
AHEAD_S = 86_400
LIFE = "9c4e01ab"
CALIBRATION = {
    "kind": "weight", "unit": "kg", "calibration": "c-1", "calibrated": "2026-01-05",
    "zero": 84_190, "counts_per_kg": 21_003.7, "since": 0,
}  # fmt: skip
BIRTH: dict[str, Any] = {
    "life": LIFE, "boot": 0, "t": NOW - 600, "up": 5, "first": 0, "fw": "qingyun",
    "channels": {"w1": CALIBRATION},
}  # fmt: skip
READING: dict[str, Any] = {"life": LIFE, "seq": 0, "boot": 0, "t": NOW, "w1": 1.5, "q": {}}
# As they stand in a message: Python would not write some of them.
NUMBERS = (
    *("1e300", "-1e300", "1" * 400, "-" + "9" * 400, "1e999", "2147483648", "9223372036854775808"),
    *("-1", "0", "-0.0", "0.5", "1e-320", "NaN", "Infinity", "true", "null", "4294967295"),
)
TEXTS = (r'"\u0000"', r'"a\u0000b"', r'"\ud800"', '"' + "x" * 5000 + '"', r'"\u001b[2J"', '""')
ODD = st.sampled_from((*NUMBERS, *TEXTS, "[]", "{}", '[{"a":1}]'))
PATHS = [*((k,) for k in BIRTH), *(("channels", "w1", k) for k in (*CALIBRATION, "t_c"))]
PATHS += [("channels", "w1", k) for k in ("zero_per_c", "span_ppm_per_c")]


def with_odd(body: dict[str, Any], path: tuple[str, ...], odd: str) -> bytes:
    """The message with other text at one place."""
    body = json.loads(json.dumps(body))
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "@@"
    return json.dumps(body).replace('"@@"', odd).encode(errors="surrogatepass")


messages = st.one_of(
    st.tuples(st.just(b"birth"), st.builds(with_odd, st.just(BIRTH), st.sampled_from(PATHS), ODD)),
    st.tuples(
        st.just(b"reading"),
        st.builds(with_odd, st.just(READING), st.sampled_from([(k,) for k in READING]), ODD),
    ),
    st.tuples(st.sampled_from((b"birth", b"reading")), st.binary(max_size=40)),
)
topics = st.sampled_from((b"fs-01/qy-fs01", b"fs-01/qy-fs\x0001", b"x" * 700 + b"/y", b"\xff/\xfe"))


@pytest.mark.each_engine
@seed(int(os.environ.get("SEED", "1")))
@settings(
    max_examples=in_part(100, 20_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(topics, messages), min_size=1, max_size=8))
def test_any_message(store: Store, said: list[tuple[bytes, tuple[bytes, bytes]]]) -> None:
    received = [(b"qingyun/1/%s/%s" % (who, what), body) for who, (what, body) in said]
    batch = Inbox(KNOWN, AHEAD_S).batch(received, NOW)
    counts = store.add(batch, NOW)
    assert counts.stored + counts.duplicates == len(batch.readings)
    assert counts.quarantined == len(batch.refused)
    store.compact(NOW)


def test_what_is_refused_names_the_number() -> None:
    topic = b"qingyun/1/fs-01/qy-fs01/birth"
    for path, odd, why in (
        (("channels", "w1", "zero"), "1e300", "channels.w1.zero: expected a number from -8"),
        (("channels", "w1", "counts_per_kg"), "1" * 400, "channels.w1.counts_per_kg: expected"),
        (("channels", "w1", "calibration"), '"' + "x" * 65 + '"', "channels.w1.calibration: exp"),
        (("up",), "1e300", "up: expected a whole number"),
    ):
        batch = Inbox(KNOWN, AHEAD_S).batch([(topic, with_odd(BIRTH, path, odd))], NOW)
        assert [x.reason[: len("birth: " + why)] for x in batch.refused] == ["birth: " + why]
        assert batch.births == []


def test_an_id_that_cannot_be_shown_is_written_so_that_it_can() -> None:
    """A board takes any text of 24 characters for one; its birth is as good as others."""
    odd = with_odd(BIRTH, ("channels", "w1", "calibration"), r'"a\u0000b\nc"')
    batch = Inbox(KNOWN, AHEAD_S).batch([(b"qingyun/1/fs-01/qy-fs01/birth", odd)], NOW)
    ((_, _, birth),) = batch.births
    assert [w.id for w in birth.weighed] == [r"a\x00b\nc"]


@pytest.mark.each_engine
def test_no_time_from_seconds_since_a_start(store: Store) -> None:
    """Whatever a board counts: a reading is of no time before 2015, and of none to come."""
    birth = Birth(LIFE, 0, NOW - 600, 4_000_000_000, 0, b"{}")
    far = Birth(LIFE, 1, NOW - 600, 0, 0, b"{}")
    ups = [(0, 5), (0, 3_999_999_990), (1, 60), (1, 4_294_967_295)]
    readings = [
        Reading(LIFE, seq, boot, None, up, {"w1": seq}, {}) for seq, (boot, up) in enumerate(ups)
    ]
    device, site = "qy-fs01", "fs-01"
    store.add(
        Batch(
            readings=[(device, site, r) for r in readings],
            births=[(device, site, birth), (device, site, far)],
        ),
        NOW,
    )
    store.compact(NOW)
    dated = [r.t for r in store.readings(device, 0, 1 << 40)]
    assert dated == [NOW - 610, NOW - 540]
    assert all(t > EARLIEST for t in dated)
    (life,) = store.status()
    assert (life.readings, life.undated) == (4, 2)


def test_a_lost_connection_is_busy_and_made_anew(postgres_database: str) -> None:
    """Also where nothing is written: an idle ingester only asks."""
    with contextlib.closing(Store(postgres_database, create=True)) as store:
        assert store.waiting() == 0
        with psycopg.connect(postgres_database, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(Busy):
            store.waiting()
        assert store.waiting() == 0


@pytest.mark.each_engine
def test_one_board_cannot_fill_the_quarantine(store: Store) -> None:
    """What goes over is counted; others are kept as ever, and so is its own next day."""
    box = Inbox(KNOWN, AHEAD_S)
    bad = [(b"qingyun/1/fs-01/qy-fs01/reading", b"x" * 65_000)] * 100
    fits = quarantine.BYTES // (65_000 + quarantine.ROW_BYTES)
    for _ in range(2):
        store.add(box.batch(bad, NOW), NOW)
    others = [(b"qingyun/1/%s/birth" % who, b"{") for who in (b"jt-01/qy-jt01", b"fs-01/nobody")]
    assert store.add(box.batch(others, NOW), NOW).quarantined == 2
    assert store.quarantined() == fits + 2
    assert store.refused_over() == {"qy-fs01": 200 - fits}
    store.add(box.batch(bad[:fits], NOW + 86_400), NOW + 86_400)
    assert store.refused_over() == {"qy-fs01": 200 - fits}


@pytest.mark.each_engine
def test_what_may_be_right_is_kept_whatever_there_is(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that is behind, or a store that refuses what is in order, loses nothing by a limit;
    a board that is not registered yet has one of its own, not the one of all others."""
    monkeypatch.setattr(quarantine, "BYTES", 10 * quarantine.ROW_BYTES)
    box = Inbox(KNOWN, AHEAD_S)
    late = [json.dumps(READING | {"seq": n, "t": NOW + 14 * AHEAD_S}).encode() for n in range(50)]
    store.add(box.batch([(b"qingyun/1/fs-01/qy-fs01/reading", x) for x in late], NOW), NOW)
    why = apart(b"qingyun/1/fs-01/qy-fs01/reading", late[0], ValueError("x"))
    store.add(Batch(refused=[why] * 50), NOW)
    assert (store.quarantined(), store.refused_over()) == (100, {})
    for name in (b"new-1", b"new-2"):
        one = [(b"qingyun/1/fs-01/%s/reading" % name, late[0])] * 5
        store.add(box.batch(one, NOW), NOW)
    assert (store.quarantined(), store.refused_over()) == (110, {})


@pytest.mark.each_engine
def test_kept_is_read_in_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """By reason, board and time; what is given may be removed before the next is asked for."""
    monkeypatch.setattr(quarantine, "_STEP", 3)
    topics = ("qingyun/1/a/x_1/reading", "qingyun/1/a/xb1/reading")
    rows = [Refused(topics[n % 2], b"%d" % n, f"50 % of {n}") for n in range(20)]
    store.add(Batch(refused=rows), NOW)
    store.add(Batch(refused=[Refused(topics[0], b"20", "other")]), NOW + 5)
    assert [x.payload for x in store.kept(device="x_1")] == [b"%d" % n for n in range(0, 21, 2)]
    assert [x.payload for x in store.kept(reason="50 % of 1", t1=NOW + 1)] == [
        b"%d" % n for n in (1, *range(10, 20))
    ]
    assert [x.payload for x in store.kept(t0=NOW + 1)] == [b"20"]
    assert list(store.kept(reason="OTHER")) == []
    seen = 0
    for x in store.kept():
        store.take_back(x.id, Batch(), NOW)
        seen += 1
    assert (seen, store.quarantined()) == (21, 0)
