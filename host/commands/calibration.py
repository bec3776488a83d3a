"""calibrate, calibrations, recalibrate, calibration: calibrate platforms, list and correct
calibrations, tell which are due."""

from __future__ import annotations

import argparse

from . import Command, broker_options, db
from . import registry as registry_option
from .parts import missing_part, subcommand_adder


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("calibrate", _run, "guide through zero and known weights, fit, and save")
    db(p)
    registry_option(p)
    _platform(p)
    broker_options.add(p, "qingyun-calibrate", text="over MQTT: the broker")
    p.add_argument("--port", metavar="PORT", help="over the serial port instead")
    text = "the known weights, zero first (default: 0,20,50,100)"
    p.add_argument("--weights", type=_weights, default="0,20,50,100", metavar="KG,…", help=text)
    p.add_argument("--max-kg", type=float, metavar="KG", help="Max that the board must have")
    text = "at another temperature than the last session: gives the coefficients"
    p.add_argument("--second", action="store_true", help=text)
    p.add_argument("--force", action="store_true", help="save even what fails")
    text = "seconds until a weight must be at rest (default: 60)"
    p.add_argument("--wait", type=float, default=60.0, metavar="S", help=text)
    text = "run by a script: ask nothing, wait for each weight to be there"
    p.add_argument("--yes", action="store_true", help=text)
    p.epilog = (
        "Example: qingyun calibrate --db qingyun.db --broker 127.0.0.1:1883 "
        "--device qy-fs01 --channel w1 --by 李 --weights 0,20,50,100"
    )

    p = command("calibrations", _run, "what a platform weighed by, and who changed it")
    db(p)
    _platform(p, by=False)

    p = command("recalibrate", _run, "put right what a wrong calibration has weighed")
    db(p)
    registry_option(p)
    _platform(p)
    p.add_argument("--calibration", required=True, metavar="ID", help="the one that was wrong")
    text = "counts of the bare platform, as they should have been"
    p.add_argument("--zero", type=int, required=True, metavar="COUNTS", help=text)
    text = "the scale, as it should have been"
    p.add_argument("--counts-per-kg", type=float, required=True, metavar="N", help=text)
    p.add_argument("--reason", required=True, metavar="TEXT", help="why; stands in the reports")
    p.epilog = (
        "Example: qingyun recalibrate --db qingyun.db --device qy-fs01 --channel w1 --calibration "
        'k-20260303-7f3a --zero 84190 --counts-per-kg 21003.7 --reason "20 kg typed as 25" --by 李'
    )
    _due(command)


def _due(command: Command) -> None:
    p = command("calibration", missing_part, "which platforms have to be calibrated")
    part = subcommand_adder(p)
    text = "those whose evidence says so, as `standing --keep` left it; how many others there are"
    p = part("due", _run, text)
    db(p)
    registry_option(p)
    p.add_argument("--town", help="only this 街镇")
    text = "those without enough evidence too, with what they weigh by"
    p.add_argument("--unknown", action="store_true", help=text)


def _platform(p: argparse.ArgumentParser, *, by: bool = True) -> None:
    p.add_argument("--device", required=True, metavar="NAME", help="the board")
    p.add_argument("--channel", required=True, metavar="w1", help="its weight channel")
    if by:
        p.add_argument("--by", required=True, metavar="NAME", help="who does it; is kept")


def _weights(text: str) -> list[float]:
    try:
        weights = [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected kg like 0,20,50,100, found {text!r}") from None
    if len(set(weights)) < 2 or min(weights) < 0 or not max(weights) < 10_000 or len(weights) > 12:
        raise argparse.ArgumentTypeError(f"expected 2 to 12 weights, 0 or more, found {text!r}")
    return weights


def _run(args: argparse.Namespace) -> int:
    from .run import calibration as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
