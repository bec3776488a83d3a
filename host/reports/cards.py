"""Cards and tags that readers of boards saw on a day, and what was brought with each.

An id stands for a card and names nobody; tags.csv says which ids are tags of bins."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import registry, rollup
from ..common.atomic_write import whole
from ..common.local_days import LOCAL
from ..common.quantity import kg
from ..common.shown import CsvWriter
from ..events import Event, Kind
from ..readings.messages import CARD
from ..registry import Registry, RegistryError, Row
from ..rollup import day_bounds
from ..store import Store, card_ids

TAGS = "tags.csv"
BEFORE_S = 60  # a card is held to the reader at most so long before the waste lies on the scale
COLUMNS = (
    "date",
    "time",
    "site",
    "device",
    "channel",
    "card",
    "bin",
    "deposits",
    "deposited_kg",
    "note",
)
_CARD = re.compile("k[0-9a-f]{6}")
_MIXED, _FORGOTTEN = "several cards", "forgotten"


@dataclass(frozen=True)
class CardRead:
    """A card held to a reader at Unix second t. card: its id, None once that is forgotten; bin: of
    a tag, otherwise "". deposits and grams: what was brought; note: why that is not known."""

    t: int
    site: str
    device: str
    channel: str
    card: int | None
    bin: str = ""
    deposits: int = 0
    grams: int | None = None
    note: str = ""

    @property
    def shown(self) -> str:
        # With a letter first, so that no spreadsheet takes it for a number.
        return _FORGOTTEN if self.card is None else f"k{self.card:06x}"


def tags(folder: Path, known: Registry) -> dict[tuple[str, int], str]:
    """tags.csv: (site, id) → bin; nothing where there is no such file."""
    if not (folder / TAGS).exists():
        return {}
    bins = {b.bin: b for b in known.bins}
    found: dict[tuple[str, int], str] = {}
    for row in registry.csv_rows(folder, TAGS, ("site", "card", "bin")):
        site = row.known("site", known.sites, "a site of sites.csv")
        key = site, _id(row)
        row.unique("card", found, key)
        found[key] = row.known("bin", bins, "a bin of bins.csv")
    return found


def _id(row: Row) -> int:
    return int(row.match("card", _CARD, "k and six hex digits, as qingyun cards shows it")[1:], 16)


def of_day(
    store: Store, folder: Path, known: Registry, date: dt.date, site: str | None = None
) -> list[CardRead]:
    """Every card of a local day, of all sites or one, by time; RegistryError as registry.load."""
    if site is not None and site not in known.sites:
        raise RegistryError(f"{folder}: expected a site of sites.csv, found {site!r}")
    by_tag = tags(folder, known)
    store.compact()
    boards = [d for d in known.devices.values() if site in (None, d.site)]
    reads = {d.device: list(_reads(store, d, date, by_tag)) for d in boards}
    found: list[CardRead] = [x for xs in reads.values() for x in xs if x.bin]
    people = {device: [x for x in xs if not x.bin] for device, xs in reads.items()}
    deposits = _deposits(store, known, date, {d for d, xs in people.items() if xs})
    for device, xs in people.items():
        found += with_deposits(xs, deposits.get(device, ()))
    return sorted(found, key=lambda x: (x.t, x.site, x.device, x.channel))


def _reads(
    store: Store, board: registry.Device, date: dt.date, by_tag: Mapping[tuple[str, int], str]
) -> Iterator[CardRead]:
    t0, t1 = day_bounds(date)
    ids = card_ids.of_device(store.database, board.device)
    for r in store.readings(board.device, t0, t1):
        for channel, there in r.values.items():
            if channel[0] == CARD and there:
                id_ = ids.get((r.life, r.seq, channel))
                bin_ = "" if id_ is None else by_tag.get((board.site, id_), "")
                yield CardRead(r.t or 0, board.site, board.device, channel, id_, bin_)


def _deposits(
    store: Store, known: Registry, date: dt.date, boards: set[str]
) -> dict[str, list[Event]]:
    """Board → its deposits of the day, by time."""
    found: dict[str, list[Event]] = {}
    for bin_, events in rollup.events(store, known, date) if boards else ():
        if bin_.device in boards:
            deposits = (e for e in events if e.kind is Kind.DEPOSIT)
            found.setdefault(bin_.device, []).extend(deposits)
    return {device: sorted(events, key=lambda e: e.t) for device, events in found.items()}


def with_deposits(reads: Sequence[CardRead], deposits: Iterable[Event]) -> list[CardRead]:
    """Give each deposit to the card that was read last before its end; to none where several were
    read that may have brought it."""
    n, grams = [0] * len(reads), [0] * len(reads)
    mixed: set[int] = set()
    for e in deposits:
        may = [i for i, x in enumerate(reads) if e.t - BEFORE_S <= x.t <= e.t_end]
        cards = {reads[i].card for i in may}
        if len(cards) > 1 or (None in cards and len(may) > 1):
            mixed.update(may)
        elif may:
            n[may[-1]] += 1
            grams[may[-1]] += e.grams
    return [_brought(x, n[i], grams[i], _MIXED if i in mixed else "") for i, x in enumerate(reads)]


def _brought(x: CardRead, n: int, grams: int, note: str) -> CardRead:
    known = None if note else grams
    return CardRead(x.t, x.site, x.device, x.channel, x.card, x.bin, n, known, note)


def row(date: dt.date, x: CardRead) -> tuple[object, ...]:
    """A card as a line of COLUMNS; a mass that is not known is empty."""
    clock = dt.datetime.fromtimestamp(x.t, LOCAL).strftime("%H:%M:%S")
    mass = "" if x.grams is None else kg(x.grams)
    return date, clock, x.site, x.device, x.channel, x.shown, x.bin, x.deposits, mass, x.note


def write(path: Path, date: dt.date, reads: Iterable[CardRead]) -> None:
    """Write them as CSV."""
    with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        out = CsvWriter(file)
        out.writerow(COLUMNS)
        out.writerows(row(date, x) for x in reads)
