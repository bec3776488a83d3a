"""What is due on one channel, one step of sending it, and its outcome.

Each row is sent at least once: it is done when the other side has accepted it. The attempt is
stored first, so that after a crash the same rows go out again under the same name."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..alarms import alarm_log
from ..common.local_days import LOCAL
from ..service.keys import LEVELS
from ..store import Store
from ..store import delivery as rows
from . import Declined, Failed
from .audience import Audience

log = logging.getLogger("qingyun.deliver")

FIRST_S, LONGEST_S = 5, 900  # wait after the first failure, doubled up to the longest
FRESH_S = 86_400  # a new channel gets the open alarms and those of a day
Send = Callable[[Sequence[alarm_log.Row], str], None]  # rows, name of the message


@dataclass(frozen=True)
class Policy:
    """What is sent when. quiet: from and to as minutes of the local day. repeat_s, give_up_s:
    seconds; pace_s: seconds between two messages."""

    quiet: tuple[int, int] | None = None
    quiet_passes: str = LEVELS[-1]
    level: str = LEVELS[0]
    repeat_s: int = 1800
    give_up_s: float = 86_400
    at_once: int = 1  # rows in one message
    pace_s: int = 0

    def quiet_at(self, now: int) -> bool:
        """Whether Unix time now is within the quiet hours."""
        if self.quiet is None:
            return False
        t = dt.datetime.fromtimestamp(now, LOCAL)
        minute, (start, end) = t.hour * 60 + t.minute, self.quiet
        return start <= minute < end if start <= end else minute >= start or minute < end


@dataclass(frozen=True)
class Channel:
    """A way to people. send(rows, name) raises Failed or Declined. audience: who they are; None:
    everybody, of everything."""

    name: str
    policy: Policy
    send: Send
    audience: Audience | None = None

    @property
    def digest_s(self) -> int:
        """Seconds in which there is at most one message; 0: no digest."""
        return self.audience.recipient.digest_s if self.audience else 0

    def standing(self, store: Store, now: int) -> rows.Standing:
        """Where it stands at Unix time now. A new one gets the open alarms; a section that tells
        everybody also those of a day."""
        if self.audience:
            return rows.standing(store, self.name, now, only_open=True)
        return rows.standing(store, self.name, now - FRESH_S)


@dataclass(frozen=True)
class _Plan:
    """What happens to the waiting rows; a row in no list waits longer."""

    due: list[alarm_log.Row]
    folded: list[int]
    mild: list[int]


def _severity(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)


def hours(text: str | None) -> tuple[int, int] | None:
    """HH:MM-HH:MM as minutes of the day; None for None."""
    if not text:
        return None
    start, end = ((int(t[:2]) * 60 + int(t[3:])) for t in text.split("-"))
    return start, end


def plan(
    waiting: Sequence[alarm_log.Row],
    sent: dict[tuple[str, str, str], int],
    policy: Policy,
    now: int,
) -> _Plan:
    """Which waiting rows are due at Unix time now. sent: when an alarm of the same key was last
    sent."""
    over = {r.alarm: r.t for r in waiting if r.what == alarm_log.CLEARED}
    quiet = policy.quiet_at(now)
    made = _Plan([], [], [])
    held: set[int] = set()
    for row in waiting:
        if _severity(row.body.level) < _severity(policy.level):
            made.mild.append(row.id)
            continue
        last = sent.get(row.body.key)
        if row.what == alarm_log.RAISED and last is not None and row.t < last + policy.repeat_s:
            # The same alarm soon after it was sent: only if it stays open.
            if over.get(row.alarm, now) < last + policy.repeat_s and row.alarm in over:
                made.folded.extend(r.id for r in waiting if r.alarm == row.alarm)
                continue
            if now < last + policy.repeat_s:
                held.add(row.alarm)
        if row.id in made.folded:
            continue
        sleeps = quiet and _severity(row.body.level) < _severity(policy.quiet_passes)
        if row.alarm in held or sleeps:
            held.add(row.alarm)
            continue
        made.due.append(row)
    return made


def backoff(tries: int) -> int:
    """Seconds until the next attempt after so many failures."""
    return int(min(LONGEST_S, FIRST_S << min(tries - 1, 20)))


def name_of(channel: str, batch: Sequence[alarm_log.Row]) -> str:
    """The name of a message, which depends on its rows and their store alone."""
    text = ";".join(f"{r.id} {r.alarm} {r.what} {r.t} {r.body.key}" for r in batch)
    digest = hashlib.sha256(f"{channel}\n{text}".encode()).hexdigest()[:16]
    return f"{batch[0].id}-{digest}"


def step(store: Store, channel: Channel, now: int) -> bool:
    """Send at most one message; whether there may be more to send at once."""
    policy = channel.policy
    standing = channel.standing(store, now)
    if now < standing.next_t:
        return False
    waiting = [alarm_log.as_row(r) for r in rows.waiting(store, standing)]
    if not waiting:
        return False
    if channel.audience:
        told = rows.told_alarms(store, standing)
        judged = channel.audience.judge(waiting, told, now)
        waiting = judged.theirs
        for ids, how in ((judged.elsewhere, rows.ELSEWHERE), (judged.folded, rows.FOLDED)):
            if ids:
                standing = rows.done(store, standing, ids, now, how)
        if not waiting:
            return False
    sent = {
        alarm_log.decoded(body).key: t
        for body, t in rows.sent_since(store, channel.name, now - 2 * policy.repeat_s)
    }
    due_plan = plan(waiting, sent, policy, now)
    for ids, how in ((due_plan.mild, rows.MILD), (due_plan.folded, rows.FOLDED)):
        if ids:
            standing = rows.done(store, standing, ids, now, how)
    if not due_plan.due:
        return False
    batch = [r for r in due_plan.due if r.id in standing.attempt]
    if len(batch) != len(standing.attempt) or not batch:
        batch = due_plan.due if channel.digest_s else due_plan.due[: policy.at_once]
        standing = replace(standing, attempt=[r.id for r in batch])
        rows.save(store, standing)
    return _send(store, channel, standing, batch, now)


def _send(
    store: Store, channel: Channel, standing: rows.Standing, batch: list[alarm_log.Row], now: int
) -> bool:
    ids = [r.id for r in batch]
    over = rows.Standing(standing.channel, standing.after)
    try:
        channel.send(batch, name_of(channel.name, batch))
    except Failed as error:
        tries = standing.tries + 1
        since = standing.since or now
        if isinstance(error, Declined) and now - since >= channel.policy.give_up_s:
            log.error("%s: %s; given up: alarm rows %s", channel.name, error, ids)
            rows.done(store, over, ids, now, rows.GIVEN_UP)
            return True
        wait = backoff(tries)
        log.warning("%s: %s; next try in %d s", channel.name, error, wait)
        rows.save(
            store, replace(standing, tries=tries, since=since, next_t=now + wait, error=str(error))
        )
        return False
    log.info("%s: told %d rows up to %d", channel.name, len(ids), ids[-1])
    wait = max(channel.policy.pace_s, channel.digest_s)
    rows.done(store, replace(over, next_t=now + wait), ids, now, rows.SENT)
    return True
