"""Validates messages of boards: strict, so that what is stored is true.

Weights become integer grams, fill permille, temperature 0.01 °C. Whatever cannot be
understood comes back whole, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

LARGEST = 1 << 20  # bytes of a payload that are kept
EARLIEST = 1_420_070_400  # 2015-01-01
LATEST = 4_102_444_800  # 2100-01-01
LIFE = "[0-9a-f]{8}"
COUNT = 1 << 32
FUTURE = "is in the future"  # how the reason of a reading ends that this machine's clock refuses
_life_pattern = re.compile(LIFE)
QUALITIES = frozenset(
    (
        *("moving", "no_data", "not_ready", "saturated", "bad_frame"),
        *("no_echo", "blind", "range", "frozen", "fault"),
        *("tared", "zeroed", "unit"),  # of instruments on a serial line
        "tilted",  # of a fill sensor that hangs askew, or whose lid is open
    )
)
CARD = "k"  # the kind of channel that says ids of cards
# Per kind of channel: units per 1, least and most on the wire. Weight kg, fill, degC, contact, id
# of a card; of LoRaWAN sensors battery in % and V, signal in dBm, signal to noise in dB.
_KINDS = {
    **{"w": (1000, -10_000, 10_000), "f": (1000, 0, 1.05), "c": (100, -60, 100), "d": (1, 0, 1)},
    CARD: (1, 0, 0x7FFFFF),
    **{"b": (1, 0, 100), "v": (1000, 0, 20), "r": (1, -200, 50), "s": (10, -50, 50)},
}
LIMITS = {
    f"{kind}{n}": limits
    for kind, limits in _KINDS.items()
    for n in [*map(str, range(100)), *(f"0{i}" for i in range(10))]
}


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One reading of a board; exactly one of t (Unix s) and up (s since its start) is set."""

    life: str
    seq: int
    boot: int
    t: int | None
    up: int | None
    values: dict[str, int]
    q: dict[str, str]


@dataclass(frozen=True)
class Weighed:
    """By what a weight channel weighs, from the reading `since` of its life on."""

    channel: str
    since: int
    id: str
    date: str
    zero: int
    counts_per_kg: float
    t_c: float | None = None
    zero_per_c: float | None = None
    span_ppm_per_c: float | None = None


@dataclass(frozen=True)
class Birth:
    """What a board says of itself when it connects; body is the message as it came.

    first: the lowest seq that the board still has; what is missing below it is lost.
    confirm: it keeps a reading until the host has said that it is stored.
    every_s: it reports at least once in so many seconds; None: it does not say."""

    life: str
    boot: int
    t: int | None
    up: int
    first: int
    body: bytes
    weighed: tuple[Weighed, ...] = ()
    confirm: bool = False
    every_s: int | None = None


class Rejected(Exception):
    """The reason why a message, or a part of one, cannot be taken."""


