"""Which of the rows that wait are a recipient's, and from when on they are told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ..alarms import alarm_log
from ..alarms.alarm_log import Row
from .recipients import Places, Recipient


@dataclass(frozen=True)
class Judged:
    """What becomes of the rows that wait; a row in no list waits longer. elsewhere, folded: ids of
    rows that are not theirs, and of alarms that were over before they could be told."""

    theirs: list[Row] = field(default_factory=list)
    elsewhere: list[int] = field(default_factory=list)
    folded: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Audience:
    """A recipient, and where things are."""

    recipient: Recipient
    places: Places

    def judge(self, waiting: Sequence[Row], told: Collection[int], now: int) -> Judged:
        """Sort rows that wait, in order, at Unix time now. told: alarms that they were told of when
        they were raised: only of those they hear the rest."""
        made = Judged()
        raised = {r.alarm: r for r in waiting if r.what == alarm_log.RAISED}
        ended = self._ended(waiting)
        for row in waiting:
            first = raised.get(row.alarm)
            if first is None:
                if row.alarm not in told:
                    made.elsewhere.append(row.id)
                elif self._may_tell(row, now):
                    made.theirs.append(row)
            elif not self.recipient.wants(first.body, self.places):
                made.elsewhere.append(row.id)
            else:
                start = self._start(first)
                if start > first.t and ended.get(row.alarm, start + 1) <= start:
                    made.folded.append(row.id)
                elif now >= start and self._may_tell(first, now):
                    made.theirs.append(row)
        return made

    def _ended(self, waiting: Sequence[Row]) -> dict[int, int]:
        """alarm → Unix second from which on nobody else needs to be told."""
        ends = {alarm_log.CLEARED}
        if self.recipient.after_s:
            ends.add(alarm_log.ACKNOWLEDGED)
        ended: dict[int, int] = {}
        for row in waiting:
            if row.what in ends:
                ended.setdefault(row.alarm, row.t)
        return ended

    def _start(self, raised: Row) -> int:
        """The Unix second from which on an alarm may be told."""
        asked = raised.t + self.recipient.after_s
        if self.recipient.passes_at(raised.body.level):
            return asked
        return self.recipient.duty.first_on(asked)

    def _may_tell(self, row: Row, now: int) -> bool:
        return self.recipient.passes_at(row.body.level) or self.recipient.duty.is_on(now)
