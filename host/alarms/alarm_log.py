"""Alarms: raised once, acknowledged by a person, cleared once. Every change is kept.

host.delivery sends them to people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import msgspec

from ..common.local_days import clock
from ..common.shown import shown
from ..store import Store, chains, delivery
from ..store import hazard as rows
from . import AlarmError
from .rules import Rule

RAISED, ACKNOWLEDGED, CLEARED = "raised", "acknowledged", "cleared"
MOST = 1e9  # stands for an infinite value


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a row. site: registry.DISTRICT where it is of no single one; store: "" where it
    is of a point; subject: what at the place it is of.
    value, threshold: in unit; since: Unix second from which on it was so, 0: not known; action:
    what the rule says is to be done; by, note: of an acknowledgement."""

    rule: str
    kind: str
    level: str
    site: str
    store: str
    subject: str
    value: float
    unit: str
    threshold: float
    source: str
    text: str
    since: int = 0
    action: str = ""
    by: str = ""
    note: str = ""

    @property
    def place(self) -> str:
        """The store, or the site with a stroke, which no store has in its name."""
        return self.store or f"{self.site}/"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.rule, self.place, self.subject


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A measured value in the unit of the rule; None: not known at the moment. store: "" where it
    is of a point; subject: what at the place it is of, "" for the whole of it; text: the name of
    the value, or what gives it: most findings are never told; since: Unix second from which on it
    was so, 0: not known."""

    rule: Rule
    site: str
    store: str
    subject: str
    value: float | None
    text: str | Callable[[], str]
    since: int = 0

    @property
    def place(self) -> str:
        """As Body.place."""
        return self.store or f"{self.site}/"


@dataclass(frozen=True)
class Row:
    """A change of an alarm at t (Unix seconds). id: its own; alarm: id of the row that raised
    it; what: RAISED, ACKNOWLEDGED or CLEARED."""

    id: int
    alarm: int
    what: str
    t: int
    body: Body


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Body).decode


def decoded(body: str) -> Body:
    """The body of a row from its JSON."""
    return _decode(body)


def as_row(row: tuple[int, int, str, int, str]) -> Row:
    """A row from the columns of the store."""
    return Row(*row[:4], _decode(row[4]))


def read(store: Store) -> list[Row]:
    return [as_row(r) for r in rows.alarms(store)]


def read_open(store: Store) -> tuple[int, list[Row]]:
    """How many rows there are, and those of alarms that are open: of years few are."""
    n, found = rows.open_alarms(store)
    return n, [as_row(r) for r in found]


def open_alarms(history: Iterable[Row]) -> dict[int, tuple[Row, Row | None]]:
    """alarm → (row that raised it, its acknowledgement or None), of alarms not cleared."""
    opened: dict[int, tuple[Row, Row | None]] = {}
    for r in history:
        if r.what == RAISED:
            opened[r.alarm] = r, None
        elif r.what == ACKNOWLEDGED and r.alarm in opened:
            opened[r.alarm] = opened[r.alarm][0], r
        elif r.what == CLEARED:
            opened.pop(r.alarm, None)
    return opened


class Keeper:
    """Keeps the open alarms and makes rows for changes. last: how many rows there are; history:
    those of open alarms at least."""

    def __init__(self, last: int, history: Iterable[Row]) -> None:
        self._last = last
        self._open = {r.body.key: r for r, _ in open_alarms(history).values()}
        self._places: dict[str, set[tuple[str, str, str]]] = {}
        for key in self._open:
            self._places.setdefault(key[1], set()).add(key)

    @property
    def places(self) -> set[str]:
        """Where alarms are open: Body.place of each."""
        return {place for place, keys in self._places.items() if keys}

    def take(self, place: str, findings: Sequence[Finding]) -> list[tuple[int | None, str, Body]]:
        """(alarm or None, change, body) for each change at a place (Body.place); findings: all
        that was measured there."""
        changes: list[tuple[int | None, str, Body]] = []
        seen = set()
        for f in findings:
            key = f.rule.rule, f.place, f.subject
            seen.add(key)
            if f.value is None:
                continue
            held = self._open.get(key)
            if held is None and f.value >= f.rule.threshold:
                changes.append((None, RAISED, _body(f)))
            elif held is not None and f.value < f.rule.clear:
                changes.append((held.alarm, CLEARED, _body(f)))
        for key in sorted(self._places.get(place, set()) - seen):
            over = msgspec.structs.replace(self._open[key].body, text="已不适用", by="", note="")
            changes.append((self._open[key].alarm, CLEARED, over))
        return changes

    def keep(
        self,
        store: Store,
        changes: Sequence[tuple[int | None, str, Body]],
        now: int,
        *,
        alone: bool = False,
    ) -> list[Row]:
        """Write changes; their rows. now: Unix seconds. Nothing is written where another
        process wrote alarms meanwhile (unless alone): the next update finds what still holds."""
        if not changes:
            return []
        made = [(alarm, change, now, _encode(body).decode()) for alarm, change, body in changes]
        try:
            ids = rows.add_alarms(store, made, None if alone else self._last)
        except chains.Moved:
            return []
        self._last = ids[-1]
        kept = []
        for id_, (alarm, change, body) in zip(ids, changes, strict=True):
            row = Row(id_, id_ if alarm is None else alarm, change, now, body)
            kept.append(row)
            if change == RAISED:
                self._open[body.key] = row
                self._places.setdefault(body.place, set()).add(body.key)
            else:
                del self._open[body.key]
                self._places[body.place].discard(body.key)
        return kept


def _body(f: Finding) -> Body:
    return Body(
        rule=f.rule.rule,
        kind=f.rule.kind,
        level=f.rule.level,
        site=f.site,
        store=f.store,
        subject=f.subject,
        value=round(min(f.value or 0.0, MOST), 3),
        unit=f.rule.unit,
        threshold=f.rule.threshold,
        source=f.rule.source,
        text=f.text if isinstance(f.text, str) else f.text(),
        since=f.since,
        action=f.rule.action,
    )


def record(
    store: Store,
    found: Iterable[tuple[str, Sequence[Finding]]],
    now: int,
    *,
    places: Set[str] | None = None,
) -> list[Row]:
    """Write the alarms that changed; found: (place, all that was measured there). places: those
    that are there, so that an alarm of another one is over; None: not known."""
    keeper, changes = Keeper(*read_open(store)), []
    for place, findings in found:
        changes += keeper.take(place, findings)
    if places is not None:
        for place in sorted(keeper.places - places):
            changes += keeper.take(place, [])
    return keeper.keep(store, changes, now)


def acknowledge(store: Store, alarm: int, by: str, note: str, now: int) -> Row:
    """Acknowledge an open alarm; AlarmError where it is not open, was acknowledged before, or
    nobody is named."""
    last, history = read_open(store)
    opened = open_alarms(history).get(alarm)
    if opened is None:
        raise AlarmError(f"alarms: expected the id of an open alarm, found {alarm}")
    raised, seen = opened
    if seen is not None:
        raise AlarmError(f"alarms: {alarm} was acknowledged already by {seen.body.by}")
    if not by.strip():
        raise AlarmError("--by: expected who has seen it")
    body = msgspec.structs.replace(raised.body, by=by, note=note)
    row = alarm, ACKNOWLEDGED, now, _encode(body).decode()
    try:
        (id_,) = rows.add_alarms(store, [row], last)
    except chains.Moved:
        raise AlarmError("alarms: somebody else has just changed them: run it again") from None
    return Row(id_, alarm, ACKNOWLEDGED, now, body)


ToldTo = dict[int, list[tuple[str, int, str]]]  # alarm → (to whom, when, sent or given up)


def told(store: Store, alarms: Iterable[int]) -> ToldTo:
    """Who was told of these alarms when they were raised, the first first."""
    made: ToldTo = {}
    for alarm, channel, t, how in delivery.told(store, sorted(alarms)):
        made.setdefault(alarm, []).append((channel, t, how))
    return made


def unpublished(store: Store) -> list[Row]:
    """Rows that the broker has not taken yet."""
    return [as_row(r) for r in rows.unpublished(store)]


def message(row: Row) -> tuple[str, dict[str, Any]]:
    """Topic and payload of a row."""
    body = {k: v for k, v in msgspec.to_builtins(row.body).items() if v != ""}
    if not row.body.since:
        del body["since"]
    return f"qingyun/1/{row.body.site}/event", {
        "type": "alarm",
        "what": row.what,
        "id": row.id,
        "alarm": row.alarm,
        "t": row.t,
        **body,
    }


def mark_published(store: Store, taken: Sequence[Row]) -> None:
    """Note that the broker has taken these rows."""
    rows.mark_published(store, [r.id for r in taken])


def line(row: Row) -> str:
    """A row as one line, for a log or an e-mail."""
    s = row.body
    where = f"{s.store or s.site}/{s.subject}" if s.subject else s.store or s.site
    value = "∞" if s.value >= MOST else f"{s.value:g}"
    who = f" by {s.by}{': ' + s.note if s.note else ''}" if s.by else ""
    return shown(
        f"{clock(row.t)}  {row.alarm}  {row.what}{who}  {s.level}  {where}  {s.rule}  "
        f"{s.text} {value} {s.unit} (≥ {s.threshold:g} {s.unit}, {s.source})"
    )
