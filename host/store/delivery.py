"""SQL of what was delivered of the alarms, by channel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from . import Store

SENT, FOLDED, MILD, GIVEN_UP = "sent", "folded", "mild", "given up"
_AT_ONCE = 500  # alarms asked about in one query
ELSEWHERE, BEFORE = "elsewhere", "before"  # not of this recipient; over before there was one


@dataclass(frozen=True)
class Standing:
    """Where a channel stands; attempt: ids of the rows under way."""

    channel: str
    after: int
    tries: int = 0
    since: int = 0
    next_t: int = 0
    attempt: list[int] = field(default_factory=list)
    error: str = ""


def standing(store: Store, channel: str, fresh: int, *, only_open: bool = False) -> Standing:
    """The standing of a channel. One that is new begins with the rows from `fresh` on (Unix
    seconds), and with what is open of before; only_open: with what is open alone."""
    found = store.database.query(
        "SELECT channel, after, tries, since, next_t, attempt, error FROM alarm_channel "
        "WHERE channel=? AND tries>=0",
        (channel,),
    )
    if found:
        name, after, tries, since, next_t, attempt, error = found[0]
        return Standing(name, after, tries, since, next_t, json.loads(attempt), error)
    made = Standing(channel, _begin(store, fresh))
    with store.database.transaction():
        if only_open:
            store.database.many(
                "INSERT INTO alarm_delivery (channel, id, t, how) "  # noqa: S608
                "SELECT CAST(? AS TEXT), id, CAST(? AS BIGINT), CAST(? AS TEXT) FROM alarm "
                f"WHERE id>? AND alarm IN {_CLEARED} ON CONFLICT (channel, id) DO NOTHING",
                [(channel, fresh, BEFORE, made.after)],
            )
        _put(store, made)
    return made


_CLEARED = "(SELECT alarm FROM alarm WHERE what='cleared')"


def _begin(store: Store, fresh: int) -> int:
    """The row before the first that is new, or that raised what is still open."""
    first = store.database.query(
        "SELECT min(id) FROM alarm WHERE t>=? OR "  # noqa: S608
        f"(what='raised' AND alarm NOT IN {_CLEARED})",
        (fresh,),
    )[0][0]
    last = store.database.query("SELECT coalesce(max(id), 0) FROM alarm")[0][0]
    return int(last) if first is None else int(first) - 1


def save(store: Store, s: Standing) -> None:
    with store.database.transaction():
        _put(store, s)


def _put(store: Store, s: Standing) -> None:
    store.database.many(
        "INSERT INTO alarm_channel (channel, after, tries, since, next_t, attempt, error) "
        "VALUES (?,?,?,?,?,?,?) ON CONFLICT (channel) DO UPDATE SET after=excluded.after, "
        "tries=excluded.tries, since=excluded.since, next_t=excluded.next_t, "
        "attempt=excluded.attempt, error=excluded.error",
        [(s.channel, s.after, s.tries, s.since, s.next_t, json.dumps(s.attempt), s.error)],
    )


def done(store: Store, s: Standing, ids: Sequence[int], now: int, how: str) -> Standing:
    """Note what became of these rows, and go on behind what is done without a gap."""
    with store.database.transaction():
        store.database.many(
            "INSERT INTO alarm_delivery (channel, id, t, how) VALUES (?,?,?,?) "
            "ON CONFLICT (channel, id) DO NOTHING",
            [(s.channel, i, now, how) for i in ids],
        )
        after = store.database.query(
            "SELECT coalesce((SELECT min(id) - 1 FROM alarm a WHERE id>? AND NOT EXISTS "
            "(SELECT 1 FROM alarm_delivery d WHERE d.channel=? AND d.id=a.id)), "
            "(SELECT max(id) FROM alarm), 0)",
            (s.after, s.channel),
        )[0][0]
        s = replace(s, after=max(s.after, int(after)))
        _put(store, s)
    return s


def waiting(store: Store, s: Standing) -> list[tuple[int, int, str, int, str]]:
    """Rows of alarm that are not done, in order."""
    return store.database.query(
        "SELECT id, alarm, what, t, body FROM alarm a WHERE id>? AND NOT EXISTS "
        "(SELECT 1 FROM alarm_delivery d WHERE d.channel=? AND d.id=a.id) ORDER BY id",
        (s.after, s.channel),
    )


def sent_since(store: Store, channel: str, t: int) -> list[tuple[str, int]]:
    """(body, when sent) of what was raised and sent since then."""
    return store.database.query(
        "SELECT a.body, d.t FROM alarm_delivery d JOIN alarm a ON a.id = d.id "
        "WHERE d.channel=? AND d.how='sent' AND a.what='raised' AND d.t>? ORDER BY d.id",
        (channel, t),
    )


def told_alarms(store: Store, s: Standing) -> set[int]:
    """The alarms that a channel told of when they were raised, of those with rows that wait."""
    found = store.database.query(
        "SELECT DISTINCT a.alarm FROM alarm a JOIN alarm_delivery d ON d.id = a.alarm "
        "WHERE a.id>? AND d.channel=? AND d.how='sent'",
        (s.after, s.channel),
    )
    return {int(row[0]) for row in found}


def told(store: Store, alarms: Sequence[int]) -> list[tuple[int, str, int, str]]:
    """(alarm, channel, when, SENT or GIVEN_UP) of each time that one of these alarms was told when
    it was raised, the first time first."""
    found: list[tuple[int, str, int, str]] = []
    channels = store.database.query("SELECT channel FROM alarm_channel ORDER BY channel")
    for begin in range(0, len(alarms), _AT_ONCE):
        some = alarms[begin : begin + _AT_ONCE]
        marks = ",".join("?" * len(some))
        for (channel,) in channels:  # the key of the table begins with it
            found += store.database.query(
                "SELECT id, channel, t, how FROM alarm_delivery "  # noqa: S608
                "WHERE channel=? AND how IN (?,?) "
                f"AND id IN ({marks})",
                (channel, SENT, GIVEN_UP, *some),
            )
    return sorted(found, key=lambda row: (row[0], row[2], row[1]))


def retire(store: Store, channels: Sequence[str]) -> None:
    """All other channels begin anew should they come back; what they were told stays."""
    known = store.database.query("SELECT channel FROM alarm_channel WHERE tries>=0")
    if gone := [(c,) for (c,) in known if c not in channels]:
        with store.database.transaction():
            store.database.many(
                "UPDATE alarm_channel SET tries=-1, attempt='[]', error='' WHERE channel=?", gone
            )


def counts(store: Store) -> list[tuple[str, int, int, int, int]]:
    """(channel, waiting, failures in a row, sent, given up) of each channel."""
    return store.database.query(
        "SELECT c.channel, (SELECT count(*) FROM alarm a WHERE a.id>c.after AND NOT EXISTS "
        "(SELECT 1 FROM alarm_delivery d WHERE d.channel=c.channel AND d.id=a.id)), c.tries, "
        "(SELECT count(*) FROM alarm_delivery d WHERE d.channel=c.channel AND d.how='sent'), "
        "(SELECT count(*) FROM alarm_delivery d WHERE d.channel=c.channel AND d.how='given up') "
        "FROM alarm_channel c WHERE c.tries>=0 ORDER BY c.channel"
    )
