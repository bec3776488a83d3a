"""How right the kilograms are, measured.

    PYTHONPATH=tools python -m accuracy [--seeds 20] [--first 1] [--family NAME ...]
        [--full 2] [--page docs/accuracy.md] [--failures FILE] [--out build/accuracy]

Plays seeded days of every kind through the firmware's sampling code (MicroPython, virtual
time) and the host's event engine, and the same counts through four other ways; --full N
plays the first N seeds through pins, broker and ingester too and compares. --converter NAME
plays the same days with an HX711 and with that converter or weighing instrument in its place, and
nothing else. Exit
code 1 when a goal is missed, 2 when a day could not be played.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import marked_page
from arguments import Parser, whole
from rich.console import Console
from run_folder import fresh_folder, sigterm_as_interrupt
from sim_board import ROOT

from accuracy import beside
from accuracy.bench import OURS, Result, play_all
from accuracy.full import compare
from accuracy.kinds import FAMILIES, weighed
from accuracy.report import BEGIN, END, chart, page, show
from accuracy.scene import INSTRUMENTS
from accuracy.summary import failures, shortfalls
from host.common import terminal

CONVERTERS = ("nau7802", *INSTRUMENTS)


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser("accuracy", __doc__)
    parser.add_argument("--seeds", type=whole(1), default=20, help="seeds of each kind of day")
    parser.add_argument("--first", type=whole(0), default=1, help="the first seed")
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--full", type=whole(0), default=1, help="seeds of the whole path")
    parser.add_argument("--page", type=Path, help="page to put the figures in, and its picture")
    parser.add_argument("--failures", type=Path, help="file for each day that went wrong")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "accuracy")
    parser.add_argument("--converter", choices=CONVERTERS, help="in place of the HX711")
    parser.add_argument("--keep", action="store_true", help="leave each day's files in --out")
    parser.add_argument("--look", action="store_true", help="only check the arguments")
    a = parser.parse_args(argv)
    if a.look:
        return 0
    console = terminal.console()
    try:
        with sigterm_as_interrupt():
            return _run(a, console)
    except RuntimeError as error:
        print(f"accuracy: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("accuracy: stopped", file=sys.stderr)
        return 130


def _run(a: argparse.Namespace, console: Console) -> int:
    if a.page and not a.converter:
        marked_page.check(a.page, BEGIN, END)
    with fresh_folder(a.out) as folder:
        return (_beside if a.converter else _in)(folder, a, console)


def _beside(folder: Path, a: argparse.Namespace, console: Console) -> int:
    families = [f for f in a.family if weighed(f)]
    if a.converter in INSTRUMENTS:
        families = [f for f in families if not FAMILIES[f](1).faults]  # of the HX711's conversions
    seeds = range(a.first, a.first + a.seeds)
    started = time.monotonic()
    with console.status("days …"):
        first, other = (
            play_all(families, seeds, folder, baselines=False, converter=converter)
            for converter in ("", a.converter)
        )
    name = a.converter.upper()
    beside.show(first, other, name, console)
    console.print(
        f"Seeds {seeds[0]} to {seeds[-1]} of {len(families)} kinds of day, field physics. Command: "
        f"`make bench-accuracy CONVERTER={a.converter} SEEDS={a.seeds} FIRST={a.first}`. "
        f"{time.monotonic() - started:.0f} s.",
        soft_wrap=True,
    )
    short = beside.apart(first, other, name)
    for line in short:
        print(f"accuracy: short of the goal: {line}", file=sys.stderr)
    return 1 if short else 0


def _in(folder: Path, a: argparse.Namespace, console: Console) -> int:
    started = time.monotonic()
    seeds = range(a.first, a.first + a.seeds)
    days = a.seeds * len(a.family)
    count = 0

    with console.status("days …") as status:

        def tick(result: Result) -> None:
            nonlocal count
            count += 1
            status.update(f"{count} of {days} days")

        results = play_all(a.family, seeds, folder, keep=a.keep, done=tick)
    show(results, console)
    took = time.monotonic() - started
    frames = sum(r.frames for r in results)
    conditions = (
        f"Seeds {seeds[0]} to {seeds[-1]} of each kind of day, {days} site-days, {frames} HX711 "
        f"frames, {sum(r.readings for r in results)} readings; field physics "
        "(`boards/sim/physics.py`), no fill sensors, no temperature compensation. Command: "
        f"`make bench-accuracy SEEDS={a.seeds}`."
    )
    console.print(f"{conditions} {took:.0f} s.", soft_wrap=True)
    lost = compare(a.family, range(a.first, a.first + a.full), folder, console) if a.full else []
    if a.page:
        picture = a.page.with_suffix(".svg")
        picture.write_text(chart(results))
        page(a.page, picture, results, conditions)
    wrong = failures(results, OURS)
    if a.failures:
        a.failures.write_text("\n".join(wrong) + "\n")
        print(f"{a.failures}: {len(wrong)} lines")
    for line in wrong[:20]:
        console.print(line, soft_wrap=True)
    short = shortfalls(results, OURS) + lost
    for line in short:
        print(f"accuracy: short of the goal: {line}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
