"""Whose data an account sees: the district, a 街镇, an institution or a contractor, and which
sites, stores and institutions of the registry are theirs.

Every page asks through what is made here (context.Context), so what is outside of a scope is, for
its accounts, what does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from ..alarms.alarm_log import Body
from ..alarms.alarm_pages import Place, Sees
from ..common.errors import UserError
from ..hazard.entry import Entry
from ..hazard.papers import Manifest, Record
from ..hazard.register import Register
from ..registry import Registry, Site
from ..reports.summary import DISTRICT as CALLED

WHOLE, TOWN, INSTITUTION, CONTRACTOR, NOBODY = (
    *("district", "town", "institution"),
    *("contractor", "nobody"),
)
KINDS = (WHOLE, TOWN, INSTITUTION, CONTRACTOR)  # that an account may have
LONGEST = 60  # characters of a name
_WHERE = {
    TOWN: "a town of towns.csv",
    INSTITUTION: "an institution of institutions.csv",
    CONTRACTOR: "a contractor of sites.csv",
}
_NEAREST = 4  # names in one line


class ScopeError(UserError):
    """A scope that cannot be given to an account; one line."""


@dataclass(frozen=True, order=True)
class Scope:
    """kind: one of KINDS; NOBODY: of who has not signed in. name: "" of the district."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @property
    def whole(self) -> bool:
        """Whether it is the district."""
        return self.kind == WHOLE

    @staticmethod
    def of(text: str) -> Scope:
        """As the store has it; a text that this version does not know is nobody's."""
        kind, _, name = text.partition(":")
        known = kind in KINDS and bool(name) != (kind == WHOLE)
        return Scope(kind, name) if known else Scope(NOBODY)


DISTRICT, NOTHING = Scope(WHOLE), Scope(NOBODY)


def names(kind: str, registry: Registry, register: Register | None) -> dict[str, str]:
    """The names of a kind that the registry has, in its order, with what they are called."""
    if kind == TOWN:
        return {town: town for town in registry.towns}
    if kind == INSTITUTION:
        return {i.institution: i.name for i in register.institutions.values()} if register else {}
    if kind == CONTRACTOR:
        return {s.contractor: s.contractor for s in registry.sites.values() if s.contractor}
    return {}


def every(registry: Registry, register: Register | None) -> dict[Scope, str]:
    """Every scope that an account may be given, with its kind and what it is called."""
    found = {DISTRICT: str(DISTRICT)}
    for kind in KINDS:
        for name, called in names(kind, registry, register).items():
            found[Scope(kind, name)] = str(Scope(kind, called))
    return found


def asked(text: str, registry: Registry, register: Register | None) -> Scope:
    """The scope that somebody writes as district, town:NAME …; ScopeError with the nearest names
    that there are."""
    kind, _, name = (part.strip() for part in text.partition(":"))
    if kind == WHOLE and not name:
        return DISTRICT
    if kind not in _WHERE or not name:
        raise ScopeError(
            "--scope: expected district, town:NAME, institution:NAME or contractor:NAME, "
            f"found {text[:LONGEST]!r}"
        )
    known = names(kind, registry, register)
    if name in known:
        return Scope(kind, name)
    near = nearest(name, known) or "none"
    raise ScopeError(f"--scope: expected {_WHERE[kind]} ({near}), found {name[:LONGEST]!r}")


def nearest(name: str, known: dict[str, str]) -> str:
    """The names most like one, or the first ones; known: name → what it is called."""
    called = {**{v: k for k, v in known.items()}, **{k: k for k in known}}
    found = difflib.get_close_matches(name, called, _NEAREST, 0.3) or list(known)[:_NEAREST]
    return " ".join(dict.fromkeys(called[n] for n in found))


