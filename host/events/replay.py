"""Late readings: continue again from the last checkpoint before them.

A Track keeps of one platform the states at checkpoints and the outcome after each. absorb()
takes readings in any order and any number of times; the outcome is that of all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .model import Outcome, Platform, Sample
from .processor import advance, finish
from .sample_columns import ordered
from .state import State, fresh

EVERY_S = 6 * 3600  # of readings between two checkpoints

# read(t): every stored reading of the platform from that second on.
Read = Callable[[int], Iterable[Sample]]


@dataclass
class Track:
    """states[0] is before the first reading; found[i] is the outcome between states[i] and
    states[i + 1]."""

    states: list[State]
    found: list[Outcome] = field(default_factory=list)

    def outcome(self, platform: Platform) -> Outcome:
        """The whole outcome, with its provisional end."""
        whole = Outcome()
        for part in self.found:
            whole.extend(part)
        whole.extend(finish(platform, self.states[-1]))
        return whole


def begin(platform: Platform) -> Track:
    """A track without readings."""
    return Track([fresh(platform)])


def absorb(platform: Platform, track: Track, arrived: Iterable[Sample], read: Read) -> int:
    """Take readings that have just been stored; the Unix second from which on events may have
    changed.

    read is called only for late readings, from the checkpoint before them."""
    new = ordered(arrived)
    if not new:
        return 1 << 62
    last_key = track.states[-1].at
    since = new[0].t
    if last_key is not None and since <= last_key[0]:
        keep = bisect_left(track.states, since, key=lambda s: s.at[0] if s.at else -1)
        # A checkpoint of the same second may have been made without the late one.
        del track.states[max(1, keep) :]
        del track.found[len(track.states) - 1 :]
        last_key = track.states[-1].at
        new = [
            s
            for s in ordered(read(last_key[0] if last_key else 0))
            if last_key is None or _after(s, last_key)
        ]
    base = track.states[-1]
    since = min((p.last.t for p in base.pending), default=since)
    _go(platform, track, new)
    return since


def _after(s: Sample, last_key: tuple[int, int, str, int]) -> bool:
    return (s.t, s.boot, s.life, s.seq) > last_key


def _go(platform: Platform, track: Track, samples: list[Sample]) -> None:
    start = 0
    while start < len(samples):
        limit = samples[start].t + EVERY_S
        end = start
        while end < len(samples) and samples[end].t < limit:
            end += 1
        state, out = advance(platform, track.states[-1], samples[start:end])
        if _soon(track):  # a checkpoint for each arrival would be too many
            track.states[-1] = state
            track.found[-1].extend(out)
        else:
            track.states.append(state)
            track.found.append(out)
        start = end


def _soon(track: Track) -> bool:
    """Whether the last checkpoint is less than EVERY_S after the one before it."""
    if len(track.states) < 3:
        return False
    before, last = track.states[-2].at, track.states[-1].at
    return before is not None and last is not None and last[0] - before[0] < EVERY_S
