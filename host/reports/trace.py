"""From a figure down to its origin: events, readings, calibrations, registry rows, files.

Every line says what it is and where it is stored; its origin follows, indented."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from ..alarms import alarm_log
from ..common import csv_file, quantity
from ..common.errors import UserError
from ..common.local_days import clock, day_of
from ..events import Event, Kind
from ..hazard import ledger, papers, register
from ..hazard.entry import TABLES, Entry, Weighed
from ..registry import Bin, Registry
from ..rollup import closing, packing
from ..rollup.day_figures import update_figures
from ..store import Row, Store, day_revisions
from ..store.hazard import birth

Line = tuple[int, str]  # depth, text
DISTRICT = "松江区"


class TraceError(UserError):
    """The figure cannot be traced; one line."""


def kg(grams: int | None) -> str:
    """Grams as kg with its unit; — for None."""
    return f"{quantity.kg(grams)} kg"


class Trace:
    """Follows figures of one database and registry."""

    def __init__(self, store: Store, folder: Path, registry: Registry) -> None:
        self.store, self.folder, self.registry = store, folder, registry
        store.compact()
        has = register.present(folder)
        self.register = register.load(folder, registry) if has else None
        self._rows: dict[str, dict[tuple[str, int], Row]] = {}

    # Registry rows and boards

    def row(self, file: str, name: str, depth: int) -> Iterator[Line]:
        """The row of a registry file whose first cell is the name."""
        path = self.folder / file
        for line, cells in csv_file.read(path, TraceError).lines():
            if cells[0] == name:
                yield depth, f"{path}:{line}: {','.join(cells)}"
                return

    def board(self, device: str, channel: str, life: str, boot: int, depth: int) -> Iterator[Line]:
        """The calibration and firmware of a reading."""
        received = birth(self.store, device, life, boot)
        if received is None:
            yield depth, f"{device}: no birth message of life {life}, start {boot} is stored"
            return
        message = json.loads(received[1])
        of = message.get("channels", {}).get(channel, {})
        version = f"{message.get('version', '?')} {str(message.get('sha256', ''))[:16]}".strip()
        yield (
            depth,
            f"{device}/{channel}: calibration {of.get('calibration', '?')} of "
            f"{of.get('calibrated', '?')}, firmware {version}, start {message.get('boot')} "
            f"(birth received {clock(received[0])})",
        )

    def stored(self, device: str, life: str, seq: int) -> Row | None:
        """A stored reading; None if there is none of that name."""
        if device not in self._rows:
            every = self.store.readings(device, 0, 1 << 40)
            self._rows[device] = {(r.life, r.seq): r for r in every}
        return self._rows[device].get((life, seq))

    def reading(self, device: str, channel: str, life: str, seq: int) -> str:
        """A stored reading as text."""
        r = self.stored(device, life, seq)
        if r is None:
            return f"{device} life {life} seq {seq}: not in the store"
        grams = r.values.get(channel)
        value = kg(grams) if grams is not None else quantity.MISSING
        q = f" ({r.q[channel]})" if channel in r.q else ""
        return f"{device} life {life} seq {seq} boot {r.boot}: {clock(r.t)} {value}{q}"

    # Events

    def weighed(self, w: Weighed, depth: int) -> Iterator[Line]:
        """The two readings of a step on a platform, and the rows of board and bin."""
        yield depth, f"event {w.event}"
        for part, seq in (("before", w.before_seq), ("after", w.after_seq)):
            text = self.reading(w.device, w.channel, w.life, seq)
            yield depth + 1, f"{part}: reading {text}"
        first = self.stored(w.device, w.life, w.before_seq)
        boot = first.boot if first else 1 << 31
        yield from self.board(w.device, w.channel, w.life, boot, depth + 1)
        bin_ = next(
            (
                b
                for b in self.registry.platforms()
                if (b.device, b.channel) == (w.device, w.channel)
            ),
            None,
        )
        if bin_ is not None:
            yield from self.platform(bin_, depth + 1)

    def platform(self, bin_: Bin, depth: int) -> Iterator[Line]:
        """The registry rows of a bin, its board and its site."""
        yield from self.row("bins.csv", bin_.bin, depth)
        yield from self.row("devices.csv", bin_.device, depth)
        yield from self.row("sites.csv", bin_.site, depth)

    def event(self, bin_: Bin, e: Event, depth: int) -> Iterator[Line]:
        """An event with the readings that show it."""
        note = f" ({e.note})" if e.note else ""
        yield depth, f"{e.kind} {kg(e.grams)} at {bin_.bin}, {clock(e.t)}–{clock(e.t_end)}{note}"
        b, a = e.before, e.after
        w = Weighed(bin_.device, bin_.channel, b.life, b.seq, b.t, b.grams, a.seq, a.t, a.grams)
        yield from self.weighed(w, depth + 1)

    # Figures

    def collected(self, bins: Sequence[Bin], days: Sequence[dt.date], title: str) -> Iterator[Line]:
        """The collected mass of days from their revisions, with every event of it."""
        update_figures(self.store, self.registry, days[-1], only=bins)
        named = {b.bin: b for b in bins}
        db = self.store.database
        first, last = (day_of(day) for day in (days[0], days[-1]))
        rows = day_revisions.platform_days(db, first, last, named)
        events = packing.events(db, rows)
        below: list[Line] = []
        of_day: list[Line]
        for day, group in groupby(rows, lambda r: r.date):
            of_day, grams = [], 0
            for r in group:
                grams += r.collected
                collections = [e for e in events[r.id] if e.kind is Kind.COLLECTION]
                if collections and r.revision > 1:
                    of_day.append((2, f"{r.platform}: revision {r.revision}: {r.reason}"))
                for e in collections:
                    of_day += self.event(named[r.platform], e, 2)
            if of_day:
                below += [(1, f"{day}: {kg(grams)}"), *of_day]
        seen = sum(r.covered_s for r in rows)
        yield 0, f"{title}: {kg(quantity.known(sum(r.collected for r in rows), seen))}"
        yield from below or [(1, "no collection was seen" if seen else "nothing was measured")]
        yield from self.closed(named, days)

    def closed(self, bins: Mapping[str, Bin], days: Sequence[dt.date]) -> Iterator[Line]:
        """The closed months of these days, and the adjustments that came after closing."""
        closed = day_revisions.closings(self.store.database)
        for month in dict.fromkeys(f"{day:%Y-%m}" for day in days):
            if month in closed:
                c = closed[month]
                yield 1, f"{month} was closed on {clock(c.at)} by {c.by}"
                for a in closing.adjustments(self.store, month):
                    if a.after.platform in bins and a.after.date in days:
                        yield 2, f"later: {a.after.date} {a.after.platform}: {a.words}"

    def entry(self, e: Entry, depth: int) -> Iterator[Line]:
        """An entry of the ledger and its origin."""
        yield (
            depth,
            f"entry {e.id}: {e.table} {e.batch} {kg(e.grams)} {e.code} (catalogue of {e.edition}), "
            f"{clock(e.t)}, entered {clock(e.recorded)} by {e.by}",
        )
        for column in TABLES[e.table]:
            value, origin = e.value(column)
            if value and origin not in ("秤", "登记"):
                yield depth + 1, f"{column}: {value} [{origin}]"
        if e.reverses:
            yield depth + 1, f"reverses entry {e.reverses}: {e.reason}"
        if e.weighed:
            yield from self.weighed(e.weighed, depth + 1)
        if e.container and self.register is not None:
            yield from self.row("containers.csv", e.container, depth + 1)
            yield from self.row("stores.csv", e.store, depth + 1)
        if self.register is not None:
            yield from self.row("institutions.csv", e.institution, depth + 1)

    def batch(self, code: str) -> Iterator[Line]:
        """A batch and, below it, the batches it was taken from."""
        entries = ledger.read(self.store)
        held = {x.id for x in ledger.live(entries)}
        of_batch = [e for e in entries if e.batch == code]
        if not of_batch:
            raise TraceError(f"batch: expected a batch code of the ledger, found {code!r}")
        for e in of_batch:
            yield from self.entry(e, 0)
            if e.id not in held and not e.reverses:
                yield 1, "was reversed"
            for source in e.upstream:
                for up in entries:
                    if (up.batch, up.institution) == (source, e.institution) and up.id in held:
                        yield 1, "taken from"
                        yield from self.entry(up, 2)

    def alarm(self, id_: int) -> Iterator[Line]:
        """An alarm, its rule, and the ledger entries before it."""
        rows = [r for r in alarm_log.read(self.store) if r.alarm == id_]
        if not rows:
            raise TraceError(f"alarm: expected the id of an alarm, found {id_}")
        for r in rows:
            s = r.body
            by = f" by {s.by}: {s.note}" if s.by else ""
            yield 0, f"alarm {id_} {r.what}{by}, {clock(r.t)}: {s.text} {s.value:g} {s.unit}"
        first = rows[0]
        yield from self.row("rules.csv", first.body.rule, 1)
        wanted = first.body
        if not wanted.store:
            yield from self.row("sites.csv", wanted.site, 1)
            return
        yield from self.row("stores.csv", wanted.store, 1)
        for e in ledger.live(ledger.read(self.store)):
            if e.store == wanted.store and e.t <= first.t and wanted.subject in ("", e.container):
                yield from self.entry(e, 1)

    def paper(self, kind: str, number: str) -> Iterator[Line]:
        """The lines of a manifest, or tickets, of a number and the files they came from; TraceError
        if none has it."""
        held: Sequence[papers.Manifest | papers.Ticket]
        held = (papers.manifests if kind == "manifest" else papers.tickets)(self.store)
        found = [x for x in held if x.number == number]
        if not found:
            raise TraceError(f"{kind}: expected a number that was imported, found {number!r}")
        for x in found:
            s = x.source
            code = f", {x.code}" if x.code else ""
            yield 0, f"{kind} {number}{code}: {kg(x.grams)}, {clock(x.t)}"
            yield 1, f"{s.file}:{s.row}, SHA-256 {s.sha256}, brought {clock(s.imported)} by {s.by}"