def shown(text: str, longest: int) -> str:
    """A text from outside as it is kept and shown: one line, no control characters, not long."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:longest])


_encode = msgspec.json.Encoder().encode
_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode


def decoded(payload: bytes) -> Any:
    """A payload as JSON; Rejected says why it is none."""
    if len(payload) > LARGEST:
        raise Rejected(f"larger than {LARGEST} bytes: {len(payload)}")
    try:
        return _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Rejected(f"not JSON: {error}") from None
    except RecursionError:
        raise Rejected("not JSON: nested too deeply") from None


class Values(Protocol):
    """A reading wherever it stands."""

    @property
    def seq(self) -> int: ...
    @property
    def boot(self) -> int: ...
    @property
    def t(self) -> int | None: ...
    @property
    def up(self) -> int | None: ...
    @property
    def values(self) -> dict[str, int]: ...
    @property
    def q(self) -> dict[str, str]: ...


def wire(life: str, r: Values) -> bytes:
    """A reading as its board could have sent it: reading() of it is the same."""
    head = {"life": life, "seq": r.seq, "boot": r.boot}
    clock = {"up": r.up} if r.t is None else {"t": r.t}
    values = {key: v / LIMITS[key][0] for key, v in r.values.items()}
    return _encode({**head, **clock, **values, **({"q": r.q} if r.q else {})})


Name = tuple[str, int]  # life and seq: what names a reading of a board


def readings(
    payload: bytes, latest: int
) -> tuple[list[Reading], list[tuple[bytes, str, Name | None]]]:
    """The readings of a message, and what had to be refused as (bytes, reason, name);
    the name is None where not even that could be read.

    latest: no reading may be younger than this Unix second. Of an array each bad
    element is refused alone."""
    try:
        value = decoded(payload)
        if not isinstance(value, (dict, list)):
            raise Rejected("expected an object or an array of objects")
        if not value and isinstance(value, list):
            raise Rejected("an array without readings")
    except Rejected as error:
        return [], [(payload[:LARGEST], str(error), None)]
    good, bad = [], []
    for element in value if isinstance(value, list) else [value]:
        try:
            good.append(reading(element, latest))
        except Rejected as error:
            whole = payload[:LARGEST] if isinstance(value, dict) else _encode(element)
            bad.append((whole, str(error), _name(element)))
    return good, bad


def _name(value: Any) -> Name | None:
    """What names an element that was refused, if it can be read."""
    try:
        return (life_of(value), count_of(value, "seq")) if isinstance(value, dict) else None
    except Rejected:
        return None


def reading(value: Any, latest: int) -> Reading:
    """One decoded object as a reading; Rejected says what is wrong with it."""
    if not isinstance(value, dict):
        raise Rejected("expected an object")
    if "refused" in value:  # by its sender, who could not understand it
        raise Rejected(shown(str(value["refused"]), 200))
    life = life_of(value)
    seq, boot = count_of(value, "seq"), count_of(value, "boot")
    t, up = time_of(value, latest)
    q = value.get("q") if "q" in value else {}
    if q:
        _check_reasons(q)
    elif type(q) is not dict:
        raise Rejected("q: expected an object")
    values: dict[str, int] = {}
    for key, v in value.items():
        limits = LIMITS.get(key)
        if limits is None:
            if key not in _ENVELOPE:
                raise Rejected(f"unknown key {key[:40]!r}")
            continue
        units, low, high = limits
        kind = type(v)
        if kind is not float and kind is not int:
            raise Rejected(f"{key}: expected a number")
        if not low <= v <= high:
            raise Rejected(f"{key}: {str(v)[:40]} is not within {low} to {high}")
        # The wire has at most so many decimals as units has zeros: rounding is exact.
        values[key] = round(v * units)
    if not values and not q:
        raise Rejected("no channel")
    return Reading(life, seq, boot, t, up, values, q)


def _check_reasons(q: Any) -> None:
    if not isinstance(q, dict):
        raise Rejected("q: expected an object")
    for key, why in q.items():
        if key not in LIMITS:
            raise Rejected(f"q: {key[:40]!r} is no channel")
        if not isinstance(why, str) or why not in QUALITIES:
            raise Rejected(f"q.{key}: unknown reason {str(why)[:40]!r}")


_ENVELOPE = frozenset(("life", "seq", "boot", "t", "up", "q"))


def life_of(value: dict[str, Any]) -> str:
    """Its life, 8 hexadecimal digits."""
    life = value.get("life")
    if not isinstance(life, str) or not _life_pattern.fullmatch(life):
        raise Rejected(
            "life: expected 8 hexadecimal digits" if life is not None else "life is missing"
        )
    return life


def count_of(value: dict[str, Any], key: str) -> int:
    """A whole number below COUNT."""
    n = value.get(key)
    if type(n) is int and 0 <= n < COUNT:
        return n
    if n is None:
        raise Rejected(f"{key} is missing")
    raise Rejected(f"{key}: expected a whole number from 0 to {COUNT - 1}")


def time_of(value: dict[str, Any], latest: int) -> tuple[int | None, int | None]:
    """t and up, exactly one of them."""
    if ("t" in value) == ("up" in value):
        raise Rejected("expected exactly one of t and up")
    if "up" in value:
        return None, count_of(value, "up")
    t = value["t"]
    if isinstance(t, bool) or not isinstance(t, int):
        raise Rejected("t: expected whole Unix seconds")
    if not EARLIEST <= t < LATEST:
        raise Rejected(f"t: {t} is not within 2015 to 2100")
    if t > latest:
        raise Rejected(f"t: {t} {FUTURE}")
    return t, None
