"""A plausible day at the sites of a registry: traces to play, and the truth about them.

    python tools/trace_day.py --registry registry --date 2026-09-21 --seed 1 --out build/day

writes OUT/{device}.csv (`t,channel,value`: what physically happens at one board,
from 10 minutes before the Shanghai day to 10 minutes after it), OUT/truth.csv
(`date,site,stream,deposited_kg,collected_kg,collections` of what stood on scales)
and OUT/truth_events.csv (`t,site,device,channel,stream,kind,kg,note`).
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from day_plan import District, plan_district, plan_site, rng
from day_play import RUN_IN, Day, Event, Row, play_bin
from run_folder import FolderError, unused
from site_registry import BadInput, Registry, read_registry

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
REMOVALS = ("collection", "swap")


def temperature(key: str, site: str, date: dt.date) -> list[Row]:
    """c1, every 10 minutes: the season of Shanghai and the hour, 1 decimal, deg C."""
    draw = rng(key, site, "c1")
    season = 17 - 11.5 * math.cos(2 * math.pi * (date.timetuple().tm_yday - 20) / 365.25)
    mean, swing = season + draw.uniform(-3, 3), draw.uniform(2, 6)
    return [
        Row(t, "c1", round(mean + swing * math.cos(2 * math.pi * (t / 3600 - 14.5) / 24), 1))
        for t in range(-RUN_IN, 86400 + RUN_IN + 1, 600)
    ]


def site_days(registry: Registry, district: District, site: str, date: dt.date) -> dict[str, Day]:
    """device -> the day of that board, for one site; depends on no other site chosen."""
    plan = plan_site(registry, district, registry.sites[site])
    days: dict[str, Day] = {}
    for bin_ in registry.bins:
        if bin_.site == site:
            rows = temperature(district.key, site, date)
            play_bin(bin_, plan, district.key, days.setdefault(bin_.device, Day(rows)))
    return days


def _write(path: Path, header: str, lines: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(lines)


def _short(value: float, digits: int = 1) -> float | int:
    """For CSV: no more decimals than there are, none for a whole number."""
    return int(value) if value == int(value) else round(value, digits)


def truth(
    date: dt.date, registry: Registry, sites: Sequence[str], events: Sequence[Event]
) -> list[list[object]]:
    """Per site and stream: sums over the bins on scales, in kg."""
    sums: dict[tuple[str, str], list[int]] = {}
    for bin_ in registry.bins:
        if bin_.channel and bin_.site in sites:
            sums.setdefault((bin_.site, bin_.stream), [0, 0, 0])
    for e in events:
        if e.bin.channel and e.kind == "deposit":
            sums[e.bin.site, e.bin.stream][0] += e.grams
        elif e.bin.channel and e.kind in REMOVALS:
            sums[e.bin.site, e.bin.stream][1] += e.grams
            sums[e.bin.site, e.bin.stream][2] += 1
    return [
        [date.isoformat(), site, stream, brought / 1000, taken / 1000, count]
        for (site, stream), (brought, taken, count) in sums.items()
    ]


def _event_line(midnight: int, e: Event) -> list[object]:
    channel = e.bin.channel or e.bin.fill_channel
    place = [e.bin.site, e.bin.device, channel, e.bin.stream]
    return [_short(midnight + e.t), *place, e.kind, e.grams / 1000, e.note]


def generate(
    registry: Registry, date: dt.date, seed: int, out: Path, sites: Sequence[str]
) -> dict[str, int]:
    """Write all files for these sites into out (made when absent); device -> rows.
    FolderError when one of them is there already."""
    devices = {b.device for b in registry.bins if b.site in sites and b.device}
    unused(*(out / f"{name}.csv" for name in (*sorted(devices), "truth", "truth_events")))
    midnight = int(dt.datetime(date.year, date.month, date.day, tzinfo=SHANGHAI).timestamp())
    out.mkdir(parents=True, exist_ok=True)
    district = plan_district(registry, seed, date.isoformat())
    written = {}
    events: list[Event] = []
    for site in sites:
        for device, day in site_days(registry, district, site, date).items():
            rows = sorted(day.rows, key=lambda r: (r.t, r.channel))
            lines = [[_short(midnight + r.t), r.channel, _short(r.value, 3)] for r in rows]
            _write(out / f"{device}.csv", "t,channel,value", lines)
            written[device] = len(rows)
            events += day.events
    events.sort(key=lambda e: (e.t, e.bin.site, e.bin.device, e.bin.channel))
    sums = truth(date, registry, sites, events)
    _write(out / "truth.csv", "date,site,stream,deposited_kg,collected_kg,collections", sums)
    header = "t,site,device,channel,stream,kind,kg,note"
    _write(out / "truth_events.csv", header, (_event_line(midnight, e) for e in events))
    return written


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--registry", type=Path, required=True, help="folder of sites.csv ...")
    parser.add_argument("--date", required=True, help="the Shanghai day, YYYY-MM-DD")
    parser.add_argument("--seed", type=int, required=True, help="same seed, same day")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--site", nargs="+", action="extend", help="only these (default: all)")
    return parser.parse_args(argv)


class _Plain(argparse.RawDescriptionHelpFormatter):
    """The module's own text is laid out already."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 with one line on stderr for bad input."""
    args = _arguments(argv)
    try:
        try:
            date = dt.date.fromisoformat(args.date)
        except ValueError:
            raise BadInput(f"--date: expected YYYY-MM-DD, got {args.date}") from None
        registry = read_registry(args.registry)
        sites = list(dict.fromkeys(args.site or registry.sites))
        for site in sites:
            if site not in registry.sites:
                raise BadInput(f"--site: {site} is not in {args.registry / 'sites.csv'}")
        written = generate(registry, date, args.seed, args.out, sites)
    except (BadInput, FolderError) as error:
        print(f"trace_day: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"trace_day: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    for device, rows in written.items():
        print(f"{args.out / device}.csv: {rows} rows")
    print(f"{args.out}: truth.csv and truth_events.csv say what is true of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
