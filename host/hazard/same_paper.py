"""Tells a paper that comes a second time from another one: nothing counts twice, in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from hashlib import blake2b

from ..common.local_days import clock, local_day
from ..tables.cells import folded, folded_number
from ..tables.sheet import Line
from .papers import Manifest, Ticket

REMEDY = "(take that import back first)"
NEAR_S = 1800  # two tickets of one lorry with the same masses: perhaps one weighing

OUTSIDE = "one outside of the scope"  # stands for what whoever brings a paper may not see
_Place = str  # file and row


class SameTicket:
    """A ticket is the number that a facility gave at a minute: many begin anew each day. Width,
    case, quotes and zeros in front make no other number. seen: whether whoever brings tickets may
    be told of one that is there; None: of each."""

    def __init__(
        self, held: Iterable[Ticket], seen: Callable[[Ticket], bool] | None = None
    ) -> None:
        self._seen = seen
        self._by_identity: dict[bytes, Ticket] = {}
        self._by_day: dict[bytes, Ticket] = {}
        self._by_load: dict[bytes, Ticket] = {}  # the last of each half hour
        self._records: list[Ticket] = []
        self._again = 0
        for t in held:
            self._keep(t)

    def add(self, t: Ticket, line: Line) -> None:
        """TableError for a ticket that is there with other values."""
        other = self._by_identity.get(_identity(t))
        if other is not None:
            place = self._place(other)
            if _content(other) != _content(t):
                expected = f"a number not imported from {place} with other values {REMEDY}"
                raise line.fail("磅单号", expected)
            line.sheet.notes.append(f"{line.where}: 磅单号: the same weighing as {place}: left out")
            self._again += 1
            return
        self._doubt(t, line)
        self._keep(t)
        self._records.append(t)

    def end(self, refused: list[str]) -> tuple[list[Ticket], int]:
        """The tickets to import, and how many were there already."""
        return self._records, self._again

    def _keep(self, t: Ticket) -> None:
        self._by_identity[_identity(t)] = t
        self._by_day[_of_day(t)] = t
        self._by_load[_load(t, 0)] = t

    def _doubt(self, t: Ticket, line: Line) -> None:
        """Say what looks like one weighing twice; both count."""
        same_day = self._by_day.get(_of_day(t))
        beside = (self._by_load.get(_load(t, n)) for n in (-1, 0, 1))
        near = [other for other in beside if other and abs(other.t - t.t) <= NEAR_S]
        for other in [same_day] if same_day else near[:1]:
            what = f"looks like {self._named(other)}"
            line.sheet.notes.append(f"{line.where}: 磅单号: {what}, and counts too")

    def _is_seen(self, t: Ticket) -> bool:
        return self._seen is None or self._seen(t)

    def _place(self, t: Ticket) -> _Place:
        return f"{t.source.file}:{t.source.row}" if self._is_seen(t) else OUTSIDE

    def _named(self, t: Ticket) -> str:
        named = f"{t.number} of {clock(t.t)} ({self._place(t)})"
        return named if self._is_seen(t) else OUTSIDE


def _key(*parts: object) -> bytes:
    """Parts as twelve bytes: a million of them are held."""
    return blake2b(repr(parts).encode(), digest_size=12).digest()


def _number(t: Ticket) -> tuple[str, str]:
    return folded(t.facility), folded_number(t.number.removeprefix(f"{t.facility}/"))


def _identity(t: Ticket) -> bytes:
    return _key(*_number(t), t.t // 60)


def _of_day(t: Ticket) -> bytes:
    return _key(*_number(t), local_day(t.t))


def _load(t: Ticket, half_hours: int) -> bytes:
    """The lorry and its masses in the half hour of the ticket, or so many later."""
    masses = t.stream, t.gross_g, t.tare_g
    return _key(folded(t.facility), folded(t.plate), *masses, t.t // NEAR_S + half_hours)


def _content(t: Ticket) -> object:
    return t.stream, t.town, t.site, t.code, folded(t.plate), t.gross_g, t.tare_g, t.grams


class SameManifest:
    """One 联单 may have several lines, of one waste each. All lines of a number come together: a
    number that is there already must have the same lines."""

    def __init__(
        self, held: Iterable[Manifest], seen: Callable[[Manifest], bool] | None = None
    ) -> None:
        self._held: dict[str, dict[object, _Place]] = defaultdict(dict)
        self._here: dict[str, dict[object, tuple[Manifest, Line]]] = defaultdict(dict)
        for m in held:
            place = f"{m.source.file}:{m.source.row}" if seen is None or seen(m) else OUTSIDE
            self._held[m.number][_line_of(m)] = place

    def add(self, m: Manifest, line: Line) -> None:
        """TableError for two lines of a number that nothing tells apart."""
        lines = self._here[m.number]
        if (found := lines.get(_line_of(m))) is not None:
            expected = f"a number not in {found[1].where} already, or a 序号 for each of its lines"
            raise line.fail("联单编号", expected)
        lines[_line_of(m)] = m, line

    def end(self, refused: list[str]) -> tuple[list[Manifest], int]:
        """The lines to import, and how many were there already; a number that is there with other
        lines is added to `refused`."""
        records: list[Manifest] = []
        again = 0
        for number, lines in self._here.items():
            held = self._held.get(number)
            if held is None:
                records += [m for m, _ in lines.values()]
                continue
            place = next(iter(held.values()))
            if held.keys() == lines.keys():
                again += len(lines)
                for _, line in lines.values():
                    text = f"imported from {place} already: left out"
                    line.sheet.notes.append(f"{line.where}: 联单编号: {text}")
                continue
            other = [line for key, (_, line) in lines.items() if key not in held]
            _, line = next(iter(lines.values()))
            expected = f"a number not imported from {place} with other lines"
            refused.append(str((other or [line])[0].fail("联单编号", f"{expected} {REMEDY}")))
        return records, again


def _line_of(m: Manifest) -> object:
    """What tells a line of a number from its others, and what it says."""
    masses = m.grams, m.received_g
    return m.item, m.institution, m.store, m.code, *masses, m.t, folded(m.receiver)
