"""python -m bench_standing.night [--boards N] [--points N] [--days N]

What `qingyun standing --keep` takes for a district: CPU and memory. Figures and lifts are of every
point, of two bins each, all emptied once a day; readings are of some boards, whose share of the
time is taken to be that of the others. Its one goal is the three hours that its unit may take."""

from __future__ import annotations

import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import district
from arguments import Parser, whole

from bench_standing import air, platform
from bench_standing.platform import Told
from host.common.local_days import DAY_S, date_of, local_day
from host.events import Event, Evidence
from host.events import Kind as Happened
from host.hazard import papers, register
from host.hazard.papers import Source
from host.hazard.register import Register
from host.readings.messages import Reading
from host.registry import Bin, Registry
from host.rollup import packing
from host.rollup.day_figures import _Run, update_figures
from host.standing import read, statement
from host.standing.zero import WINDOW_S
from host.store import Batch, Store, lifts, revision_writer
from host.store.day_revisions import FIRST
from host.store.lifts import LiftRow
from host.store.revision_writer import Entry, PlatformRecord, Work

START = 1_772_294_400  # 2026-03-01 00:00 in Shanghai
PER_TRUCK = 100  # lifts a day
_LIMIT_H = 3.0


def _registry(folder: Path, points: int, told: Sequence[Told], boards: int) -> Register:
    """The points, the bins of the first boards with the tares of what is told."""
    district.write_registry(folder, points)
    file = folder / "bins.csv"
    lines = file.read_text("utf-8").splitlines()
    first = {f"s{n:04d}-{i + 1}": t for n in range(1, boards + 1) for i, t in enumerate(told)}
    for n, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] in first:
            cells[7] = f"{first[cells[0]].platform.tare_g / 1000:g}"
            lines[n] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return register.load_any(folder)


def _mine(known: Registry, boards: int) -> tuple[list[Bin], list[Bin]]:
    """(bins of boards with readings, others of the district)."""
    every = [b for b in known.platforms() if b.site.startswith("s")]
    named = {f"qy-s{n:04d}" for n in range(1, boards + 1)}
    return [b for b in every if b.device in named], [b for b in every if b.device not in named]


def _readings(store: Store, bins: Sequence[Bin], told: Sequence[Told], around: air.Air) -> int:
    """Of each board what its platforms told, one reading for each moment; how many of one."""
    by_t: dict[int, dict[str, tuple[int | None, str | None]]] = {}
    for i, one in enumerate(told, 1):
        for s in one.samples:
            by_t.setdefault(s.t, {})[f"w{i}"] = s.grams, s.q
    last: dict[str, int] = {}
    made = []
    for seq, t in enumerate(sorted(by_t)):
        last |= {name: g for name, (g, _) in by_t[t].items() if g is not None}
        values = {**last, "c1": round(100 * around.air[around.at(t)])}
        q = {name: why for name, (_, why) in by_t[t].items() if why}
        made.append(Reading("a1b2c3d4", seq, 0, t, None, values, q))
    for device, site in sorted({(b.device, b.site) for b in bins}):
        store.add(Batch(readings=[(device, site, r) for r in made]), made[-1].t or 0)
        store.compact()
    return len(made)


def _emptied(bins: Sequence[Bin], days: int) -> Iterator[tuple[Bin, int, int]]:
    """(bin, Unix seconds, g) of an emptying of each bin and day, a truck's one after the other."""
    luck = random.Random(4)  # noqa: S311
    for n, b in enumerate(bins):
        for day in range(days):
            t = START + day * DAY_S + 8 * 3600 + n % PER_TRUCK * 180
            yield b, t, round(20_000 + 20_000 * luck.random())


def _figures(store: Store, known: Registry, bins: Sequence[Bin], days: int) -> None:
    """An emptying a day of each bin, as its figures have it."""
    first, last = local_day(START), local_day(START) + days - 1
    run = _Run(store, known, last, int(time.time()), full=False)
    entries: dict[str, list[Entry]] = {}
    for b, t, g in _emptied(bins, days):
        day = local_day(t)
        seq = 3 * (day - first)
        parts = [Evidence("a1b2c3d4", seq + i, t + 20 * i, w)
                 for i, w in enumerate((b.tare_g + g, 0, b.tare_g + 150))]  # fmt: skip
        e = Event(
            Happened.COLLECTION, t, t + 40, g, parts[0], parts[2], why="in one", bare=parts[1]
        )
        facts = (0, g, g, 0, 0, 0, 1500, 30, 0, 86_000, 1, "", 600)
        done = Entry(day, 1, t + DAY_S, FIRST, facts, packing.pack([e]))
        entries.setdefault(b.bin, []).append(done)
    works = [
        Work(PlatformRecord(b.bin, b.device, run._with(b), last), entries=entries[b.bin])
        for b in bins
    ]
    for i in range(0, len(works), 400):
        stamp = revision_writer.stamp(store.database)
        assert revision_writer.write(store.database, stamp, works[i : i + 400], [])


