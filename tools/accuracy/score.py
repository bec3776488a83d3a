"""What was booked against what is true.

Deposits: those less than TOGETHER_S apart are one visit, for the scale does not come to
rest between them (R 76: within 1 e over 5 s, after the ringing); a visit is found when
what was booked in it is right by the larger of 0.2 kg and 5 %, in one piece or as many
as there were. Collections: found when one was booked within NEAR_S whose mass is right by
the larger of 0.5 kg and 5 %. What happened where nobody could see counts neither way."""

from __future__ import annotations

from dataclasses import dataclass, field

from accuracy.ours import Day, Found
from accuracy.scene import Scene, Truth

TOGETHER_S = 12.0
NEAR_S = 120.0
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
    fault_after_s: float | None = None  # from its onset until it was told; inf: never
    what: list[str] = field(default_factory=list)  # each thing that is wrong

    @property
    def error(self) -> float | None:
        """Of the collected mass, as a share; None where nothing was to be collected."""
        if not self.true_collected:
            return None
        return (self.collected - self.true_collected) / self.true_collected


def score(scene: Scene, day: Day) -> Score:
    truths = scene.truths()
    s = Score(flagged=bool(day.notes))
    for bin_ in scene.bins:
        channel = bin_.channel
        true = [t for t in truths if t.channel == channel]
        found = [f for f in day.found if f.channel == channel and f.kind != "removal"]
        _collections(
            s,
            [t for t in true if t.kind == "collection"],
            [f for f in found if f.kind == "collection"],
        )
        _deposits(s, scene, true, [f for f in found if f.kind == "deposit"])
    for stuck in scene.stuck:
        told = day.bad.get((stuck.channel, stuck.quality))
        s.fault_after_s = float("inf") if told is None else told - stuck.t0
    return s


def _collections(s: Score, true: list[Truth], found: list[Found]) -> None:
    s.collected += sum(f.grams for f in found)
    s.true_collected += sum(t.grams for t in true)
    s.blind_g += sum(t.grams for t in true if not t.seen)
    left = list(found)
    for t in true:
        near = [f for f in left if abs(f.t - t.t) <= NEAR_S or f.t <= t.t <= f.t_end]
        best = min(near, key=lambda f: abs(f.t - t.t), default=None)
        right = best is not None and abs(best.grams - t.grams) <= max(500, t.grams // 20)
        if best is not None:
            left.remove(best)
        if not t.seen:
            continue
        if right:
            s.hits["collection"] += 1
        else:
            s.missed["collection"] += 1
            said = "nothing" if best is None else f"{best.grams / 1000} kg"
            s.what.append(f"collection of {t.grams / 1000} kg at {clock(t.t)}: {said}")
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


def _deposits(s: Score, scene: Scene, true: list[Truth], found: list[Found]) -> None:
    groups = visits(true)
    booked: list[list[Found]] = [[] for _ in groups]
    for f in found:
        where = _visit_of(f, groups)
        if where is None:
            _invent(s, "deposit", f)
        else:
            booked[where].append(f)
    lifts = [t for t in true if t.kind == "collection"]
    for group, got in zip(groups, booked, strict=True):
        grams, sure = sum(t.grams for t in group), all(t.seen for t in group)
        if not sure:
            continue
        total = sum(f.grams for f in got)
        if not got:
            # Put in while the lift went on: the bin was not on the scale.
            beside = any(t.t - TOGETHER_S < group[-1].t_end and group[0].t < t.t_end for t in lifts)
            if grams >= SMALLEST_G and not beside:
                s.missed["deposit"] += 1
                s.what.append(f"deposit of {grams / 1000} kg at {clock(group[0].t)} missed")
            continue
        if abs(total - grams) <= max(200, grams // 20):
            s.hits["deposit"] += 1 if grams >= SMALLEST_G else 0
            s.deposit_errors.append(total - grams)
        else:
            if grams >= SMALLEST_G:
                s.missed["deposit"] += 1
            s.invented["deposit"] += 1
            s.invented_g += max(0, total - grams)
            s.what.append(
                f"deposit of {grams / 1000} kg at {clock(group[0].t)}: {total / 1000} kg"
            )
        s.invented["deposit"] += max(0, len(got) - len(group))


def _visit_of(f: Found, groups: list[list[Truth]]) -> int | None:
    """The visit that a booked deposit belongs to, by time."""
    best, most = None, -1.0
    for i, group in enumerate(groups):
        start, end = group[0].t - 5, group[-1].t_end + TOGETHER_S
        shared = min(f.t_end, end) - max(f.t, start)
        if shared > most and f.t <= end and f.t_end >= start:
            best, most = i, shared
    return best


def clock(t: float) -> str:
    """s of the day as hh:mm:ss."""
    n = int(t)
    return f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}"
