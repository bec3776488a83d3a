"""python -m bench_standing [--seeds N] [--first SEED] [--days N] [--noise G] [--division G]
[--exact]"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from arguments import Parser, whole

from bench_standing import drift, world
from bench_standing.platform import E_G, KINDS, Told
from host.common.local_days import DAY_S
from host.standing import zero
from host.standing.model import Cause, Known
from host.standing.verdict import standing

ONSET_D = 28  # usual traffic before the fault
WITHIN_D, FOUND, FALSE = 7, 0.95, 1.0
PLATFORMS = 4  # of a board
_CELL = {"zero cell", "zero temperature", "span cell"}
_RIGHT = {
    "gain": "span cell",
    "zero": "zero cell",
    "wet": "zero wet",
    "dirty": "zero dirty",
    "frozen": "zero frozen",
}


@dataclass
class Score:
    """days: of platforms without a fault; first: kind → what was named first, and after how many
    days."""

    days: int = 0
    false: Counter[str] = field(default_factory=Counter)
    true_temperature: int = 0
    first: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    verdicts: int = 0
    took: float = 0.0
    drifts: list[drift.Drift] = field(default_factory=list)

    def join(self, other: Score) -> None:
        self.days += other.days
        self.false.update(other.false)
        self.true_temperature += other.true_temperature
        for kind, found in other.first.items():
            self.first.setdefault(kind, []).extend(found)
        self.shown += other.shown
        self.verdicts += other.verdicts
        self.took += other.took
        self.drifts += other.drifts

    def add(self, one: Told, known: Known, made: world.World, seed: int) -> None:
        kind, onset = one.planted.kind, one.planted.t
        before: set[str] = set()
        first: tuple[str, float] | None = None
        for day in range(8, made.days + 1):
            now = made.start + day * DAY_S
            self.verdicts += 1
            named = _named(known, now, onset if onset < now else now - DAY_S)
            if now <= onset:
                self.days += 1
                self._of_nothing(named - before, one, now, f"{seed} {kind} day {day}")
            elif first is None and (new := named - before - _truly(one, now)):
                first = min(new, key=lambda n: n != _RIGHT[kind]), (now - onset) / DAY_S
            before = named
        if kind != "none":
            name = f"gain {one.stream}" if kind == "gain" else kind
            self.first.setdefault(name, []).append(first or ("", 0.0))
            if first is None or first[0] != _RIGHT[kind] or first[1] > WITHIN_D:
                size = f"{one.planted.size} over {one.planted.ramp_s} s"
                self.shown.append(f"{seed} {kind} {one.stream} {size}: {first}")

    def _of_nothing(self, named: set[str], one: Told, now: int, where: str) -> None:
        for name in named:
            if name in ("zero cell", "zero temperature") and abs(world.true_zero(one, now)) > E_G:
                self.true_temperature += 1
                continue
            self.false[name] += 1
            self.shown.append(f"{where}: {name}, true zero {world.true_zero(one, now):+.0f}")


def _truly(one: Told, now: int) -> set[str]:
    """What is so beside what was planted."""
    return {"zero temperature"} if abs(world.true_zero(one, now)) > E_G else set()


def _named(known: Known, now: int, since: int) -> set[str]:
    found = standing(known, now)
    named = {f"{f.quantity} {f.cause}" for f in found.named}
    named |= {f"zero {cause}" for _, cause in zero.over(known, now, max(since, now - DAY_S))
              if cause in (Cause.WET, Cause.DIRTY)}  # fmt: skip
    return named


def report(score: Score) -> tuple[list[str], bool]:
    """Lines to print, and whether the goals are met."""
    lines, is_met = [], True
    for kind in sorted(score.first, key=lambda k: KINDS.index(k.split()[0])):
        line, ok = _line(kind, score.first[kind])
        lines.append(line)
        is_met &= ok
    years = score.days / 365 / PLATFORMS
    rate = sum(score.false.values()) / years
    is_met &= rate <= FALSE
    lines.append(
        f"false verdicts: {dict(score.false) or 0} in {years:.1f} board-years"
        f" ({PLATFORMS} platforms): {rate:.2f} a year"
    )
    lines.append(f"zero beyond e by temperature alone, truly: {score.true_temperature} times")
    line, ok = drift.report(score.drifts)
    lines.append(line)
    is_met &= ok
    goals = (
        f"gain and zero {100 * FOUND:.0f} % within {WITHIN_D} d; wet, dirty and frozen taken for"
        f" a fault of the cell in {100 - 100 * FOUND:.0f} % at most,"
        f" {FALSE:g} false verdicts a board-year, drift by a factor of {drift.FACTOR:g}"
    )
    lines.append(f"goals: {goals}: {'met' if is_met else 'MISSED'}")
    return lines, is_met


def _line(kind: str, found: list[tuple[str, float]]) -> tuple[str, bool]:
    """Of one kind; a fault of the cell is to be found soon, what lies on it not to be taken for
    one."""
    n, right = (
        len(found),
        sorted(d for name, d in found if name == _RIGHT[kind.split(maxsplit=1)[0]]),
    )
    soon = sum(d <= WITHIN_D for d in right)
    most = -(-19 * n // 20)
    when = f"{right[most - 1]:.0f} d" if len(right) >= most else "not in this time"
    taken = sum(name in _CELL and name != _RIGHT[kind.split(maxsplit=1)[0]] for name, _ in found)
    line = (
        f"{kind:14} {n:4}, named rightly within {WITHIN_D} d {soon:4} ({100 * soon / n:5.1f} %),"
        f" ever {len(right):4}, 95 % after {when}; taken for another fault of the cell {taken}"
    )
    met = (
        soon >= FOUND * n
        if kind.split(maxsplit=1)[0] in ("gain", "zero")
        else taken <= (1 - FOUND) * n
    )
    return line, met


def _seed(seed: int, *, days: int, noise_g: int, division_g: int, exact: bool) -> Score:
    made = world.make(seed, days, ONSET_D, noise_g, division_g, exact=exact)
    score = Score()
    began = time.process_time()
    for one, known in made.known:
        score.add(one, known, made, seed)
    score.took = time.process_time() - began
    score.drifts = [d for one, k in made.known if (d := drift.measure(one, k, made, ONSET_D))]
    return score


def main() -> int:
    parser = Parser(prog="bench-standing", description=__doc__)
    parser.add_argument("--seeds", type=whole(1), default=200, metavar="N")
    parser.add_argument("--first", type=whole(0), default=1, metavar="SEED")
    parser.add_argument("--days", type=whole(30), default=45, metavar="N")
    parser.add_argument("--noise", type=whole(0), default=350, metavar="G", help="of a lift scale")
    parser.add_argument(
        "--division", type=whole(1), default=500, metavar="G", help="of a lift scale"
    )
    text = "by how much each truck is off is known, and not found from what it lifted"
    parser.add_argument("--exact", action="store_true", help=text)
    parser.add_argument("--show", action="store_true", help="what was missed, and false verdicts")
    args = parser.parse_args()
    score = Score()
    seeds = range(args.first, args.first + args.seeds)
    of_seed = partial(
        _seed, days=args.days, noise_g=args.noise, division_g=args.division, exact=args.exact
    )
    with ProcessPoolExecutor(2) as two:
        for one in two.map(of_seed, seeds):
            score.join(one)
    print(
        f"{args.seeds} seeds from {args.first}, {args.days} days, a fault on day {ONSET_D};"
        f" lift scales: noise {args.noise} g, divisions of {args.division} g"
        f"{', off by what is known exactly' if args.exact else ''}"
    )
    lines, is_met = report(score)
    for line in lines:
        print(line)
    print(f"{1000 * score.took / score.verdicts:.1f} ms of CPU for a verdict")
    if args.show:
        for line in score.shown:
            print(line)
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
