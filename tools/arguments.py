"""Arguments of the programs that `make` runs: a mistake is one line and exit code 2.

python3 tools/arguments.py soak DAYS 30      exit code 0 when DAYS is 1 or more
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """As argparse has it, with the module's own text laid out as it is, and without the usage
    before a mistake."""

    def __init__(self, prog: str, description: str | None) -> None:
        super().__init__(prog, None, description, formatter_class=argparse.RawTextHelpFormatter)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def whole(least: int, most: int = 1 << 31) -> Callable[[str], int]:
    """A whole number in these bounds, written with digits."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
            bounds = f"{least} or more" if most == 1 << 31 else f"{least} to {most}"
            said = f"expected a whole number, {bounds}, found {text!r}"
            raise argparse.ArgumentTypeError(said)
        return int(text)

    return parse


def seconds(text: str) -> float:
    """More than none, a day at most."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 86_400:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, 86400 at most, found {text!r}")
    return found


def main(argv: Sequence[str]) -> int:
    """For targets that run no program of ours."""
    what, name, text = argv
    try:
        whole(1)(text)
    except argparse.ArgumentTypeError as error:
        print(f"{what}: error: {name}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
