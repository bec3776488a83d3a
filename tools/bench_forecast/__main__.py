"""`make bench-forecast`: what the forecast says beside what came, on simulated districts and on two
published series. Ends with 1 where a goal is missed."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from arguments import Parser, whole

from host.forecast.ensemble import IsOff, gain, hours_until, weekend
from host.forecast.growth import Growth

from . import series
from .score import Score

MOST = 72
_LEAST_COLLECTIONS = 8  # of a site, before one is asked about


def _slope(growth: Growth, now: int, hours: int) -> float | None:
    """What came in a day of the last two, for so many hours."""
    last = growth.between(now - 48, 48)
    return None if last is None else last * hours / 48


def gains(growth: Growth, asked: list[int], hours: int, is_off: IsOff, score: Score) -> None:
    """What comes in within so many hours from each of these on."""
    for now in asked:
        truth, week = growth.between(now, hours), growth.between(now - 168, hours)
        told, line = gain(growth, now, hours, is_off), _slope(growth, now, hours)
        if truth is not None and week is not None and told and line is not None:
            score.add(truth, told, week, line)


def times(growth: Growth, asked: list[tuple[int, int]], score: Score) -> None:
    """Hours until so much has come in, all beyond MOST as MOST."""
    for now, room in asked:
        truth, week = _until(growth, now, room), _until(growth, now - 168, room)
        told, line = hours_until(growth, now, room, MOST, series.is_off), _slope(growth, now, MOST)
        if truth is None or week is None or told is None or line is None:
            continue
        straight = min(MOST, room * MOST / line) if line > 0 else MOST
        score.add(truth, [MOST if h is None else h for h in told], week, straight)


def _until(growth: Growth, now: int, room: int) -> int | None:
    whole_time = growth.between(now, MOST)
    if whole_time is None:
        return None
    for hours in range(1, MOST):
        got = growth.between(now, hours)
        if got is not None and got >= room:
            return hours
    return MOST


def simulated(bins: int, seed: int) -> list[tuple[str, str, Score]]:
    """A quarter of a year of a district, asked each evening at 21:00 and each noon."""
    rng = random.Random(seed)  # noqa: S311
    day, full = Score(), Score()
    for growth in series.simulated(bins, 100, seed):
        asked = [
            h for h in range(growth.first + 40 * 24, growth.last - MOST, 12) if rng.random() < 0.3
        ]
        gains(growth, asked, 24, series.is_off, day)
        times(growth, [(h, rng.randrange(200, 900)) for h in asked], full)
    return [
        ("simulated district, in 24 h", "permille of a bin", day),
        ("simulated district, until full", "h", full),
    ]


def wyndham(folder: Path) -> tuple[str, str, Score]:
    """What a day adds to the fill, of days without an emptying."""
    score = Score()
    for growth, whole_days in series.wyndham(folder).values():
        gains(growth, whole_days, 24, weekend, score)
    return "wyndham_smartbin, in a day", "levels (0 to 10)", score


def edinburgh(folder: Path) -> tuple[str, str, Score]:
    """How full a bin is when it is collected next."""
    score = Score()
    for growth, collections in series.edinburgh(folder).values():
        for now, then in zip(
            collections[_LEAST_COLLECTIONS:], collections[_LEAST_COLLECTIONS + 1 :], strict=False
        ):
            if then - now > 0:
                gains(growth, [now], then - now, weekend, score)
    return "edinburgh_enevo, at the next collection", "percent", score


def _folder(text: str) -> Path:
    folder = Path(text)
    for name in series.FILES:
        if not (folder / name).is_file():
            raise argparse.ArgumentTypeError(f"expected a folder with {name}, found {text!r}")
    return folder


def main() -> int:
    """The exit code."""
    parser = Parser("bench-forecast", __doc__)
    parser.add_argument("--bins", type=whole(1, 10_000), default=200)
    parser.add_argument("--seed", type=whole(0), default=1)
    parser.add_argument("--data", type=_folder, help="folder of the two published series")
    args = parser.parse_args()
    found = simulated(args.bins, args.seed)
    if args.data:
        found += [wyndham(args.data), edinburgh(args.data)]
    met = True
    for name, unit, score in found:
        if score.cases:
            print("\n".join(score.lines(name, unit)))
            met &= score.less() >= 30 and score.off() <= 3
        else:
            print(f"{name}: nothing that can be asked")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
