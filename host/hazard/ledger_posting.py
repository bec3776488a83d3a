"""From weighed steps to 入库 and 出库; late readings correct what was booked before them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from ..common.local_days import LOCAL, clock
from ..common.quantity import kg
from ..events import Event, Kind, Outcome, Sample, derive
from ..registry import Bin
from ..rollup.scales import platform_of, samples
from ..store import Store
from . import ledger
from .entry import (
    PERSON,
    REGISTER,
    SCALE,
    STORED,
    SYSTEM,
    TABLES,
    TAKEN,
    Batches,
    Entry,
    Weighed,
)
from .register import Container, Register
from .stock import Books, books

SETTLE_S = 120  # nobody leans on a platform for longer than 90
LEDGER = "台账"  # who says which batches a mass was taken from
UNDONE = "later readings show another step"
TRIES = 5  # where several add to the ledger at once
EDGE_S = 3600  # at the beginning of a part a motion may be cut in two
LATE_S = 8 * 86_400  # how late a backlog may come and still correct what was booked
_TABLE = {Kind.DEPOSIT: STORED, Kind.COLLECTION: TAKEN, Kind.REMOVAL: TAKEN}


@dataclass(frozen=True)
class Seen:
    """A platform up to a moment: its events, and the samples they come from.

    since: what began before it is not judged, because its beginning was not looked at."""

    bin: Bin
    outcome: Outcome
    samples: Sequence[Sample]
    since: int = 0


@dataclass
class Booked:
    """What an update did. told: a line for each thing a person should know."""

    added: list[Entry] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def see(store: Store, register: Register, bin_: Bin, until: int, since: int = 0) -> Seen:
    """All that is known of a platform before a moment, or of it since another.

    An open platform has no past but the weight that stands there, so that the events of
    a part are those of the whole. Where bins are lifted, all of it is gone through."""
    if bin_.container == "wheelie":
        since = 0
    read = list(samples(store, bin_.device, bin_.channel, until, since=since))
    found = derive(platform_of(register.known, bin_), read)
    return Seen(bin_, found, read, since + EDGE_S if since else 0)


def columns(
    table: str, batch: str, t: int, grams: int, *, container: Container | None, register: Register
) -> dict[str, str]:
    """What the register can say of an entry, with batch, time and mass."""
    names = TABLES[table]
    said = {names[0]: batch, names[1]: clock(t), names[6]: kg(grams), "计量单位": "kg"}
    if container is not None:
        store = register.stores[container.store]
        said |= {
            "危险废物名称": container.code.category_name,
            "行业俗称/单位内部名称": container.name,
            "危险废物类别": container.code.category,
            "危险废物代码": container.code.code,
            "容器/包装编码": container.container,
            "容器/包装类型": container.type,
            "容器/包装数量": "1",
        }
        if table in (STORED, TAKEN):
            said |= {"贮存设施编码": store.facility, "贮存设施类型": store.kind}
    return {name: value for name, value in said.items() if value}


def weighed(bin_: Bin, event: Event) -> Weighed:
    b, a = event.before, event.after
    return Weighed(bin_.device, bin_.channel, b.life, b.seq, b.t, b.grams, a.seq, a.t, a.grams)


def entry_of(
    register: Register, bin_: Bin, event: Event, batches: Batches, now: int
) -> Entry | None:
    """The entry of one step; None where no container is registered on the platform."""
    day = dt.datetime.fromtimestamp(event.t, LOCAL).date()
    container = register.on(bin_.bin, day)
    if container is None:
        return None
    table = _TABLE[event.kind]
    # A step as heavy as the container brought it along, or took it away.
    grams = event.grams - container.tare_g if event.grams > container.tare_g else event.grams
    institution = register.of(container.store).institution
    batch = batches.next(institution, table, event.t)
    said = columns(table, batch, event.t, grams, container=container, register=register)
    scale = (TABLES[table][1], TABLES[table][6], "计量单位")
    return Entry(
        table=table,
        batch=batch,
        t=event.t,
        recorded=now,
        by=SYSTEM,
        institution=institution,
        store=container.store,
        container=container.container,
        edition=container.code.edition,
        code=container.code.code,
        grams=grams,
        said=said,
        origin={name: SCALE if name in scale else REGISTER for name in said},
        weighed=weighed(bin_, event),
    )


def sourced(made: Books, entry: Entry) -> Entry:
    """The entry once it was applied, with the batches it was taken from."""
    sources = made.apply(entry)
    if not sources:
        return entry
    return msgspec.structs.replace(
        entry,
        upstream=sources,
        said=entry.said | {"入库批次编码": " ".join(sources)},
        origin=entry.origin | {"入库批次编码": LEDGER},
    )


def steps(seen: Seen, now: int) -> Iterable[Event]:
    """The steps that count and that nothing can undo any more."""
    return (e for e in seen.outcome.events if e.kind in _TABLE and e.t_end + SETTLE_S <= now)


def update(
    store: Store,
    register: Register,
    seen: Sequence[Seen],
    now: int,
    held: Sequence[Entry] | None = None,
) -> Booked:
    """Book every step that is not booked yet; reverse what later readings have undone.

    What a person has corrected or reversed stays as the person has it. held: the entries
    of these platforms, by a caller who alone writes."""
    if held is not None:
        return _update(store, register, seen, now, held, whole=False)
    for _ in range(TRIES):
        with suppress(ledger.MovedError):
            return _update(store, register, seen, now, ledger.read(store), whole=True)
    raise ledger.MovedError("ledger: others add to it all the time: try again later")


def _update(
    store: Store,
    register: Register,
    seen: Sequence[Seen],
    now: int,
    entries: Sequence[Entry],
    *,
    whole: bool,
) -> Booked:
    done = Booked()
    ever = {e.weighed.key for e in entries if e.weighed}
    standing = ledger.live(entries)
    booked = {e.weighed.event: e for e in standing if e.weighed}
    batches = ledger.batches(entries)
    fresh: list[tuple[Event, Bin]] = []
    undone: list[Entry] = []
    for platform in seen:
        bin_ = platform.bin
        found: dict[str, Event] = {}
        for event in steps(platform, now):
            step = weighed(bin_, event)
            found[step.event] = event
            if step.key not in ever and event.t >= platform.since:
                fresh.append((event, bin_))
        for name, entry in booked.items():
            w = entry.weighed
            if w is None or (w.device, w.channel) != (bin_.device, bin_.channel):
                continue
            if w.before_t < platform.since:
                continue
            still = found.get(name)
            if (still is None or weighed(bin_, still).key != w.key) and (
                entry.kg_origin != PERSON and w.after_t + SETTLE_S <= now
            ):
                undone.append(entry)
    gone = {e.id for e in undone}
    rows = [ledger.reversal(e, SYSTEM, UNDONE, now) for e in undone]
    made = books(register, (e for e in standing if e.id not in gone))
    done.told += [f"{e.batch}: reversed: {UNDONE}" for e in undone]
    kept = {e.weighed.event for e in standing if e.weighed and e.id not in gone}
    for event, bin_ in sorted(fresh, key=lambda x: x[0].t):
        if weighed(bin_, event).event in kept:
            continue  # a person has said what it was
        made_of = entry_of(register, bin_, event, batches, now)
        if made_of is None:
            done.told.append(
                f"{bin_.bin}: {clock(event.t)}: {kg(event.grams)} kg, and no container of "
                "containers.csv stands there: not booked"
            )
            continue
        rows.append(sourced(made, made_of))
    done.added = ledger.add(store, rows, entries if whole else None)
    return done


def corrected(
    entry: Entry, by: str, reason: str, now: int, *, said: Mapping[str, str], grams: int | None
) -> Entry:
    """The entry that follows a reversal: the same batch with what a person says."""
    mass = TABLES[entry.table][6]
    more = dict(said) | ({mass: kg(grams)} if grams is not None else {})
    return msgspec.structs.replace(
        entry,
        id=0,
        recorded=now,
        by=by,
        reason=reason,
        grams=entry.grams if grams is None else grams,
        said=entry.said | more,
        origin=entry.origin | dict.fromkeys(more, PERSON),
    )
