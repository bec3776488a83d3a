"""The register of hazardous waste: institutions, stores, containers on platforms.

CSV files in the folder of host.registry; a mistake is one line with file, line and column."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .. import registry
from ..registry import Bin, Registry, RegistryError, Row, csv_rows
from . import batch_codes, catalogue, credit_code
from .catalogue import Catalogue, Code
from .register_rows import (
    CATEGORIES,
    INDUSTRIAL,
    LICENSED,
    LIQUID,
    MEDICAL,
    PHASES,
    SMALL,
    SOCIAL,
    STORE_KINDS,
    Container,
    HazardStore,
    Institution,
)

_SENSOR = re.compile(r"([A-Za-z0-9_.-]{1,64})/([cd]\d{1,2})")
_LITRES = re.compile(r"\d{1,6}(\.\d{1,3})?")
SOON_D = 30  # days before its end in which an edition of the catalogue is told
FIRST, LAST = dt.date(1, 1, 1), dt.date(9999, 12, 31)


@dataclass(frozen=True)
class Register:
    """prefixes: table of the ledger -> prefix of its batch codes."""

    known: Registry
    catalogue: Catalogue
    institutions: dict[str, Institution] = field(default_factory=dict)
    stores: dict[str, HazardStore] = field(default_factory=dict)
    containers: tuple[Container, ...] = ()
    incompatible: dict[frozenset[str], str] = field(default_factory=dict)
    bins: dict[str, Bin] = field(default_factory=dict)
    folder: Path | None = None
    prefixes: dict[str, str] = field(default_factory=batch_codes.prefixes)

    @cached_property
    def _by_name(self) -> dict[str, Container]:
        return {c.container: c for c in reversed(self.containers)}

    @cached_property
    def _by_bin(self) -> dict[str, list[Container]]:
        by_bin: dict[str, list[Container]] = {}
        for c in self.containers:
            by_bin.setdefault(c.bin, []).append(c)
        return by_bin

    @cached_property
    def _by_store(self) -> dict[str, list[Container]]:
        by_store: dict[str, list[Container]] = {}
        for c in self.containers:
            by_store.setdefault(c.store, []).append(c)
        return by_store

    def standing(self, store: str, day: dt.date) -> list[Container]:
        """The containers of a store on a day."""
        return [c for c in self._by_store.get(store, ()) if c.holds(day)]

    def on(self, bin_: str, day: dt.date) -> Container | None:
        """The container on a platform on a day; None where there is none."""
        return next((c for c in self._by_bin.get(bin_, ()) if c.holds(day)), None)

    def container(self, name: str) -> Container | None:
        """The first container of that name; None where there is none."""
        return self._by_name.get(name)

    def platforms(self, store: str) -> list[Bin]:
        """The platforms of the containers of a store, as far as they are known here."""
        names = dict.fromkeys(c.bin for c in self.containers if c.store == store and c.bin)
        return [self.bins[n] for n in names if n in self.bins]

    def of(self, store: str) -> Institution:
        return self.institutions[self.stores[store].institution]

    def stores_at(self, site: str) -> list[HazardStore]:
        return [s for s in self.stores.values() if s.site == site]

    def outdated(self, store: str, day: dt.date) -> list[tuple[Container, dt.date, bool]]:
        """(container, last day of the edition of its code, whether that is over) of those in a
        store whose edition ends within SOON_D days or has ended."""
        found = []
        for c in self.standing(store, day):
            until = self.catalogue.editions[c.code.edition].until
            if until and (until - day).days <= SOON_D:
                found.append((c, until, until < day))
        return found

    def clashes(self, a: str, b: str) -> str | None:
        """Why two groups must not stand in one zone; None where they may."""
        return self.incompatible.get(frozenset((a, b))) if a and b else None


FILES = ("institutions.csv", "stores.csv", "containers.csv")
_INSTITUTION = ("institution", "name", "town", "category", "licence")
_STORE = (
    *("store", "institution", "site", "name", "kind", "capacity_kg", "zones", "facility"),
    *("temperature", "door"),
)
LABEL_COLUMNS = ("components", "harmful", "cautions", "remark")  # optional
_CONTAINER = (
    *("container", "store", "zone", "bin", "edition", "code", "name", "phase", "type"),
    *("tare_kg", "group", "from", "to"),
)


def present(folder: Path) -> bool:
    """Whether a registry folder has a register of hazardous waste."""
    return any((folder / name).exists() for name in FILES)


def load_any(folder: Path) -> Register:
    """The register; of a folder without hazardous waste, one that has its sites alone."""
    if present(folder):
        return load(folder)
    return Register(registry.load(folder), catalogue.load(folder), folder=folder)


def load(folder: Path, known: Registry | None = None) -> Register:
    """Read and check the register; RegistryError or HazardError names the first mistake."""
    known = known or registry.load(folder)
    codes = catalogue.load(folder)
    institutions: dict[str, Institution] = {}
    for row in csv_rows(folder, "institutions.csv", _INSTITUTION):
        name = row.name("institution")
        row.unique("institution", institutions, name)
        town = row.known("town", known.towns, "a town of towns.csv")
        category = row.one_of("category", CATEGORIES)
        licence = row.optional("licence")
        if category == LICENSED and not licence:
            raise row.fail("licence", "the number of its licence")
        institutions[name] = Institution(
            *(name, row.text("name"), town, category, licence),
            credit_code=_credit_code(row),
            contact=row.optional("contact"),
        )
    stores: dict[str, HazardStore] = {}
    for row in csv_rows(folder, "stores.csv", _STORE):
        store = _store(row, known, institutions)
        row.unique("store", stores, store.store)
        stores[store.store] = store
    incompatible: dict[frozenset[str], str] = {}
    if (folder / "incompatible.csv").exists():
        for row in csv_rows(folder, "incompatible.csv", ("a", "b", "reason")):
            pair = frozenset((row.text("a"), row.text("b")))
            if len(pair) == 1:
                raise row.fail("b", "another group than in a")
            incompatible[pair] = row.text("reason")
    bins = {b.bin: b for b in known.platforms() if known.sites[b.site].kind == "hazardous"}
    containers = _containers(folder, codes, stores, bins)
    return Register(
        *(known, codes, institutions, stores, containers, incompatible, bins, folder),
        batch_codes.prefixes(folder),
    )


def _credit_code(row: Row) -> str:
    """The optional column; a wrong check character is a mistake."""
    code = row.optional("credit_code")
    if code and (expected := credit_code.wrong(code)):
        raise row.fail("credit_code", f"{expected}, or nothing")
    return code


def _store(row: Row, known: Registry, institutions: dict[str, Institution]) -> HazardStore:
    site = row.known("site", known.sites, "a site of sites.csv")
    if known.sites[site].kind != "hazardous":
        raise row.fail("site", "a site of the kind hazardous")
    zones = tuple(z.strip() for z in row.optional("zones").split(";") if z.strip())
    if len(set(zones)) != len(zones) or not zones:
        raise row.fail("zones", "names of zones, each once, with ; between")
    return HazardStore(
        row.name("store"),
        row.known("institution", institutions, "an institution of institutions.csv"),
        site,
        row.text("name"),
        row.one_of("kind", STORE_KINDS),
        row.thousandths("capacity_kg", "0", "10000000"),
        zones,
        row.optional("facility"),
        _sensor(row, "temperature", "c", known, site),
        _sensor(row, "door", "d", known, site),
        _bunds(row, zones),
    )


def _bunds(row: Row, zones: tuple[str, ...]) -> dict[str, int]:
    """zone -> ml from the optional column bund_l: 废油区=250;…"""
    bunds: dict[str, int] = {}
    for part in filter(None, (p.strip() for p in row.optional("bund_l").split(";"))):
        zone, _, litres = part.partition("=")
        if zone not in zones or zone in bunds or not _LITRES.fullmatch(litres):
            raise row.fail("bund_l", "zone=litres, with ; between, each zone once, or nothing")
        bunds[zone] = round(1000 * float(litres))
    return bunds


def _sensor(
    row: Row, column: str, letter: str, known: Registry, site: str
) -> tuple[str, str] | None:
    text = row.optional(column)
    if not text:
        return None
    match = _SENSOR.fullmatch(text)
    if not match or match[2][0] != letter:
        raise row.fail(column, f"device/{letter}1 or nothing")
    device = known.devices.get(match[1])
    if device is None or device.site != site:
        raise row.fail(column, f"a device at {site}")
    return match[1], match[2]


def _code(row: Row, codes: Catalogue) -> Code:
    edition = row.one_of("edition", tuple(codes.editions))
    code = codes.find(edition, row.optional("code"))
    if code is None and not codes.has(edition):
        raise row.fail("edition", "one whose codes are held (qingyun law import)")
    if code is None:
        raise row.fail("code", f"a code of the catalogue of {edition}")
    return code


def _containers(
    folder: Path, codes: Catalogue, stores: dict[str, HazardStore], bins: dict[str, Bin]
) -> tuple[Container, ...]:
    containers: dict[str, Container] = {}
    for row in csv_rows(folder, "containers.csv", _CONTAINER):
        name = row.name("container")
        row.unique("container", containers, name)
        store = stores[row.known("store", stores, "a store of stores.csv")]
        bin_ = row.optional("bin")
        if bin_:
            row.known("bin", bins, "a platform of bins.csv at a hazardous site, or nothing")
            if bins[bin_].site != store.site:
                raise row.fail("bin", f"a platform at {store.site}")
        since, until = row.date("from", FIRST), row.date("to", LAST)
        if until < since:
            raise row.fail("to", f"a day from {since} on")
        for other in containers.values():
            if bin_ and other.bin == bin_ and other.since <= until and since <= other.until:
                raise row.fail("bin", f"a platform on which {other.container} does not stand")
        containers[name] = Container(
            name,
            store.store,
            row.one_of("zone", store.zones),
            bin_,
            _code(row, codes),
            row.text("name"),
            row.one_of("phase", PHASES),
            row.text("type"),
            row.thousandths("tare_kg", "0", "500"),
            row.optional("group"),
            row.thousandths("volume_l", "0", "100000") if row.optional("volume_l") else 0,
            since,
            until,
            *(row.optional(c) for c in LABEL_COLUMNS),
        )
    return tuple(containers.values())


__all__ = [
    "CATEGORIES",
    "INDUSTRIAL",
    "LICENSED",
    "LIQUID",
    "MEDICAL",
    "PHASES",
    "SMALL",
    "SOCIAL",
    "STORE_KINDS",
    "Container",
    "HazardStore",
    "Institution",
    "Register",
    "RegistryError",
]
