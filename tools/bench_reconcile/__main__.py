"""python -m bench_reconcile [--seeds N] [--first SEED] [--trucks N] [--days N] [--each N]"""

from __future__ import annotations

import time
from collections import Counter

import msgspec
from arguments import Parser, whole

from bench_reconcile import district
from bench_reconcile.district import District, Planted
from host.common.local_days import DAY_S, local_day
from host.reconcile import kept, part, sums
from host.reconcile.evidence import Evidence
from host.reconcile.groups import streams_of
from host.reconcile.model import STANDING, Finding, Kind
from host.reconcile.month import Reconciled, reconcile

FOUND, FALSE, COVER = 0.95, 1.0, (0.93, 0.97)
NO_GOAL = {Kind.STREAM_LOSS}  # how little of it shows depends on how many trucks a stream has
BY_DAY = "arriving of a day"


def _same(p: Planted, f: Finding) -> bool:
    if p.kind is not f.kind or (p.truck and f.truck and p.truck != f.truck):
        return False
    if p.subject is not None and p.subject != f.subject:
        return False
    return p.kind in STANDING or abs(p.t - f.t) < DAY_S


class Score:
    """Over several districts."""

    def __init__(self) -> None:
        self.planted: Counter[Kind] = Counter()
        self.found: Counter[Kind] = Counter()
        self.false: Counter[Kind] = Counter()
        self.routes = 0
        self.inside: Counter[str] = Counter()
        self.cases: Counter[str] = Counter()
        self.missed: list[tuple[int, Planted]] = []
        self.wrong: list[tuple[int, Finding]] = []

    def add(self, made: District, done: Reconciled, seed: int) -> None:
        self.routes += len(made.routes)
        left = list(made.planted)
        for f in done.findings:
            hit = next((p for p in left if _same(p, f)), None)
            if hit is None:
                self.false[f.kind] += 1
                self.wrong.append((seed, f))
            else:
                left.remove(hit)
                self.found[f.kind] += 1
        self.missed += [(seed, p) for p in left]
        self.planted.update(p.kind for p in made.planted)
        self._cover(made, done)

    def _cover(self, made: District, done: Reconciled) -> None:
        """Whether the true mass of each trip lies in the interval of each witness; what a finding
        names is left out."""
        off = {f.subject for f in done.findings} | {n for f in done.findings for n in f.names}
        streams = streams_of(made.loads)
        days: dict[tuple[int, str], tuple[Counter[sums.Carried], list[str]]] = {}
        of_lift = {x.name: m for m in done.matched.matches for x in m.lifts}
        for n, trip in enumerate(done.trips.all):
            if trip.truck in off or trip.load is None or trip.load.name in off:
                continue
            if not trip.lifts or any(x.name in off for x in trip.lifts):
                continue
            cs = {c for x in trip.lifts if x.name in of_lift
                  for c in of_lift[x.name].collections if c.bin not in off}  # fmt: skip
            self._case("points", made, [c.name for c in cs], sums.of_collections(cs, done.gains))
            names = [x.name for x in trip.lifts]
            self._case("trucks", made, names, sums.of_lifts(trip.lifts, done.gains))
            self._case("weighbridge", made, [trip.load.name], sums.of_loads([trip.load]))
            if streams[trip.truck] in off:  # what arrives is not what may be
                continue
            key = n, local_day(trip.load.t), trip.truck, streams[trip.truck]
            mass = {key: trip.grams}
            self._case("arriving", made, [trip.load.name], sums.of_arriving(mass, done.losses))
            day = days.setdefault((key[1], key[3]), (Counter(), []))
            day[0].update(mass)
            day[1].append(trip.load.name)
        for carried, names in days.values():
            self._case(BY_DAY, made, names, sums.of_arriving(carried, done.losses))

    def _case(self, who: str, made: District, names: list[str], told: sums.Sum | None) -> None:
        true = sum(made.truth[n] for n in names)
        self.cases[who] += 1
        half = None if told is None else told.half
        self.inside[who] += told is not None and half is not None and abs(told.grams - true) <= half


