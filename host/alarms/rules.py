"""Rules with limits, which an office edits: rules.csv of the registry folder."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..registry import WINDOW, Row, csv_rows

# Kind of rule → units that its threshold may have → factor to the unit of the measure.
OF_STORES: dict[str, dict[str, float]] = {
    "age": {"h": 1.0, "d": 24.0},  # hours of the oldest waste of a container
    "stock": {"kg": 1.0, "t": 1000.0},  # kg in a store
    "capacity": {"%": 1.0},  # of a store
    "neighbours": {"对": 1.0},  # pairs of incompatible groups in a zone
    "loss": {"kg": 1.0},  # kg that went from a platform and that nobody booked
    "temperature": {"°C": 1.0},
    "door": {"min": 1.0, "h": 60.0},  # open outside the site's windows
    "bund": {"L": 1.0},  # litres that the bund of a zone is too small by
    "silent": {"min": 1.0, "h": 60.0},  # since the last good weight of a platform
    "category": {"kg": 1.0, "t": 1000.0},  # kg generated in a year, by an institution
    "filing": {"d": 1.0},  # since a report or plan of an institution was due
    "edition": {"d": 1.0},  # since the last day of the edition of a container's code
    "verified": {"d": 1.0},  # since the last day of the verification of a platform's instrument
}
_LASTS = {"min": 1.0, "h": 60.0}
OF_POINTS: dict[str, dict[str, float]] = {
    "outage": {"%": 1.0},  # of all boards that are silent at once
    "offline": {"间隔": 1.0},  # report intervals since the last reading of a board
    "unheard": {"块": 1.0},  # a board of the registry without any reading
    "safe": _LASTS,  # in safe mode
    "clock": _LASTS,  # the board's clock not set
    "queue": {"条": 1.0},  # readings that wait on a board
    "battery": {"%": 1.0},  # used up of a board's battery
    "wear": {"%": 1.0},  # of the erasures that a board's flash is made for, at most
    "lives": {"次": 1.0},  # how often a board began its queue anew within a week
    "certificate": {"d": 1.0},  # since a certificate ended
    "data": {"%": 1.0},  # used up of what a metered line may carry in the month
    "data_ends": {"d": 1.0},  # used up so long before the month is over
    "fault": _LASTS,  # no valid value of a channel that reports
    "full": {"%": 1.0},  # of a bin's height, by its fill sensor
    "filling": {"h": 1.0},  # full so long before it is collected, by the last forecast
    "load": {"%": 1.0},  # of the maximum of a platform
    "density": {"kg/L": 1.0},  # of what is in a bin
    "away": _LASTS,  # no bin on its platform
    "outside": {"kg": 1.0},  # put into a bin since its site closed
    "lifted": {"kg": 1.0},  # taken with a bin that was lifted outside the hours of collection
    "rise": {"°C": 1.0},  # of a thermometer, in so many minutes
    "uncollected": {"d": 1.0},  # since a bin that has waste in it was last emptied
    "unlike": {"倍": 1.0},  # the usual scatter that a day's mass of a site and stream is off by
    "verified": {"d": 1.0},
}
KINDS = OF_STORES | OF_POINTS
LEVELS = ("提示", "告警")
# How far the source of a limit was read; 自定: a choice of the office, without a source.
TEXT, SECONDARY, UNCHECKED, CHOICE = SURE = ("原文", "二手资料", "待核实", "自定")
SCOPES = (
    *("category", "kind", "store", "institution", "town", "code", "hw", "phase", "warm"),
    *("held", "months", "site", "stream", "minutes", "hours"),
)
_POINTS_ONLY = frozenset(("stream", "minutes", "hours"))  # parts of a scope
# Parts of a scope that a collection point can meet.
SCOPES_OF_POINTS = frozenset(("site", "town", "stream", "minutes", "months", "hours"))
OF_CONTAINERS = ("age", "loss", "edition")  # kinds that are measured of each container
COLUMNS = (
    *("rule", "kind", "scope", "threshold", "unit", "clear", "level", "from", "to"),
    *("source", "note"),
)
_MINUTES = re.compile(r"\d{1,2}")
_NUMBER = re.compile(r"-?\d{1,7}(\.\d{1,3})?")


@dataclass(frozen=True)
class Rule:
    """An alarm is raised at a value of at least `threshold` and cleared below `clear`, both in
    `unit`. scope: (name, allowed values), all of which must hold. since, until: first and last
    day. source: the clause that the limit comes from; note: begins with how far it was read;
    read: when; action: what a person is to do."""

    rule: str
    kind: str
    scope: tuple[tuple[str, tuple[str, ...]], ...]
    threshold: float
    unit: str
    clear: float
    level: str
    since: dt.date
    until: dt.date
    source: str
    note: str
    read: dt.date | None = None
    action: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether the source was read in its wording, or there is none to read."""
        return is_verified(self.note)

    @cached_property
    def factor(self) -> float:
        """Units of the measure in one `unit`."""
        return KINDS[self.kind][self.unit]

    def holds(self, day: dt.date) -> bool:
        months = self.values_of("months")
        return self.since <= day <= self.until and (not months or str(day.month) in months)

    def values_of(self, name: str) -> tuple[str, ...]:
        """The values that a part of the scope allows; none where it does not name it."""
        return next((values for k, values in self.scope if k == name), ())

    def fits(self, values_of: Mapping[str, str]) -> bool:
        """Whether what has these values meets those parts of the scope that are about them."""
        return all(values_of[k] in values for k, values in self.scope if k in values_of)

    @cached_property
    def warm(self) -> float | None:
        """°C from which on the rule holds; None: at any temperature."""
        return next(map(float, self.values_of("warm")), None)

    @cached_property
    def minutes(self) -> int | None:
        """How long what is measured has to have lasted, or in what time it has to happen."""
        return next(map(int, self.values_of("minutes")), None)

    @property
    def hours(self) -> tuple[str, ...]:
        """The hours of collection, HH:MM-HH:MM each; none where it does not name any."""
        return self.values_of("hours")

    @cached_property
    def is_of_stores(self) -> bool:
        """Whether it may hold in a store of hazardous waste."""
        return self.kind in OF_STORES and not {name for name, _ in self.scope} & _POINTS_ONLY

    @cached_property
    def is_of_points(self) -> bool:
        """Whether it may hold at a collection point."""
        return self.kind in OF_POINTS and {name for name, _ in self.scope} <= SCOPES_OF_POINTS

    @cached_property
    def held(self) -> float | None:
        """Hours that the oldest waste of the scope has to be in the store, for a rule of a whole
        store that asks for waste in it; None: the rule holds without any."""
        if self.kind in OF_CONTAINERS or not {"code", "hw", "phase", "held"} & {*dict(self.scope)}:
            return None
        return next(map(float, self.values_of("held")), 0.0)