def _lifts(store: Store, own: Sequence[Bin], told: Sequence[Told], others: Sequence[Bin],
           days: int) -> int:  # fmt: skip
    """What trucks weighed of both; how many."""
    luck = random.Random(6)  # noqa: S311
    emptied = list(_emptied(others, days))
    for n, b in enumerate(own):
        emptied += [(b, t, round(g)) for t, g in told[n % len(told)].emptied]
    number = {b.bin: n for n, b in enumerate([*others, *own])}
    by_day: dict[int, list[LiftRow]] = {}
    for b, t, g in emptied:
        rows = by_day.setdefault(local_day(t), [])
        truck = f"沪A{10_000 + number[b.bin] // PER_TRUCK}"
        shown = round((g + luck.gauss(0, 350)) / 500) * 500
        rows.append(LiftRow(0, len(rows) + 2, t + 20, shown, truck, b.site, b.stream, "", ""))
    for day, rows in sorted(by_day.items()):
        source = Source(f"{day}.csv", f"{day:064d}", 0, "bench", START)
        lifts.add(store, papers.lift_file(source, rows), rows, papers.last(store))
    return len(emptied)


def main() -> int:
    parser = Parser(prog="bench-standing-night", description=__doc__)
    parser.add_argument("--boards", type=whole(1), default=16, metavar="N")
    parser.add_argument("--points", type=whole(1), default=district.SITES, metavar="N")
    parser.add_argument("--days", type=whole(30), default=WINDOW_S // DAY_S + 1, metavar="N")
    args = parser.parse_args()
    luck = random.Random(9)  # noqa: S311
    platform.EVERY_S = 300  # as boards report; the bench of verdicts is twice as quick without
    around = air.make(luck, START, args.days, 4_000)
    none = platform.Planted("none")
    told = [platform.make(luck, around, none, f"{i:02x}", 70 + i) for i in range(2)]
    with tempfile.TemporaryDirectory(prefix="night-") as name:
        folder = Path(name)
        held = _registry(folder / "registry", args.points, told, args.boards)
        own, others = _mine(held.known, args.boards)
        store = Store(folder / "q.db", create=True)
        store.database.script("PRAGMA synchronous=OFF;\n")
        n = _readings(store, own, told, around)
        _figures(store, held.known, others, args.days)
        lifted = _lifts(store, own, told, others, args.days)
        _measure(store, held, (args.boards, args.points), args.days)
        print(f"{n} readings of each board ({n / args.days:.0f} a day), {lifted} lifts")
        store.close()
    return 0


def _measure(store: Store, held: Register, counts: tuple[int, int], days: int) -> None:
    boards, points = counts
    until = START + days * DAY_S
    since = until - WINDOW_S
    last = date_of(local_day(until - 1))
    begin = time.process_time()
    update_figures(store, held.known, last)
    figures = time.process_time() - begin
    begin = time.process_time()
    hauled = read._hauled(store, held, since, until)
    once = time.process_time() - begin
    by_device: dict[str, list[Bin]] = {}
    for b in held.known.platforms():
        by_device.setdefault(b.device, []).append(b)
    begin, size, judged, with_lifts = time.process_time(), 0, 0, 0
    for n in range(1, boards + 1):
        for found in read._of_board(store, held, by_device[f"qy-s{n:04d}"], hauled, (since, until)):
            made = statement.of(found, until)
            size += sum(map(len, statement.packed(made)))
            judged += 1
            with_lifts += made.head.counts["lift"] > 0
    each = (time.process_time() - begin) / judged
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    platforms = 2 * points
    print(f"figures of {judged} platforms: {figures:.1f} s of CPU (the nightly report makes them)")
    print(f"what trucks lifted in {days} days, once for all {points} points: {once:.1f} s of CPU")
    print(f"a platform: {each:.3f} s of CPU, {size / judged / 1024:.1f} KB kept;"
          f" {with_lifts} of {judged} have lifts")  # fmt: skip
    for count in (platforms, 15_000):
        hours = (once + each * count) / 3600
        kept, late = size / judged * count / 1e6, hours > _LIMIT_H
        print(f"{count} platforms: {60 * hours:.0f} min of CPU, {kept:.0f} MB kept"
              f"{': more than its unit may take' if late else ''}")  # fmt: skip
    print(f"at most {memory:.0f} MB of memory, this bench included")


if __name__ == "__main__":
    raise SystemExit(main())