def report(score: Score) -> tuple[list[str], bool]:
    """Lines to print, and whether the goals are met."""
    lines, is_met = [], True
    for kind in Kind:
        n, found = score.planted[kind], score.found[kind]
        if n and kind not in NO_GOAL:
            is_met &= found >= FOUND * n
        lines.append(
            f"{kind:12} planted {n:5}, found and named rightly {found:5}"
            + (f" ({100 * found / n:5.1f} %)" if n else "        ")
            + f", false {score.false[kind]}"
        )
    rate = 1000 * sum(score.false.values()) / max(1, score.routes)
    is_met &= rate <= FALSE
    lines.append(f"false findings: {rate:.2f} for each 1,000 of {score.routes} routes")
    for who, n in score.cases.items():
        share = score.inside[who] / n
        is_met &= COVER[0] <= share <= COVER[1]
        lines.append(
            f"95 % interval of {who}: covers the true mass of {100 * share:.1f} % of {n}"
            + (" days and streams" if who == BY_DAY else " trips")
        )
    goals = f"{100 * FOUND:.0f} % of each kind, {FALSE:g} false findings, 93 to 97 %"
    lines.append(f"goals: {goals}: {'met' if is_met else 'MISSED'}")
    return lines, is_met


def run(seeds: range, trucks: int, days: int, each: int) -> tuple[Score, float, int]:
    score, took, lifts = Score(), 0.0, 0
    for seed in seeds:
        made = district.make(trucks, days, each, seed)
        began = time.process_time()
        done = reconcile(
            made.collections, made.lifts, made.loads, measured=made.measured,
            town_of=made.town_of, start=district.START, end=made.end, routes=made.routes,
        )  # fmt: skip
        took += time.process_time() - began
        lifts += len(made.lifts)
        score.add(made, done, seed)
    return score, took, lifts


def keeping(trucks: int, days: int, seed: int) -> list[str]:
    """What a month costs that is kept for the page: of the district and 18 towns."""
    made = district.make(trucks, days, 2, seed)
    towns = sorted(set(made.town_of.values()))
    town_of = {site: f"town-{towns.index(t) % 18}" for site, t in made.town_of.items()}
    done = reconcile(
        made.collections, made.lifts, made.loads, measured=made.measured,
        town_of=town_of, start=district.START, end=made.end,
    )  # fmt: skip
    loads = [w._replace(town="") for w in made.loads]
    found = Evidence(district.START, made.end, made.collections, made.lifts, loads)
    found.town_of = town_of
    span = district.START, made.end
    began = time.process_time()
    whole = msgspec.json.encode(kept.document(found, done, span))
    parts = [
        len(msgspec.json.encode(kept.document(*part.of_town(found, done, town), span)))
        for town in sorted(set(town_of.values()))
    ]
    took = time.process_time() - began
    began = time.process_time()
    msgspec.json.decode(whole, type=kept.Month)
    read = time.process_time() - began
    return [
        f"kept for the page: district {len(whole) / 1e6:.1f} MB, {len(parts)} towns at most"
        f" {max(parts) / 1e6:.1f} MB, made in {took:.1f} s of CPU; the district's is read in"
        f" {1000 * read:.0f} ms"
    ]


def main() -> int:
    parser = Parser(prog="bench-reconcile", description=__doc__)
    parser.add_argument("--seeds", type=whole(1), default=50, metavar="N")
    parser.add_argument("--first", type=whole(0), default=1, metavar="SEED")
    parser.add_argument("--trucks", type=whole(4), default=10, metavar="N")
    parser.add_argument("--days", type=whole(8), default=30, metavar="N")
    parser.add_argument("--each", type=whole(1), default=2, metavar="N")
    parser.add_argument("--keep", action="store_true", help="what is kept for the page costs")
    parser.add_argument("--show", action="store_true", help="what was missed, and false findings")
    args = parser.parse_args()
    score, took, lifts = run(
        range(args.first, args.first + args.seeds), args.trucks, args.days, args.each
    )
    lines, is_met = report(score)
    for line in lines:
        print(line)
    print(f"{lifts} lifts reconciled in {took:.1f} s of CPU ({1e6 * took / lifts:.0f} us each)")
    if args.keep:
        print(*keeping(args.trucks, args.days, args.first), sep="\n")
    if args.show:
        for seed, p in score.missed:
            print("missed", seed, p)
        for seed, f in score.wrong:
            print("false", seed, f)
    return 0 if is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