@dataclass(frozen=True)
class Seen:
    """What of the registry a scope sees. registry, register: without what is outside of it; stores,
    institutions: of the register; an institution is there where all of its stores are. gone: that
    the registry has no such name."""

    scope: Scope
    registry: Registry
    register: Register | None
    institutions: frozenset[str] = frozenset()
    called: str = ""
    gone: bool = False

    @cached_property
    def stores(self) -> Collection[str]:
        return self.register.stores.keys() if self.register else frozenset[str]()

    @property
    def sites(self) -> Collection[str]:
        return self.registry.sites.keys()

    def site(self, name: str) -> bool:
        """Whether something of a site, or of registry.DISTRICT, is seen."""
        return self.scope.whole or name in self.registry.sites

    def alarm(self, body: Body | Place) -> bool:
        """Whether an alarm is seen: that of a store with the store, that of a point with the site;
        what is of no single site with the district."""
        return self.scope.whole or (
            body.store in self.stores if body.store else body.site in self.sites
        )

    @property
    def alarms(self) -> Sees | None:
        """As alarm(), None where all are seen."""
        return None if self.scope.whole else self.alarm

    def entry(self, entry: Entry) -> bool:
        """Whether an entry of the ledger is seen; one without a store goes with its institution."""
        return self.scope.whole or (
            entry.store in self.stores if entry.store else entry.institution in self.institutions
        )

    def paper(self, record: Record) -> bool:
        """Whether a paper is seen. A ticket that names no site goes with its 街镇, one that names
        neither with the district; a manifest without a store with its institution."""
        if self.scope.whole:
            return True
        if isinstance(record, Manifest):
            if record.store:
                return record.store in self.stores
            return record.institution in self.institutions
        if record.site:
            return record.site in self.sites
        return self.scope == Scope(TOWN, record.town)


def resolve(scope: Scope, registry: Registry, register: Register | None) -> Seen:
    """What a scope sees now."""
    if scope.whole:
        every = frozenset(register.institutions) if register else frozenset[str]()
        return Seen(scope, registry, register, every, CALLED)
    known = names(scope.kind, registry, register)
    stores = _stores(scope, registry, register)
    own = {scope.name} if scope.kind == TOWN else set()
    if scope.kind == INSTITUTION and register:
        # A site where others have stores, too, is not theirs: its boards weigh what is not.
        at = {register.stores[s].site for s in stores}
        shared = {x.site for x in register.stores.values() if x.store not in stores}
        sites = {s: registry.sites[s] for s in registry.sites if s in at - shared}
    else:
        sites = {s.site: s for s in _sites(scope, registry)}
    narrow = _registry(registry, sites, own | {s.town for s in sites.values()})
    units = frozenset(_institutions(scope, register, stores))
    return Seen(
        *(scope, narrow, _register(register, narrow, stores, units), units),
        known.get(scope.name, scope.name),
        scope.name not in known,
    )


def _sites(scope: Scope, registry: Registry) -> Iterable[Site]:
    of = {TOWN: "town", CONTRACTOR: "contractor"}.get(scope.kind)
    return (s for s in registry.sites.values() if of and getattr(s, of) == scope.name)


def _stores(scope: Scope, registry: Registry, register: Register | None) -> set[str]:
    if register is None:
        return set()
    sites = {s.site for s in _sites(scope, registry)}
    return {
        s.store
        for s in register.stores.values()
        if s.site in sites or (scope.kind == INSTITUTION and s.institution == scope.name)
    }


def _institutions(scope: Scope, register: Register | None, stores: set[str]) -> Iterable[str]:
    """Those of which all that there is belongs to the scope; what an institution files is no
    business of a contractor."""
    if register is None or scope.kind not in (TOWN, INSTITUTION):
        return
    elsewhere = {s.institution for s in register.stores.values() if s.store not in stores}
    here = {register.stores[s].institution for s in stores}
    for i in register.institutions.values():
        own = scope in (Scope(INSTITUTION, i.institution), Scope(TOWN, i.town))
        if i.institution not in elsewhere and (own or i.institution in here):
            yield i.institution


def _registry(registry: Registry, sites: dict[str, Site], towns: set[str]) -> Registry:
    """Without the other sites; bins of no site stay, as they may come to any."""
    devices = {k: d for k, d in registry.devices.items() if d.site in sites}
    return replace(
        registry,
        towns=tuple(t for t in registry.towns if t in towns),
        sites=sites,
        devices=devices,
        bins=tuple(b for b in registry.bins if b.site in sites or not b.site),
        instruments=tuple(i for i in registry.instruments if i.device in devices),
    )


def _register(
    register: Register | None, registry: Registry, stores: set[str], units: frozenset[str]
) -> Register | None:
    if register is None:
        return None
    kept = {s: x for s, x in register.stores.items() if s in stores}
    # At a site where others have stores, too: platforms on which nothing of them ever stood.
    own = {c.bin for c in register.containers if c.store in kept}
    own -= {c.bin for c in register.containers if c.store not in kept}
    held = units | {x.institution for x in kept.values()}
    return replace(
        register,
        known=registry,
        institutions={k: i for k, i in register.institutions.items() if k in held},
        stores=kept,
        containers=tuple(c for c in register.containers if c.store in kept),
        bins={k: b for k, b in register.bins.items() if b.site in registry.sites or k in own},
    )
