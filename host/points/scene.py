"""What a measure of a collection point is given, and what it gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from ..common.local_days import LOCAL
from ..registry import Registry, Site
from ..store.lives import Handed
from .board_watch import BinWatch, BoardWatch
from .data_budget import Metered
from .site_days import SiteDays

# A board makes at most three starts for an update alone, of 20 min at most each.
LONGEST_UPDATE_S = 3600


@dataclass(frozen=True)
class Said:
    """What a board last said of itself; None: not known. safe, unset: Unix second from which on
    it is in safe mode, or its clock is not set. updating: from which on it does nothing but an
    update, and when it last said so."""

    queue: int | None = None
    safe: int | None = None
    unset: int | None = None
    updating: tuple[int, int] | None = None

    def is_updating(self, now: int) -> bool:
        """Whether it has no reading at Unix time now because it updates."""
        return self.updating is not None and now - self.updating[0] <= LONGEST_UPDATE_S


NOTHING_SAID = Said()


@dataclass(frozen=True)
class Expected:
    """The last forecast of a bin. made: when it looked; full: when it is full in half of the cases,
    None: beyond what was looked at; collected: when it is collected; Unix seconds."""

    made: int
    full: int | None
    collected: int


@dataclass
class Scene:
    """Input of a measure; now: Unix seconds. days: of the site, as booked. outage: so many boards
    are silent that each by itself tells nothing. forecasts: bin → the last one. handed: board →
    what it has numbered; metered: board → what its line carries, of those that told their state;
    certificates: name → local day on which it ends; first_days: board → from which it is
    expected."""

    registry: Registry
    site: Site
    boards: Sequence[BoardWatch]
    now: int
    said: Mapping[str, Said] = field(default_factory=dict)
    days: SiteDays | None = None
    outage: bool = False
    forecasts: Mapping[str, Expected] = field(default_factory=dict)
    handed: Mapping[str, Handed] = field(default_factory=dict)
    metered: Mapping[str, Metered] = field(default_factory=dict)
    certificates: Mapping[str, dt.date] = field(default_factory=dict)
    first_days: Mapping[str, dt.date] = field(default_factory=dict)

    @cached_property
    def day(self) -> dt.date:
        """The local day."""
        return dt.datetime.fromtimestamp(self.now, LOCAL).date()

    @cached_property
    def bins(self) -> list[BinWatch]:
        return [b for board in self.boards for b in board.bins]

    def is_expected(self, board: BoardWatch) -> bool:
        """Whether a board should report by now."""
        return self.first_days.get(board.device, self.day) <= self.day

    def of(self, board: BoardWatch) -> Said:
        return self.said.get(board.device, NOTHING_SAID)


class Measured(msgspec.Struct, frozen=True, gc=False):
    """value: in the unit of the kind, None: not known. text: as Finding.text of alarm_log; stream:
    of the bin, "" of a board."""

    subject: str
    value: float | None
    text: str | Callable[[], str]
    since: int = 0
    stream: str = ""
