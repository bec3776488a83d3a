"""Acts of a person at a platform: a touch on a phone becomes one ledger entry with its code.

Each act has an id that the phone made; it stands in the entry. However often an act comes, there
is one entry ([why so](../../../docs/decisions/0020-acts-at-the-platform.md))."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from ...common.quantity import kg
from ...registry import Bin
from ...store import Store
from ...store.chains import tries
from .. import ledger, photographs, platform_step
from ..batch_codes import Batches
from ..entry import CODE, PERSON, REGISTER, STORED, TABLES, TAKEN, Entry, Weighed
from ..ledger_posting import LEDGER, columns, entry_for, sourced
from ..platform_step import ActError, Shown, Step
from ..register import Container, HazardStore
from ..stock import stock_of
from ..weighed_steps import day_of, overlap, stays
from . import issue

IN, OUT, OUT_UNWEIGHED = "in", "out", "out-unweighed"
ID = re.compile(r"[0-9a-f]{32}")
NAMED = "named at the platform"  # why an entry that the scale alone made is reversed
_AHEAD_S = 120  # a phone's clock


@dataclass(frozen=True)
class Act:
    """id: 32 hexadecimal digits. do: IN, OUT, OUT_UNWEIGHED. at: when it was touched, Unix seconds
    of this host. shown: the reading that was seen, None without a network. code: of the label of
    what goes out. photo: SHA-256, "" for none."""

    id: str
    do: str
    store: str
    platform: str = ""
    waste: str = ""
    at: int = 0
    shown: Shown | None = None
    code: str = ""
    photo: str = ""


@dataclass(frozen=True)
class Done:
    """entry: as it stands now. gone: it was reversed since. was: what came in by the same label,
    of an act of OUT."""

    entry: Entry
    gone: bool = False
    was: Entry | None = None

    @property
    def difference_g(self) -> int | None:
        """Out minus in."""
        return None if self.was is None else self.entry.grams - self.was.grams


@dataclass(frozen=True)
class _Case:
    """An act, and the ledger as it stands: whole, and what holds. now: Unix seconds."""

    using: issue.Issuer
    act: Act
    held: Sequence[Entry]
    live: Sequence[Entry]
    batches: Batches
    by: str
    now: int


def done(entries: Sequence[Entry], id_: str) -> Done | None:
    """What became of an act; None where it is not in the ledger."""
    found = [e for e in entries if e.act == id_ and not e.reverses]
    if not found:
        return None
    gone = {e.reverses for e in entries if e.reverses}
    live = [e for e in found if e.id not in gone]
    entry = (live or found)[-1]
    return Done(entry, not live, _was(entries, entry))


def _was(entries: Sequence[Entry], entry: Entry) -> Entry | None:
    code = entry.values.get(CODE)
    return issue.entry_of(entries, code) if code and entry.table == TAKEN else None


Read = Callable[[Store], list[Entry]]  # as ledger.read


def book(using: issue.Issuer, act: Act, by: str, now: int, read: Read = ledger.read) -> Done:
    """Add the entry of an act, unless it is there; ActError, and nothing is added. now: Unix
    seconds."""
    if not ID.fullmatch(act.id) or act.do not in (IN, OUT, OUT_UNWEIGHED):
        raise ActError("not_understood")
    if act.at > now + _AHEAD_S:
        raise ActError("clock")
    for _ in tries():
        held = read(using.store)
        if (there := done(held, act.id)) is not None:
            return there
        batches = ledger.batches(held, using.register.prefixes)
        rows = _rows(_Case(using, act, held, ledger.live(held), batches, by, now))
        # Only what comes in gets a code; the rows before it reverse others.
        stems = [issue.stem(using, e) if act.do == IN and not e.reverses else "" for e in rows]
        try:
            added = issue.write(using, rows, stems, held[-1].id if held else 0)
        except ledger.MovedError:
            continue
        return Done(added[-1], was=_was(held, added[-1]))
    raise ActError("busy", wait=True)


def look(
    using: issue.Issuer, bin_: Bin, shown: Shown, now: int, read: Read = ledger.read
) -> tuple[Step, Entry | None]:
    """The step that an act by this reading would name, and the entry that names it already."""
    step = platform_step.at_reading(using.store, using.register, bin_, shown, now)
    held = read(using.store)
    near = [e for e in held if e.weighed and overlap(e.weighed, step.weighed)]
    gone = {e.reverses for e in near if e.reverses}
    live = [e for e in near if not e.reverses and e.id not in gone]
    return step, next(iter(_named(live, step.weighed)), None)


def _rows(case: _Case) -> list[Entry]:
    """What an act adds to the ledger: its entry, and before it reversals of what the scale alone
    made of the same readings."""
    using, act, register = case.using, case.act, case.using.register
    where = register.stores.get(act.store)
    if where is None:
        raise ActError("unknown", what=act.store)
    if act.photo and not photographs.is_whole(using.store, act.photo):
        raise ActError("photo")
    was = _label(case.live, act, where) if act.do != IN else None
    name = was.container if was else act.waste
    container = register.container(name)
    if container is None or container.store != where.store:
        raise ActError("unknown", what=name)
    if was is not None and act.do == OUT_UNWEIGHED:
        return [_unweighed(case, was, container)]
    bin_ = register.bins.get(act.platform)
    if bin_ is None or bin_ not in platform_step.platforms(register, where):
        raise ActError("unknown", what=act.platform)
    step = _step(using, act, bin_, case.now)
    if container not in platform_step.wastes(register, where, bin_, day_of(step.t)):
        raise ActError("elsewhere", what=container.container)
    _direction(using, act, step, container)
    if taken := _named(case.live, step.weighed):
        e = taken[0]
        raise ActError("taken", by=e.by, kg=kg(e.grams), what=e.container, t=e.recorded)
    return _weighed(case, step, container, was)


def _step(using: issue.Issuer, act: Act, bin_: Bin, now: int) -> Step:
    if act.shown is not None:
        return platform_step.at_reading(using.store, using.register, bin_, act.shown, now)
    return platform_step.at_time(using.store, using.register, bin_, act.at, now)


def _direction(using: issue.Issuer, act: Act, step: Step, container: Container) -> None:
    """What stands on the platform leaves it by a step down; anything else is put on."""
    down = act.do == OUT and stays(using.register, step.bin, container.container)
    if step.up == down:
        raise ActError("not_gone" if down else "not_put_on")


def _named(live: Sequence[Entry], step: Weighed) -> list[Entry]:
    """Live entries of the same readings that stand whatever the scale says: a person named or
    corrected them, or a label is on the drum."""
    return [
        e
        for e in live
        if e.weighed
        and overlap(e.weighed, step)
        and (e.act or e.values.get(CODE) or e.kg_origin == PERSON)
    ]


def _label(live: Sequence[Entry], act: Act, where: HazardStore) -> Entry:
    """The entry of the label on what goes out."""
    was = issue.entry_of(live, act.code)
    if was is None or was.table != STORED or was.store != where.store:
        raise ActError("no_label")
    for e in live:
        if e.table == TAKEN and e.act and e.values.get(CODE) == act.code:
            raise ActError("out_already", by=e.by, t=e.t)
    return was


def _weighed(case: _Case, step: Step, container: Container, was: Entry | None) -> list[Entry]:
    register, act = case.using.register, case.act
    table = TAKEN if was else STORED
    entry = entry_for(register, container, table, step.weighed, case.batches, t=step.t)
    entry = msgspec.structs.replace(
        entry, recorded=case.now, by=case.by, act=act.id, photo=act.photo
    )
    alone = [e for e in case.live if e.weighed and overlap(e.weighed, step.weighed)]
    if was is not None and stays(register, step.bin, container.container):
        before = [e for e in case.live if e.t <= entry.t and e not in alone]
        entry = _by_label(sourced(stock_of(register, before), entry), was)
    elif was is not None:
        entry = _from(entry, was)
    return [*(ledger.reversal(e, case.by, NAMED, case.now) for e in alone), entry]


def _unweighed(case: _Case, was: Entry, container: Container) -> Entry:
    """What has no scale of its own leaves with the mass that it came with."""
    if container.bin:
        raise ActError("has_scale", what=container.bin)
    register, act = case.using.register, case.act
    t = max(was.t, min(act.at, case.now))
    batch = case.batches.next(was.institution, TAKEN, t)
    values = columns(TAKEN, batch, t, was.grams, container=container, register=register)
    of_person = (TABLES[TAKEN][1], TABLES[TAKEN][6], "计量单位")
    entry = Entry(
        table=TAKEN, batch=batch, t=t, recorded=case.now, by=case.by, institution=was.institution,
        store=container.store, container=container.container, edition=container.code.edition,
        code=container.code.code, grams=was.grams, values=values,
        origin=dict.fromkeys(values, REGISTER) | dict.fromkeys(of_person, PERSON),
        act=act.id, photo=act.photo,
    )  # fmt: skip
    return _from(entry, was)


def _from(entry: Entry, was: Entry) -> Entry:
    """An 出库 of the whole of what came in by one label."""
    named = msgspec.structs.replace(
        entry,
        upstream=[was.batch],
        values=entry.values | {"入库批次编码": was.batch},
        origin=entry.origin | {"入库批次编码": LEDGER},
    )
    return _by_label(named, was)


def _by_label(entry: Entry, was: Entry) -> Entry:
    return msgspec.structs.replace(
        entry,
        values=entry.values | {CODE: was.values[CODE]},
        origin=entry.origin | {CODE: LEDGER},
    )
