"""Posts weighed steps to the ledger as 入库 and 出库.

A step that late readings change or remove is reversed, and posted anew where it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from ..common.local_days import clock
from ..common.quantity import kg
from ..events import Event
from ..registry import Bin
from ..store import Store, chains
from . import ledger
from .batch_codes import Batches
from .entry import (
    CODE,
    PERSON,
    REGISTER,
    SCALE,
    STORED,
    SYSTEM,
    TABLES,
    TAKEN,
    Entry,
    Weighed,
)
from .register import Container, Register
from .stock import Stock, stock_of
from .weighed_steps import SETTLE_S, TABLE, Seen, day_of, own_steps, see, weighed

__all__ = ["SETTLE_S", "Booked", "Seen", "corrected", "see", "update", "weighed"]

LEDGER = "台账"  # origin of the batches that a mass was taken from
UNDONE = "later readings show another step"
LATE_S = 8 * 86_400  # a backlog up to so late still corrects posted entries


@dataclass
class Booked:
    """Entries that an update added. notes: lines for a person."""

    added: list[Entry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def columns(
    table: str, batch: str, t: int, grams: int, *, container: Container | None, register: Register
) -> dict[str, str]:
    """Columns of an entry that batch, time (Unix seconds), mass (g) and register fill."""
    names = TABLES[table]
    values = {names[0]: batch, names[1]: clock(t), names[6]: kg(grams), "计量单位": "kg"}
    if container is not None:
        store = register.stores[container.store]
        values |= {
            "危险废物名称": container.code.category_name,
            "行业俗称/单位内部名称": container.name,
            "危险废物类别": container.code.category,
            "危险废物代码": container.code.code,
            "容器/包装编码": container.container,
            "容器/包装类型": container.type,
            "容器/包装数量": "1",
        }
        if table in (STORED, TAKEN):
            values |= {"贮存设施编码": store.facility, "贮存设施类型": store.kind}
    return {name: value for name, value in values.items() if value}


def entry_of(
    register: Register, bin_: Bin, event: Event, batches: Batches, now: int
) -> Entry | None:
    """The entry of a step, recorded at now (Unix seconds); None where no container is
    registered on the platform."""
    container = register.on(bin_.bin, day_of(event.t))
    if container is None:
        return None
    step = weighed(bin_, event)
    entry = entry_for(register, container, TABLE[event.kind], step, batches, t=event.t)
    return msgspec.structs.replace(entry, recorded=now)


def entry_for(
    register: Register,
    container: Container,
    table: str,
    step: Weighed,
    batches: Batches,
    *,
    t: int,
) -> Entry:
    """The entry of a step of this container that began at t (Unix seconds), whatever its
    direction; when it was recorded stands open."""
    grams = abs(step.after_g - step.before_g)
    # A step heavier than the container includes it: the container came or went as well.
    grams = grams - container.tare_g if grams > container.tare_g else grams
    institution = register.of(container.store).institution
    batch = batches.next(institution, table, t)
    values = columns(table, batch, t, grams, container=container, register=register)
    scale = (TABLES[table][1], TABLES[table][6], "计量单位")
    return Entry(
        table=table,
        batch=batch,
        t=t,
        recorded=0,
        by=SYSTEM,
        institution=institution,
        store=container.store,
        container=container.container,
        edition=container.code.edition,
        code=container.code.code,
        grams=grams,
        values=values,
        origin={name: SCALE if name in scale else REGISTER for name in values},
        weighed=step,
    )


def sourced(stock: Stock, entry: Entry) -> Entry:
    """Apply an entry to the stock; the entry with the batches that it was taken from."""
    sources = stock.apply(entry)
    if not sources:
        return entry
    return msgspec.structs.replace(
        entry,
        upstream=sources,
        values=entry.values | {"入库批次编码": " ".join(sources)},
        origin=entry.origin | {"入库批次编码": LEDGER},
    )


def update(
    store: Store,
    register: Register,
    seen: Sequence[Seen],
    now: int,
    held: Sequence[Entry] | None = None,
) -> Booked:
    """Post every settled step without an entry; reverse entries whose step later readings
    changed or removed. Entries that a person corrected or reversed stay.

    now: Unix seconds. held: the entries of these platforms, from a caller that alone writes.
    MovedError where others kept adding to the ledger."""
    if held is not None:
        return _update(store, register, seen, now, held, whole=False)
    for _ in chains.tries():
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
    live = ledger.live(entries)
    own = [(s, own_steps(s, entries, register, now)) for s in seen]
    undone = _undone(own, live, now)
    undone_ids = {e.id for e in undone}
    kept = [e for e in live if e.id not in undone_ids]
    done = Booked(notes=[f"{e.batch}: reversed: {UNDONE}{_label_of(e)}" for e in undone])
    rows = [ledger.reversal(e, SYSTEM, UNDONE, now) for e in undone]
    stock, batches = stock_of(register, kept), ledger.batches(entries, register.prefixes)
    labelled = {e.weighed.event: e for e in undone if e.weighed and e.values.get(CODE)}
    for event, bin_ in _unposted(own, entries, kept):
        entry = entry_of(register, bin_, event, batches, now)
        if entry is None:
            done.notes.append(
                f"{bin_.bin}: {clock(event.t)}: {kg(event.grams)} kg, and no container of "
                "containers.csv stands there: not booked"
            )
        else:
            rows.append(
                sourced(stock, _with_code_of(labelled.get(weighed(bin_, event).event), entry))
            )
    done.added = ledger.add(store, rows, entries if whole else None)
    return done


def _label_of(entry: Entry) -> str:
    """What is to be done about the label of an entry that is reversed."""
    code = entry.values.get(CODE)
    return (
        f"; the label {code} is no longer right: look at it with qingyun label show" if code else ""
    )


def _with_code_of(before: Entry | None, entry: Entry) -> Entry:
    """The entry with the 数字识别码 of the one that it takes the place of: the label on the
    drum has it, whatever late readings say of the mass."""
    if before is None:
        return entry
    return msgspec.structs.replace(
        entry,
        values=entry.values | {CODE: before.values[CODE]},
        origin=entry.origin | {CODE: before.origin[CODE]},
    )


_Own = Sequence[tuple[Seen, Sequence[Event]]]  # of each platform the steps to be posted


def _undone(own: _Own, live: Sequence[Entry], now: int) -> list[Entry]:
    """Live entries whose step has changed or is no longer there, or that a person has named."""
    by_event = {e.weighed.event: (e, e.weighed) for e in live if e.weighed and not e.act}
    undone = []
    for platform, events in own:
        weighings = [weighed(platform.bin, event) for event in events]
        keys = {w.event: w.key for w in weighings}
        undone += [
            entry
            for event, (entry, w) in by_event.items()
            if keys.get(event) != w.key and _is_judged(entry, w, platform, now)
        ]
    return undone


def _is_judged(entry: Entry, w: Weighed, platform: Seen, now: int) -> bool:
    """Whether the readings of the platform decide about the entry: it is of this platform,
    its step was read whole and has settled, and no person has given its mass."""
    return (
        (w.device, w.channel) == (platform.bin.device, platform.bin.channel)
        and w.before_t >= platform.since
        and w.after_t + SETTLE_S <= now
        and entry.kg_origin != PERSON
    )


def _unposted(
    own: _Own, entries: Sequence[Entry], kept: Sequence[Entry]
) -> list[tuple[Event, Bin]]:
    """Settled steps to be posted, in order of time: those that never were, and those whose
    entry is reversed now. kept: entries that stay live."""
    posted = {e.weighed.key for e in entries if e.weighed}
    events = {e.weighed.event for e in kept if e.weighed}  # a person may have corrected them
    unposted = []
    for platform, found in own:
        for event in found:
            w = weighed(platform.bin, event)
            if event.t >= platform.since and w.key not in posted and w.event not in events:
                unposted.append((event, platform.bin))
    return sorted(unposted, key=lambda step: step[0].t)


def corrected(
    entry: Entry, by: str, reason: str, now: int, *, values: Mapping[str, str], grams: int | None
) -> Entry:
    """The entry that follows a reversal: the same batch with a person's values.

    values: column -> value; grams: net, None where the mass stays; now: Unix seconds."""
    mass = TABLES[entry.table][6]
    more = dict(values) | ({mass: kg(grams)} if grams is not None else {})
    return msgspec.structs.replace(
        entry,
        id=0,
        recorded=now,
        by=by,
        reason=reason,
        grams=entry.grams if grams is None else grams,
        values=entry.values | more,
        origin=entry.origin | dict.fromkeys(more, PERSON),
    )
