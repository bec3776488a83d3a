"""Keeps the watch over every point: readings of the store and what boards say of themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..alarms.alarm_log import Finding
from ..alarms.rules import Rule
from ..common.local_days import LOCAL
from ..mqtt.board_state import Board
from ..registry import DISTRICT, Registry
from ..store import Store, forecasts, health_queries, lives, report_intervals, revision_writer
from . import site_days
from .board_watch import BinWatch, BoardWatch
from .data_budget import Metered
from .point_rules import PointRules
from .scene import NOTHING_SAID, Expected, Said, Scene

BACK_S = 26 * 3600  # read when the watch begins
_DAY_S = 86_400
_BACK_AFTER_S = 300  # from an update: the restart, and the first reading
_LEAST_BOARDS = 10  # below, boards that are silent together are told one by one


@dataclass
class Watch:
    """Every point. rules: those that hold at points; looked: when it last looked (Unix seconds);
    said: device → what the board said of itself; certificates: name → local day on which it ends;
    first_days: device → local day from which on it is expected."""

    registry: Registry
    rules: list[Rule]
    certificates: dict[str, dt.date] = field(default_factory=dict)
    first_days: dict[str, dt.date] = field(default_factory=dict)
    boards: dict[str, BoardWatch] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    days: dict[str, site_days.SiteDays] = field(default_factory=dict)
    forecasts: dict[str, Expected] = field(default_factory=dict)
    handed: dict[str, lives.Handed] = field(default_factory=dict)
    metered: dict[str, Metered] = field(default_factory=dict)
    _heard: dict[str, int] = field(default_factory=dict)
    _days_of: tuple[dt.date, int] | None = None
    _handed_of: dt.date | None = None
    _looked: tuple[object, ...] | None = None

    def __post_init__(self) -> None:
        for device in self.registry.devices.values():
            site = self.registry.sites[device.site]
            if site.kind != "hazardous":
                self.boards[device.device] = BoardWatch(device.device, site)
        for bin_ in self.registry.bins:
            if board := self.boards.get(bin_.device):
                board.bins.append(BinWatch(bin_, board.site))
        self._applied = PointRules(self.rules, self.boards)
        self._of_site: dict[str, list[BoardWatch]] = {}
        for board in self.boards.values():
            self._of_site.setdefault(board.site.site, []).append(board)

    # What is known

    def read(self, store: Store, now: int) -> None:
        """Take what was stored since the last time, up to now (Unix seconds), and is compacted."""
        for device, every_s in report_intervals.latest(store.database).items():
            if board := self.boards.get(device):
                board.every_s = every_s
        for device, heard in health_queries.last_stored(store, now).items():
            board = self.boards.get(device)
            if board is None or heard <= self._heard.get(device, -1):
                continue
            self._heard[device] = heard - 30  # it is known to half a minute
            since = max(now - BACK_S, 0 if board.last is None else board.last + 1)
            rows = store.readings(device, since, now + 1)
            board.take((r.t, r.values, r.q) for r in rows)
            if board.last is None:  # it was silent before the watch began
                board.last = health_queries.last_reading(store, device)
        self._read_days(store, now)
        self._read_forecasts(store)
        if _local(now) != self._handed_of:  # once a day: it changes over years
            self.handed, self._handed_of = lives.handed_out(store), _local(now)

    def _read_forecasts(self, store: Store) -> None:
        if not any(r.kind == "filling" for r in self.rules):
            return
        known = {
            r.bin: Expected(r.made, None if r.full50 is None else r.made + 60 * r.full50, r.until)
            for r in forecasts.latest(store)
            if r.basis
        }
        if known != self.forecasts:
            self.forecasts = known

    def _read_days(self, store: Store, now: int) -> None:
        today = dt.datetime.fromtimestamp(now, LOCAL).date()
        known = today, revision_writer.stamp(store.database)
        if known != self._days_of:
            self.days, self._days_of = site_days.read(store, self.registry, today), known

    def hear(self, heard: Iterable[Board], now: int) -> None:
        """Take what boards say of themselves: retained messages, at Unix time now."""
        for board in heard:
            self._take_data(board)
            before = self.said.get(board.device, NOTHING_SAID)
            queue, clock = board.state.get("queue"), board.state.get("clock")
            said = Said(
                queue if isinstance(queue, int) else None,
                _since(board.status == "safe", before.safe, now),
                _since(clock == "unset", before.unset, now),
                _updating(board.status == "updating", before.updating, now),
            )
            if said != before and (watched := self.boards.get(board.device)):
                watched.news = True
            self.said[board.device] = said

    def _take_data(self, board: Board) -> None:
        """Take what a line has carried; nothing of a state whose month is not known. Over another
        line a board tells nothing of it: what it told before holds."""
        told = {k: board.state[k] for k in ("month_kb", "budget_mb") if k in board.state}
        if not board.state:
            return
        metered = self.metered.setdefault(board.device, Metered())
        if "month_kb" in told and "budget_mb" not in told:
            metered.budget_mb = 0  # nobody has set one
        figures = [v for v in (board.state.get("t"), *told.values()) if isinstance(v, int)]
        if len(figures) == 3 and min(figures) >= 0:
            metered.take(*figures)

    # What is found

    @property
    def places(self) -> set[str]:
        """Where there may be alarms (Body.place)."""
        return {f"{DISTRICT}/", *(f"{site}/" for site in self._of_site)}

    def findings(self, now: int) -> Iterator[tuple[str, list[Finding]]]:
        """(place, what is found there) of every point at which something may have changed since
        the last time, at Unix time now, and of the whole district as of a site called DISTRICT."""
        today = _local(now)
        share = self._silent_share(now)
        held = [r for r in self.rules if r.kind == "outage" and r.holds(today)]
        is_outage = any(share >= r.threshold for r in held)
        text = "的设备同时没有读数：先看消息服务器、网络和接收程序"
        found = [Finding(r, DISTRICT, "", "", share, text) for r in held]
        yield f"{DISTRICT}/", found + self._applied.certificates(self.certificates, today)
        read = (self.days, self.forecasts, self.handed, self.certificates, self.first_days)
        looked = today, is_outage, *map(id, read)
        whole, self._looked = looked != self._looked, looked
        for site, boards in self._of_site.items():
            if not (whole or any(self._is_due(b, now) for b in boards)):
                continue
            days = self.days.get(site)
            where = self.registry.sites[site]
            scene = Scene(
                *(self.registry, where, boards, now, self.said, days, is_outage, self.forecasts),
                *(self.handed, self.metered, self.certificates, self.first_days),
            )
            for board in boards:
                board.news = False
            yield f"{site}/", self._applied.findings(scene)

    def _is_due(self, board: BoardWatch, now: int) -> bool:
        """Whether something of a board may have changed since it was looked at."""
        said = self.said.get(board.device, NOTHING_SAID)
        lasts = (said.safe, said.unset, said.updating) != (None, None, None)
        return board.news or lasts or board.changes_alone(now)

    def _silent_share(self, now: int) -> float:
        day = _local(now)
        known = [
            b
            for b in self.boards.values()
            if b.last is not None
            and now - b.last < _DAY_S
            and self.first_days.get(b.device, day) <= day
        ]
        if len(known) < _LEAST_BOARDS:
            return 0.0
        silent = sum(
            now - (b.last or 0) > b.every_s + 90
            and not self.said.get(b.device, NOTHING_SAID).is_updating(now)
            for b in known
        )
        return 100 * silent / len(known)


def _local(now: int) -> dt.date:
    return dt.datetime.fromtimestamp(now, LOCAL).date()


def _updating(is_so: bool, before: tuple[int, int] | None, now: int) -> tuple[int, int] | None:
    if is_so:
        return (before[0] if before else now), now
    return before if before and now - before[1] <= _BACK_AFTER_S else None


def _since(is_so: bool, before: int | None, now: int) -> int | None:
    return (now if before is None else before) if is_so else None