def _scope(
    row: Row, allowed: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    scope = []
    for part in filter(None, (p.strip() for p in row.optional("scope").split(";"))):
        name, equals, values = part.partition("=")
        if not equals or name not in SCOPES or not all(values.split("|")):
            raise row.fail("scope", f"{'|'.join(SCOPES)} = value|value, with ; between, or nothing")
        given = tuple(values.split("|"))
        known = allowed.get(name)
        if known and (wrong := [v for v in given if v not in known]):
            raise row.fail("scope", f"{name} of {' '.join(known)}, not {wrong[0]},")
        if name == "warm" and not (len(given) == 1 and _NUMBER.fullmatch(given[0])):
            raise row.fail("scope", "warm=one number of °C")
        if name == "held" and row.optional("kind") in OF_CONTAINERS:
            raise row.fail("scope", "held only for rules of a whole store")
        if name == "held" and not (len(given) == 1 and _NUMBER.fullmatch(given[0])):
            raise row.fail("scope", "held=one number of hours")
        if name == "minutes" and not (len(given) == 1 and _MINUTES.fullmatch(given[0])):
            raise row.fail("scope", "minutes=one number from 0 to 99")
        if name == "hours" and row.optional("kind") != "lifted":
            raise row.fail("scope", "hours only for the kind lifted")
        if name == "hours" and not all(WINDOW.fullmatch(v) for v in given):
            raise row.fail("scope", "hours=HH:MM-HH:MM|…")
        if name == "months" and not {*given} <= {str(m) for m in range(1, 13)}:
            raise row.fail("scope", "months=1|2|… of 1 to 12")
        scope.append((name, given))
    return tuple(scope)


def _read_on(row: Row) -> dt.date | None:
    return row.date("read", dt.date.max) if row.optional("read") else None


def how_sure(note: str) -> str:
    """One of SURE, as a note begins; "" where it does not say."""
    return next((s for s in SURE if note.startswith(s)), "")


def is_verified(note: str) -> bool:
    """Whether a note says that the source was read in its wording, or that there is none."""
    return how_sure(note) in (TEXT, CHOICE) and UNCHECKED not in note


def unverified(notes: Iterable[tuple[str, str]]) -> list[str]:
    """`name（how sure）` of (name, note) whose source was not read in its wording."""
    return [f"{name}（{how_sure(n) or '未注明'}）" for name, n in notes if not is_verified(n)]


def load(folder: Path, allowed: Mapping[str, tuple[str, ...]]) -> list[Rule]:
    """The rules of rules.csv; RegistryError names the first mistake. allowed: the values that a
    part of a scope may have, where they are known."""
    by_name: dict[str, Rule] = {}
    for row in csv_rows(folder, "rules.csv", COLUMNS):
        name = row.name("rule")
        row.unique("rule", by_name, name)
        kind = row.one_of("kind", tuple(KINDS))
        unit = row.one_of("unit", tuple(KINDS[kind]))
        threshold = float(row.match("threshold", _NUMBER, "a number"))
        clear = threshold
        if row.optional("clear"):
            clear = float(row.match("clear", _NUMBER, "a number or nothing"))
            if clear > threshold:
                raise row.fail("clear", f"a number up to the threshold {threshold:g}")
        since = row.date("from", dt.date(1, 1, 1))
        until = row.date("to", dt.date(9999, 12, 31))
        if until < since:
            raise row.fail("to", f"a day from {since} on")
        by_name[name] = Rule(
            name,
            kind,
            _scope(row, allowed),
            threshold,
            unit,
            clear,
            row.one_of("level", LEVELS),
            since,
            until,
            row.text("source"),
            row.optional("note"),
            _read_on(row),
            row.optional("action"),
        )
    return list(by_name.values())
