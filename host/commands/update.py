"""bundle, update: pack firmware, and send it to boards."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..common import project
from ..update import BOARDS, KEY_SIZES
from . import Command, broker_options
from . import registry as registry_option


def add(command: Command) -> None:
    """Put both subcommands into the parser."""
    text = "compile and sign a firmware for updates over the air"
    _add_bundle(command("bundle", _run, text))
    text = "bring a bundle to boards: a few first, then in waves"
    _add_update(command("update", _run, text))


def _add_bundle(p: argparse.ArgumentParser) -> None:
    text = "the RSA key that signs; its public half, FILE.pub, lies on the boards"
    p.add_argument("--key", type=Path, metavar="FILE", help=text)
    p.add_argument("--out", type=Path, metavar="FILE", help="the bundle")
    text = "for which boards (default: esp32)"
    p.add_argument("--board", choices=BOARDS, default="esp32", help=text)
    text = "it may replace a newer version (with --older of qingyun update)"
    p.add_argument("--older", action="store_true", help=text)
    text = "boards that have taken it accept no version below this one any more"
    p.add_argument("--lowest", metavar="VERSION", help=text)
    text = "boards that have taken it go by the one or two public keys in this file, a line each"
    p.add_argument("--trust", type=Path, metavar="FILE", help=text)
    text = "make a key and its public half instead"
    p.add_argument("--new-key", type=Path, metavar="FILE", help=text)
    text = "length of a new key (default: 3072)"
    p.add_argument("--bits", type=int, choices=KEY_SIZES, default=3072, help=text)
    text = "where firmware/ and boards/ lie (default: those of this installation)"
    p.add_argument("--source", type=Path, default=project.ROOT, metavar="DIR", help=text)
    p.epilog = "Example: qingyun bundle --key update.key --out qingyun.bundle"


def _add_update(p: argparse.ArgumentParser) -> None:
    text = (
        "a file of qingyun bundle; or rotate-key: this firmware once more, and other keys with it"
    )
    p.add_argument("bundle", type=Path, metavar="BUNDLE", help=text)
    text = "rotate-key: a key that the boards go by now"
    p.add_argument("--key", type=Path, metavar="FILE", help=text)
    text = "rotate-key: the one or two public keys that they shall go by, a line each"
    p.add_argument("--trust", type=Path, metavar="FILE", help=text)
    text = "rotate-key: for which boards (default: esp32)"
    p.add_argument("--board", choices=BOARDS, default="esp32", help=text)
    registry_option(p)
    broker_options.add(p, "qingyun-update", default="127.0.0.1:1883")
    text = "only this board; may be given more than once"
    p.add_argument("--device", action="append", default=[], metavar="DEVICE", help=text)
    text = "only the boards of this site; may be given more than once"
    p.add_argument("--site", action="append", default=[], metavar="SITE", help=text)
    text = "boards that go first, a share or a number (default: 5%%)"
    p.add_argument("--canary", default="5%", metavar="SHARE", help=text)
    text = "begin no further wave after so many failures (default: 1)"
    p.add_argument("--halt", type=int, default=1, metavar="N", help=text)
    p.add_argument(
        "--older",
        action="store_true",
        help="also where that is a step back; the bundle must be signed so",
    )
    text = "a board without an outcome has failed after this (default: 1800)"
    p.add_argument("--timeout", type=float, default=1800, metavar="SECONDS", help=text)
    p.add_argument("--by", default="", metavar="NAME", help="who does this; stands in the logs")
    text = "a line for each attempt and outcome is added here (default: updates.log)"
    p.add_argument("--log", type=Path, default=Path("updates.log"), metavar="FILE", help=text)
    p.epilog = "Example: qingyun update qingyun.bundle --site fs-01 --canary 1"


def _run(args: argparse.Namespace) -> int:
    from .run import update as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
