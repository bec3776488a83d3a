"""How much one board may add to the store in a day.

A board with a valid certificate may say what it likes. The limits are far above what a board in
order can come to: what goes over them is no reading of a bin, but it is counted and shown, and
not confirmed, so that a board that waits for the host keeps it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..common.local_days import DAY_S, bounds, local_day
from .database import Database

BIRTHS, LIVES, GAPS, READINGS, DAYS = "births", "lives", "gaps", "readings", "days"
CROWDED = "crowded"  # readings of a day beyond crowded.MOST
MOST = {
    # Bytes of birth messages and of what they tell: 2,700 connections.
    BIRTHS: 8 << 20,
    # A board whose flash is broken has another at each start.
    LIVES: 400,
    # More gaps in seq than before: one for each reading sent out of turn while a backlog is
    # drained (one in 30 s), one for each loss of power.
    GAPS: 5_000,
    # Bytes of readings as they arrive: one a second of nine channels are 8 MB, and a queue of
    # 16 MB, the largest that a board can be given, comes to 20 MB.
    READINGS: 32 << 20,
    # Days before yesterday that readings are of: two years of queued readings.
    DAYS: 800,
}
BEYOND = 10_000  # readings over a limit, after which nothing of the board is read that day
GAPS_OF_LIFE = 100_000  # for more than a year 200 losses of power a day
FROM = 0.25  # of a limit: what is below is only counted in memory, and forgotten with it
_WHY = {
    BIRTHS: f"more than {MOST[BIRTHS] >> 20} MB of birth messages",
    LIVES: f"more than {MOST[LIVES]} new lives",
    GAPS: f"more than {MOST[GAPS]} new gaps in seq in a day, or {GAPS_OF_LIFE} in all",
    READINGS: f"more than {MOST[READINGS] >> 20} MB of readings",
    DAYS: f"readings of more than {MOST[DAYS]} past days",
}
# What the number of those that went over a limit is of, after the number.
OVER = {
    BIRTHS: "birth messages not kept: too many in a day",
    LIVES: "messages not taken: too many new lives in a day",
    GAPS: "readings not taken: too many gaps in seq",
    READINGS: "readings or messages not taken: too many in a day",
    DAYS: "readings not taken: of too many past days",
    CROWDED: "readings not taken: too many of one day",
}
TOO_MUCH = "more of one board than is taken in a day"
Row = tuple[str, int, str, int, int]  # device, day, what, used, went over


def why(what: str) -> str:
    """The reason with which a reading over a limit is refused."""
    return f"{_WHY[what]} of one board in a day"


@dataclass
class _Board:
    """Since when this was read: what it used, and what of both is not in the table yet."""

    used: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    new: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    over: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    beyond: int = 0  # readings over a limit, since this was read
    days: set[int] = field(default_factory=set)


class Growth:
    """What boards have added on the day under way. begin() and save() within the transaction of
    a batch; forget() when it failed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._day: int | None = None
        self._boards: dict[str, _Board] = {}
        self._changed: set[str] = set()
        self._lifted = False
        self.full: set[str] = set()  # boards whose messages are not read for the rest of the day
        self.brief: set[str] = set()  # boards of whose births only the start is read
        self.yesterday = 0  # its first Unix second: no reading after it is of a past day

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """No limits, and nothing counted: a person has decided to take it."""
        self._lifted = True
        try:
            yield
        finally:
            self._lifted = False

    def forget(self) -> None:
        """Nothing in memory is certain any more."""
        self._day = None

    def begin(self, received: int) -> None:
        """A batch comes, at this Unix second."""
        day = local_day(received)
        if day == self._day:
            return
        for found in (self._boards, self._changed, self.full, self.brief):
            found.clear()
        self.yesterday = bounds(day)[0] - DAY_S
        query = "SELECT device, what, used FROM growth WHERE day=?"
        for device, what, used in self._db.query(query, (day,)):
            self._of(device).used[what] = used
            if what == READINGS and used >= MOST[what]:
                self.full.add(device)
        self._day = day

    def _of(self, device: str) -> _Board:
        board = self._boards.get(device)
        if board is None:
            board = self._boards[device] = _Board()
        return board

    def room(self, device: str, what: str) -> int:
        """How much more it may add."""
        if self._lifted:
            return 1 << 62
        board = self._boards.get(device)
        return MOST[what] - board.used[what] if board else MOST[what]

    def use(self, device: str, what: str, n: int) -> None:
        """It added so much; negative: it took away, as a backlog does that closes gaps."""
        if n and not self._lifted:
            board = self._of(device)
            n = max(n, -board.used[what])
            board.used[what] += n
            board.new[what] += n
            self._changed.add(device)
            if what == READINGS and board.used[what] >= MOST[what]:
                self.full.add(device)

    def use_day(self, device: str, day: int) -> bool:
        """Whether readings of a past day may come."""
        if self._lifted:
            return True
        board = self._of(device)
        if day not in board.days:
            if self.room(device, DAYS) <= 0:
                return False
            board.days.add(day)
            self.use(device, DAYS, 1)
        return True

    def over(self, device: str, what: str, n: int) -> None:
        """So many readings or births were not taken."""
        if n and not self._lifted:
            board = self._of(device)
            board.over[what] += n
            board.beyond += n if what != BIRTHS else 0
            self._changed.add(device)
            if board.beyond >= BEYOND:
                self.full.add(device)
            if what == BIRTHS:
                self.brief.add(device)

    def save(self) -> None:
        """Write what is worth it."""
        rows: list[Row] = []
        for device in self._changed:
            board = self._boards[device]
            for what in {*board.new, *board.over}:
                if board.over[what] or board.used[what] >= FROM * MOST[what]:
                    new, over = board.new.pop(what, 0), board.over.pop(what, 0)
                    rows.append((device, self._day or 0, what, new, over))
        self._changed.clear()
        if rows:
            went_over(self._db, rows)


def went_over(db: Database, rows: Iterable[Row]) -> None:
    """Add to the table."""
    db.many(
        "INSERT INTO growth (device, day, what, used, went_over) VALUES (?,?,?,?,?) "
        "ON CONFLICT (device, day, what) DO UPDATE SET used=growth.used+excluded.used, "
        "went_over=growth.went_over+excluded.went_over",
        rows,
    )


def over(db: Database) -> dict[str, dict[str, int]]:
    """Board → what → readings or births that went over a limit, ever."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for device, what, n in db.query(
        "SELECT device, what, sum(went_over) FROM growth GROUP BY device, what "
        "HAVING sum(went_over) > 0 ORDER BY device, what"
    ):
        found[device][what] = int(n)
    return dict(found)
