"""Who is told of which alarm: recipients.csv of the registry folder, which an office edits."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..alarms.alarm_log import Body
from ..alarms.rules import KINDS
from ..hazard import register
from ..registry import DISTRICT, Registry, Row, csv_rows
from ..registry import load as load_registry
from ..service.keys import LEVELS
from . import duty
from .duty import ALWAYS, Duty

FILE = "recipients.csv"
EMAIL, WEBHOOK, SMS = "email", "webhook", "sms"
CHANNELS = (EMAIL, WEBHOOK, SMS, "wecom", "dingtalk", "feishu")
COLUMNS = (
    *("recipient", "channel", "to", "towns", "sites", "institutions", "kinds", "level", "hours"),
    *("passes", "after_min", "digest_min"),
)
_NAME = re.compile(r"[^\s,;|/:]{1,40}")
_TO = {
    EMAIL: (re.compile(r"[^@\s,;<>|]+@[^@\s,;<>|]+"), "mail addresses with | between"),
    SMS: (re.compile(r"\+?\d{5,15}"), "one number"),
}
_MINUTES = re.compile(r"\d{0,4}")
_LONGEST_MIN = 1440


@dataclass(frozen=True)
class Places:
    """site → town, store → institution, and site → its stores."""

    towns: dict[str, str]
    institutions: dict[str, str]
    stores: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Recipient:
    """name: of the channel in the store. An alarm is theirs where its place is in one of towns,
    sites or institutions (all empty: everywhere), its kind in kinds (empty: any), and its level
    at least `level`. passes: the level that is told outside of duty too, "" none. after_s: told
    only when nobody has acknowledged for so long; digest_s: at most one message in so long, 0: no
    digest."""

    name: str
    channel: str
    to: tuple[str, ...] = ()
    towns: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    institutions: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    level: str = LEVELS[0]
    duty: Duty = ALWAYS
    passes: str = ""
    after_s: int = 0
    digest_s: int = 0

    def wants(self, body: Body, places: Places) -> bool:
        """Whether an alarm is theirs."""
        if not at_least(body.level, self.level) or (self.kinds and body.kind not in self.kinds):
            return False
        return self.covers(body.site, body.store, places)

    def covers(self, site: str, store: str, places: Places) -> bool:
        """Whether a place is theirs; store: "" of a point."""
        return (
            not (self.towns or self.sites or self.institutions)
            or places.towns.get(site) in self.towns
            or site in self.sites
            or places.institutions.get(store) in self.institutions
        )

    def passes_at(self, level: str) -> bool:
        """Whether an alarm of a level is told outside of duty."""
        return bool(self.passes) and at_least(level, self.passes)


@dataclass(frozen=True)
class Recipients:
    """Those of the file in its order, with the places they may name."""

    rows: tuple[Recipient, ...]
    places: Places
    lines: tuple[Row, ...] = field(default=(), compare=False)

    def uncovered(self) -> list[str]:
        """The sites, and DISTRICT, with alarms of the highest level of which nobody is told without
        an escalation."""
        return [
            site
            for site in (*self.places.towns, DISTRICT)
            if not all(
                self._is_covered(site, store) for store in self.places.stores.get(site, ("",))
            )
        ]

    def _is_covered(self, site: str, store: str) -> bool:
        first = [r for r in self.rows if not r.after_s and r.covers(site, store, self.places)]
        kinds = {kind for r in first for kind in r.kinds or KINDS}
        return kinds >= set(KINDS)


def at_least(level: str, least: str) -> bool:
    """Whether a level is as grave as another; one that is not known is the gravest."""
    return level not in LEVELS or LEVELS.index(level) >= LEVELS.index(least)


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when somebody edits the registry: (file, when changed, bytes)."""
    files = sorted(folder.glob("*.csv")) if (folder / FILE).exists() else []
    found = []
    for file in files:
        with suppress(OSError):  # an editor has just put it aside
            seen = file.stat()
            found.append((file.name, seen.st_mtime_ns, seen.st_size))
    return tuple(found)


def load(folder: Path) -> Recipients | None:
    """The recipients of a registry folder; None without the file. RegistryError names the first
    mistake."""
    if not (folder / FILE).exists():
        return None
    registry = load_registry(folder)
    known = register.load(folder, registry) if register.present(folder) else None
    places = Places(
        {s.site: s.town for s in registry.sites.values()},
        {s.store: s.institution for s in known.stores.values()} if known else {},
        {
            s: tuple(x.store for x in known.stores_at(s))
            for s in registry.sites
            if known.stores_at(s)
        }
        if known
        else {},
    )
    institutions = tuple(known.institutions) if known else ()
    found: dict[str, Recipient] = {}
    lines = []
    for row in csv_rows(folder, FILE, COLUMNS):
        name = row.match("recipient", _NAME, "a name without blanks and , ; | / :")
        row.unique("recipient", found, name)
        found[name] = _recipient(row, name, registry, institutions)
        lines.append(row)
    return Recipients(tuple(found.values()), places, tuple(lines))


def _recipient(row: Row, name: str, registry: Registry, institutions: tuple[str, ...]) -> Recipient:
    channel = row.one_of("channel", CHANNELS)
    hours = duty.parsed(row.optional("hours"))
    if hours is None:
        raise row.fail("hours", duty.EXPECTED)
    digest = _minutes(row, "digest_min")
    if digest and channel == WEBHOOK:
        raise row.fail("digest_min", "nothing for a webhook, which takes each alarm by itself")
    passes = row.optional("passes")
    if passes:
        row.one_of("passes", LEVELS)
    return Recipient(
        name,
        channel,
        _to(row, channel),
        _listed(row, "towns", registry.towns, "towns of towns.csv"),
        _listed(row, "sites", (*registry.sites, DISTRICT), f"sites of sites.csv or {DISTRICT}"),
        _listed(row, "institutions", institutions, "institutions of institutions.csv"),
        _listed(row, "kinds", tuple(KINDS), f"kinds of rules ({' '.join(KINDS)})"),
        row.one_of("level", LEVELS) if row.optional("level") else LEVELS[0],
        hours,
        passes,
        _minutes(row, "after_min"),
        digest,
    )


def _to(row: Row, channel: str) -> tuple[str, ...]:
    if channel not in _TO:
        if row.optional("to"):
            raise row.fail("to", f"nothing: [{channel}] in the configuration names it")
        return ()
    pattern, expected = _TO[channel]
    found = tuple(part.strip() for part in row.optional("to").split("|"))
    if not all(map(pattern.fullmatch, found)) or (channel == SMS and len(found) > 1):
        raise row.fail("to", expected)
    return found


def _listed(row: Row, column: str, known: tuple[str, ...], what: str) -> frozenset[str]:
    cell = row.optional(column)
    given = frozenset(part.strip() for part in cell.split("|")) if cell else frozenset()
    if given - frozenset(known):
        raise row.fail(column, f"{what} with | between, or nothing")
    return given


def _minutes(row: Row, column: str) -> int:
    text = row.match(column, _MINUTES, f"minutes from 0 to {_LONGEST_MIN}, or nothing")
    if int(text or 0) > _LONGEST_MIN:
        raise row.fail(column, f"minutes from 0 to {_LONGEST_MIN}, or nothing")
    return 60 * int(text or 0)
