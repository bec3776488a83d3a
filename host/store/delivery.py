"""SQL of what was delivered of the alarms, by channel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from . import Store

SENT, FOLDED, MILD, GIVEN_UP = "sent", "folded", "mild", "given up"


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


def standing(store: Store, channel: str, fresh: int) -> Standing:
    """The standing of a channel. One that is new begins with the rows from `fresh` on (Unix
    seconds), and with what is open of before."""
    found = store.database.query(
        "SELECT channel, after, tries, since, next_t, attempt, error FROM alarm_channel "
        "WHERE channel=?",
        (channel,),
    )
    if found:
        name, after, tries, since, next_t, attempt, error = found[0]
        return Standing(name, after, tries, since, next_t, json.loads(attempt), error)
    made = Standing(channel, _begin(store, fresh))
    save(store, made)
    return made


def _begin(store: Store, fresh: int) -> int:
    """The row before the first that is new, or that raised what is still open."""
    first = store.database.query(
        "SELECT min(id) FROM alarm a WHERE t>=? OR (what='raised' AND NOT EXISTS "
        "(SELECT 1 FROM alarm c WHERE c.alarm=a.alarm AND c.what='cleared'))",
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


def counts(store: Store) -> list[tuple[str, int, int, int, int]]:
    """(channel, waiting, failures in a row, sent, given up) of each channel."""
    return store.database.query(
        "SELECT c.channel, (SELECT count(*) FROM alarm a WHERE a.id>c.after AND NOT EXISTS "
        "(SELECT 1 FROM alarm_delivery d WHERE d.channel=c.channel AND d.id=a.id)), c.tries, "
        "(SELECT count(*) FROM alarm_delivery d WHERE d.channel=c.channel AND d.how='sent'), "
        "(SELECT count(*) FROM alarm_delivery d WHERE d.channel=c.channel AND d.how='given up') "
        "FROM alarm_channel c ORDER BY c.channel"
    )
