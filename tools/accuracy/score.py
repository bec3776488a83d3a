"""What was booked against what is true.

Deposits: those less than TOGETHER_S apart are one visit, for the scale does not come to
rest between them (R 76: within 1 e over 5 s, after the ringing); a visit is found when
what was booked in it is right by the larger of 0.2 kg and 5 %, in one piece or as many
as there were. What is put in less than TOGETHER_S before or after a lift may as well be
taken for a part of the lift; that mass is counted apart. Collections: found when one was
booked within NEAR_S whose mass is right by the larger of 0.5 kg and 5 %. What happened
where nobody could see counts neither way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from accuracy.ours import Day, Found
from accuracy.scene import E_KG, Scene, Truth

TOGETHER_S = 12.0
NEAR_S = 120.0
LATE_S = 30.0  # a deposit may be seen so long after it was put in
SMALLEST_G = 500  # of a deposit that must be found


@dataclass
class Score:
    """One day. Masses in grams."""

    collected: int = 0
    true_collected: int = 0
    hits: dict[str, int] = field(default_factory=lambda: {"deposit": 0, "collection": 0})
    missed: dict[str, int] = field(default_factory=lambda: {"deposit": 0, "collection": 0})
    invented: dict[str, int] = field(default_factory=lambda: {"deposit": 0, "collection": 0})
    invented_g: int = 0
    deposit_errors: list[int] = field(default_factory=list)
    flagged: bool = False
    blind_g: int = 0  # collected where nobody could see
    hidden_g: int = 0  # brought right before or after a lift, as one with it
    from_faults_g: int = 0  # booked otherwise than on the same day without faults
    fault_after_s: float | None = None  # from its onset until it was told; inf: never
    what: list[str] = field(default_factory=list)  # each thing that is wrong
    off: int | None = None  # the uncertainty that an estimate states; None: it was weighed

    @property
    def error(self) -> float | None:
        """Of the collected mass, as a share; None where nothing was to be collected, or it was
        only estimated."""
        if not self.true_collected or self.off is not None:
            return None
        return (self.collected - self.true_collected) / self.true_collected

    @property
    def beyond(self) -> float | None:
        """Of an estimate that is farther off than its uncertainty, as a share; None: weighed."""
        if self.off is None:
            return None
        wrong = self.collected - self.true_collected
        return wrong / max(self.true_collected, 1) if abs(wrong) > self.off else 0.0


def score(scene: Scene, day: Day) -> Score:
    truths = scene.truths()
    s = Score(flagged=bool(day.notes))
    if day.estimate is not None:
        s.collected, s.off = day.estimate
        s.true_collected = sum(t.grams for t in truths if t.kind == "collection")
        if s.beyond and not s.flagged:
            said = f"{s.collected / 1000} ± {s.off / 1000} kg"
            s.what.append(f"{s.true_collected / 1000} kg collected: {said}, not flagged")
        return s
    for bin_ in scene.bins:
        channel = bin_.channel
        true = [t for t in truths if t.channel == channel]
        found = [f for f in day.found if f.channel == channel and f.kind != "removal"]
        lifts = [t for t in true if t.kind == "collection"]
        hidden = _deposits(s, true, lifts, [f for f in found if f.kind == "deposit"])
        _collections(s, lifts, hidden, [f for f in found if f.kind == "collection"])
    for stuck in scene.stuck:
        told = day.bad.get((stuck.channel, stuck.quality))
        s.fault_after_s = float("inf") if told is None else told - stuck.t0
    return s


def _collections(s: Score, lifts: list[Truth], hidden: list[int], found: list[Found]) -> None:
    """hidden: grams brought beside each lift that no scale could tell from it."""
    s.collected += sum(f.grams for f in found)
    s.hidden_g += sum(hidden)
    left = list(found)
    for t, beside in zip(lifts, hidden, strict=True):
        grams = t.grams - beside
        s.true_collected += grams
        near = [f for f in left if abs(f.t - t.t) <= NEAR_S or f.t <= t.t <= f.t_end]
        best = min(near, key=lambda f: abs(f.t - t.t), default=None)
        right = best is not None and abs(best.grams - grams) <= max(500, grams // 20)
        if best is not None:
            left.remove(best)
        if not t.seen:
            s.blind_g += grams
        elif right:
            s.hits["collection"] += 1
        else:
            s.missed["collection"] += 1
            said = "nothing" if best is None else f"{best.grams / 1000} kg"
            s.what.append(f"collection of {grams / 1000} kg at {clock(t.t)}: {said}")
            if best is not None:
                _invent(s, "collection", best)
    for f in left:
        _invent(s, "collection", f)


def _invent(s: Score, kind: str, f: Found) -> None:
    s.invented[kind] += 1
    s.invented_g += f.grams
    s.what.append(f"{kind} of {f.grams / 1000} kg at {clock(f.t)} invented")


def visits(true: list[Truth]) -> list[list[Truth]]:
    """Deposits that no scale can tell apart, together."""
    groups: list[list[Truth]] = []
    for t in true:
        if t.kind != "deposit":
            continue
        if groups and t.t - groups[-1][-1].t_end < TOGETHER_S:
            groups[-1].append(t)
        else:
            groups.append([t])
    return groups


def _deposits(s: Score, true: list[Truth], lifts: list[Truth], found: list[Found]) -> list[int]:
    """For each lift the grams brought so near to it that they were taken for a part of it."""
    groups = visits(true)
    booked = _assigned(s, groups, found)
    hidden = [0] * len(lifts)
    for group, got in zip(groups, booked, strict=True):
        if not all(t.seen for t in group):
            continue
        total = sum(f.grams for f in got)
        firm = sum(t.grams for t in group)
        if not _right(total, firm):
            for i, part in _beside(group, lifts):
                grams = sum(t.grams for t in part)
                if _right(total, firm - grams) if firm > grams else not got:
                    firm -= grams
                    hidden[i] += grams
                    break
        if not firm:
            continue
        counts = firm >= SMALLEST_G
        if got and _right(total, firm):
            s.hits["deposit"] += counts
            s.deposit_errors.append(total - firm)
        elif counts or got:
            s.missed["deposit"] += counts
            s.invented["deposit"] += bool(got)
            s.invented_g += max(0, total - firm)
            said = f"{total / 1000} kg" if got else "missed"
            s.what.append(f"deposit of {firm / 1000} kg at {clock(group[0].t)}: {said}")
        s.invented["deposit"] += max(0, len(got) - len(group))
    return hidden


def _assigned(s: Score, groups: list[list[Truth]], found: list[Found]) -> list[list[Found]]:
    """What was booked for each visit; what fits none is invented."""
    booked: list[list[Found]] = [[] for _ in groups]
    stray = []
    for f in found:
        where = _visit_of(f, groups)
        if where is None:
            stray.append(f)
        else:
            booked[where].append(f)
    for f in stray:
        # A converter that is stuck, or a motion that goes on, shows it later.
        late = [i for i, g in enumerate(groups) if 0 < f.t - g[-1].t_end <= LATE_S]
        if late and not booked[late[-1]]:
            booked[late[-1]].append(f)
        else:
            _invent(s, "deposit", f)
    return booked


def _right(total: int, grams: int) -> bool:
    return abs(total - grams) <= max(200, grams // 20)


def _beside(group: list[Truth], lifts: list[Truth]) -> Iterator[tuple[int, list[Truth]]]:
    """Each part of a visit that may be one with a lift, and which: its first deposits where
    the visit begins before the scale is at rest after the lift, its last ones where the lift
    begins before it is at rest after them."""
    for i, lift in enumerate(lifts):
        for n in range(1, len(group) + 1):
            if lift.t <= group[0].t < lift.t_end + TOGETHER_S:
                yield i, group[:n]
            if lift.t - TOGETHER_S < group[-1].t_end <= lift.t_end:
                yield i, group[-n:]


def _visit_of(f: Found, groups: list[list[Truth]]) -> int | None:
    """The visit that a booked deposit belongs to, by time."""
    best, most = None, -1.0
    for i, group in enumerate(groups):
        start, end = group[0].t - 5, group[-1].t_end + TOGETHER_S
        shared = min(f.t_end, end) - max(f.t, start)
        if shared > most and f.t <= end and f.t_end >= start:
            best, most = i, shared
    return best


def differently(day: Day, twin: Day) -> int:
    """Grams by which the sums of two days differ, kind by kind: two deposits booked as one
    are no kilograms more. Below 1 e a kind it is noise."""
    net: dict[str, int] = {}
    for sign, events in ((1, day.found), (-1, twin.found)):
        for f in events:
            net[f.kind] = net.get(f.kind, 0) + sign * f.grams
    return sum(abs(g) for g in net.values() if abs(g) > 1000 * E_KG)


def clock(t: float) -> str:
    """s of the day as hh:mm:ss."""
    n = int(t)
    return f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}"
