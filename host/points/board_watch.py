"""What a board and its bins show now, from its readings in order of time.

Nothing grows with time: of a fill and a temperature a short stretch is kept, of a weight the last
one at rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..alarms.opening_hours import is_open
from ..events.limits import GAP_S
from ..registry import Bin, Site

KEPT_S = 3600  # of fills and temperatures
HIGH = 500  # permille: a fill that may become full by lasting
EVERY_S = 300  # how often a board reports that tells nothing of it
_VALID = (None, "moving")
Series = deque[tuple[int, int]]  # (Unix seconds, value) in order of time


@dataclass(slots=True)
class Channel:
    """A channel of a board. t: of its last valid value, None before the first; bad_since: Unix
    second from which on no value was valid, None while the last one is; mark: why it is not."""

    t: int | None = None
    bad_since: int | None = None
    mark: str = ""

    def take(self, t: int, mark: str | None) -> None:
        """Note a reading of the channel at t; mark: None or "moving" where its value is valid."""
        if mark in _VALID:
            self.t, self.bad_since, self.mark = t, None, ""
            return
        if self.bad_since is None:
            self.bad_since = t
        self.mark = mark or ""


@dataclass(slots=True)
class BinWatch:
    """A bin. gross: (Unix seconds, g) of the last weight at rest; away_since: from when on no bin
    stands on the platform; base: g at rest when the site was last open, less what was taken away
    since, None while it is open; lift: (Unix seconds, g) of the last one that came back lighter,
    and by how much; fills: the last hour of it, permille."""

    bin: Bin
    site: Site
    weight: Channel = field(default_factory=Channel)
    fill: Channel = field(default_factory=Channel)
    gross: tuple[int, int] | None = None
    away_since: int | None = None
    base: int | None = None
    lift: tuple[int, int] | None = None
    fills: Series = field(default_factory=deque)

    def take(self, t: int, values: dict[str, int], marks: dict[str, str]) -> None:
        """Take a reading of the board at Unix time t."""
        name = self.bin.channel
        if name and (name in values or name in marks):
            mark, bad_since = marks.get(name), self.weight.bad_since
            self.weight.take(t, mark)
            if bad_since is not None and mark in _VALID and t - bad_since > GAP_S:
                self.forget()
            if mark is None and name in values:
                self._rest(t, values[name])
        name = self.bin.fill_channel
        if name and (name in values or name in marks):
            mark = marks.get(name)
            self.fill.take(t, mark)
            if mark is None and name in values:
                add(self.fills, t, values[name])

    def forget(self) -> None:
        """Nobody knows what was put in or taken out for a while."""
        self.gross = self.base = self.away_since = None

    def _rest(self, t: int, grams: int) -> None:
        if self.bin.container == "wheelie" and grams < self.bin.tare_g // 2:
            self.away_since = t if self.away_since is None else self.away_since
        else:
            if self.away_since is not None and self.gross and grams < self.gross[1]:
                self.lift = self.away_since, self.gross[1] - grams
            self.away_since = None
            if is_open(self.site, t):
                self.base = None
            elif self.base is None:
                self.base = grams if self.gross is None else self.gross[1]
            if self.base is not None and grams < self.base:
                self.base = grams  # something was taken away
            self.gross = t, grams


@dataclass(slots=True)
class BoardWatch:
    """A board. last: Unix second of its newest reading; every_s: it reports at least so often;
    temperatures: channel → the last hour, 0.01 °C; charge: (Unix seconds, %) that its battery last
    told; news: it was heard since somebody looked;
    by_radio: a LoRaWAN sensor, of which frames get lost for good (it tells their signal)."""

    device: str
    site: Site
    bins: list[BinWatch] = field(default_factory=list)
    last: int | None = None
    every_s: int = EVERY_S
    temperatures: dict[str, Series] = field(default_factory=dict)
    charge: tuple[int, int] | None = None
    news: bool = False
    by_radio: bool = False

    def take(self, readings: Iterable[tuple[int, dict[str, int], dict[str, str]]]) -> int:
        """Take readings (Unix seconds, values, marks) in order of time; how many were newer than
        what was taken before. A late one changes nothing: this is the present."""
        n = 0
        for t, values, marks in readings:
            if self.last is not None and t <= self.last:
                continue
            if self.last is not None and t - self.last > max(GAP_S, 2 * self.every_s + 60):
                self._after_gap()
            self.last = t
            self.news = True
            n += 1
            for bin_ in self.bins:
                bin_.take(t, values, marks)
            for name, value in values.items():
                if name[0] == "c" and name not in marks:
                    add(self.temperatures.setdefault(name, deque()), t, value)
                elif name[0] == "b" and name not in marks:
                    self.charge = t, value
                elif name[0] == "r":
                    self.by_radio = True
        return n

    def changes_alone(self, now: int) -> bool:
        """Whether what it shows changes without a reading: something lasts, or none comes."""
        if self.last is None or now - self.last > self.every_s:
            return self.last is not None
        return any(
            b.away_since is not None
            or b.weight.bad_since is not None
            or b.fill.bad_since is not None
            or (b.fills and b.fills[-1][1] >= HIGH)
            for b in self.bins
        )

    def _after_gap(self) -> None:
        """Nobody knows what happened in a gap: what has to have lasted begins anew."""
        for bin_ in self.bins:
            bin_.fills.clear()
            bin_.forget()
        self.temperatures.clear()


def add(series: Series, t: int, value: int) -> None:
    """Append a value; older ones go, but for the one that held when the kept stretch began."""
    series.append((t, value))
    while len(series) > 1 and series[1][0] <= t - KEPT_S:
        series.popleft()


def lowest(series: Sequence[tuple[int, int]] | Series, since: int) -> int | None:
    """The lowest value that held from since (Unix seconds) to the last; None where what held at
    its begin is not known."""
    low: int | None = None
    for t, value in reversed(series):
        low = value if low is None else min(low, value)
        if t <= since:
            return low
    return None
