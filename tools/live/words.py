"""What can be typed at the prompt of `make live`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from live.scene import AWAY_S, COLDEST, WARMEST, Refused


@dataclass(frozen=True)
class Word:
    """A command: how it is typed, and what it does. number: what the number it takes is,
    with its bounds; choices: what else its first word may be; bin: it may name one."""

    form: str
    says: str
    number: tuple[str, float, float] | None = None
    choices: tuple[str, ...] = ()
    bin: bool = False


_ON = ("off", "on")
_KG = ("kg", 0.001, 1000.0)
WORDS = {
    "put": Word("put KG [BIN]", "put so many kg into a bin", _KG, bin=True),
    "take": Word("take KG [BIN]", "take so many kg out of it again", _KG, bin=True),
    "lift": Word("lift [BIN]", f"lift it, empty it, put it back ({AWAY_S} s)", bin=True),
    "return": Word("return [BIN]", f"lift it and put it back as it was ({AWAY_S} s)", bin=True),
    "swap": Word("swap [BIN]", f"put an empty spare bin in its place ({AWAY_S} s)", bin=True),
    "fill": Word("fill PERCENT [BIN]", "so high lies its waste", ("%", 0.0, 100.0), bin=True),
    "door": Word("door open | door close", "a contact at the board", choices=("open", "close")),
    "warm": Word("warm °C", "the air at the site has it", ("°C", COLDEST, WARMEST)),
    "net": Word("net off | net on", "the board's network", choices=_ON),
    "unplug": Word("unplug", "the board's supply goes, at this moment"),
    "plug": Word("plug", "it comes again"),
    "broker": Word("broker off | broker on", "the MQTT broker", choices=_ON),
    "wait": Word("wait", "until the page shows what was done"),
    "help": Word("help", "this text"),
    "quit": Word("quit", "stop everything; so do Ctrl-C and Ctrl-D"),
}
_SAME = {"exit": "quit", "?": "help"}


@dataclass(frozen=True)
class Said:
    """A command as it was typed. word: its name; empty: nothing was typed."""

    word: str
    number: float = 0.0
    choice: str = ""
    bin: str = ""


def parse(line: str) -> Said:
    """Refused with what was expected, when it is no command."""
    name, *rest = line.split() or [""]
    name = _SAME.get(name.lower(), name.lower())
    if not name:
        return Said("")
    word = WORDS.get(name)
    if word is None:
        raise Refused(f"expected one of {' '.join(WORDS)}; found {name!r}")
    said = Said(name, *_first(name, word, rest))
    rest = rest[1 if word.number or word.choices else 0 :]
    if word.number and rest[:1] == [word.number[0]]:
        rest = rest[1:]
    if word.bin and rest:
        said = Said(name, said.number, said.choice, rest.pop(0))
    if rest:
        raise _wrong(name, word, " ".join(rest))
    return said


def _first(name: str, word: Word, rest: Sequence[str]) -> tuple[float, str]:
    """The number or the choice that the command takes."""
    first = rest[0] if rest else ""
    if word.choices:
        if first.lower() not in word.choices:
            raise _wrong(name, word, first)
        return 0.0, first.lower()
    if word.number is None:
        return 0.0, ""
    unit, least, most = word.number
    try:
        number = float(first.removesuffix(unit))
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        expected = f"{word.form}, {least:g} to {most:g} {unit}"
        raise Refused(f"{name}: expected {expected}; found {first!r}")
    return number, ""


def _wrong(name: str, word: Word, found: str) -> Refused:
    return Refused(f"{name}: expected {word.form}; found {found!r}")


def text(bins: Sequence[str]) -> str:
    """What `help` prints. bins: the channels that a command may name."""
    lines = [f"  {w.form:24}{w.says}" for w in WORDS.values()]
    lines += [f"  BIN is {', '.join(bins)} or the bin's name; where it is not said, {bins[0]}"]
    return "\n".join(lines)
