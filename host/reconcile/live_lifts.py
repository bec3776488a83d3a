"""What trucks weighed, as they send it themselves: each weighing taken or refused for itself, and
once, however often it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..hazard import HazardError, papers
from ..hazard.papers import Source
from ..points.positions import Position
from ..registry import Registry
from ..store import Store
from ..store import lifts as rows
from ..store.chains import Moved, tries
from ..store.lifts import LiftRow
from ..tables import TableError
from ..tables.page import Page
from ..tables.sheet import Line, Sheet
from .clocks import FARTHEST_S
from .lifts import AGAIN, COLUMNS, MORE, Places, lift, settled

MOST = 500  # of one message


class Sent(NamedTuple):
    """A weighing as it was sent. t: Unix seconds by the truck's clock; the others as text."""

    truck: str
    t: int
    kg: str
    site: str = ""
    bin: str = ""
    stream: str = ""
    number: str = ""
    longitude: str = ""
    latitude: str = ""


_COLUMN = {
    **{"truck": "车牌号", "t": "称重时间", "kg": "净重", "site": "点位", "bin": "桶"},
    **{"stream": "品类", "number": "序号", "longitude": "经度", "latitude": "纬度"},
}
_FIELD = {column: name for name, column in _COLUMN.items()}


@dataclass
class Taken:
    """stored, again: how many; refused: place in the message, from 0 → why."""

    stored: int = 0
    again: int = 0
    refused: dict[int, str] = field(default_factory=dict)


def take(
    store: Store,
    known: Registry,
    positions: Mapping[str, Position],
    sent: Mapping[int, Sent],
    *,
    by: str,
    now: int,
    is_own: Callable[[str], bool],
) -> Taken:
    """Keep those (place in the message → weighing) that can be. by: the account; now: Unix seconds;
    is_own: whether a plate may be sent. HazardError when others write all the time."""
    done, found = Taken(), []
    sheet = Sheet(Path("lifts"), Page("", lambda: iter(())), [*COLUMNS, *MORE], 0)
    places = Places(known, positions)
    for n, each in sent.items():
        line = Line(sheet, n, {**{_COLUMN[k]: v for k, v in each._asdict().items()}, "单位": "kg"})
        try:
            # Its clock may be ahead, as far as one is put right.
            row = lift(line, places, each.t, now + FARTHEST_S)
            if not is_own(row.truck):
                raise line.fail("车牌号", "a truck of your account in trucks.csv")
        except TableError as error:
            done.refused[n] = _said(error)
        else:
            found.append((row, line))
    for _ in tries():
        made = Taken(refused=dict(done.refused))
        after = papers.last(store)
        taken: list[LiftRow] = []
        for row, line, outcome in settled(store, found):
            if outcome is None:
                taken.append(row)
            elif outcome is AGAIN:
                made.again += 1
            else:
                made.refused[line.number] = _said(outcome)
        made.stored = len(taken)
        try:
            _keep(store, taken, by, now, after)
        except Moved:
            continue
        return made
    raise HazardError("others import all the time: send it once more")


def _keep(store: Store, taken: Sequence[LiftRow], by: str, now: int, after: int) -> None:
    if taken:
        digest = hashlib.sha256(msgspec.json.encode(taken)).hexdigest()
        source = Source(papers.POSTED, digest, 0, by, now)
        rows.add(store, papers.lift_file(source, taken), taken, after)


def _said(error: TableError | str) -> str:
    """Without the place, and with the name of the field for that of the column."""
    _, _, text = str(error).partition(": ")
    column, colon, rest = text.partition(": ")
    return _FIELD.get(column, column) + colon + rest.replace("序号", "number")
