"""Validates birth messages: what a board is, and by what it weighs.

Every number and text that is stored has a bound: one message of one board must not stop what
is stored of all others."""

from __future__ import annotations

from typing import Any

import msgspec

from .messages import LIMITS, Birth, Rejected, Weighed, count_of, decoded, life_of, shown, time_of

# Least and most, as a board takes them in its configuration (firmware/settings/config.py).
_COUNTS = -0x800000, 0x7FFFFF  # 24 bits
_SCALE = -1e6, 1e6
_TERMS = {"t_c": (-1000, 1000), "zero_per_c": (-1e6, 1e6), "span_ppm_per_c": (-1000, 1000)}
_SLOWEST_S = 86_400  # power.wake_s at the most
_LONGEST = 64  # characters of a text


def birth(payload: bytes, latest: int) -> Birth:
    """A birth message; Rejected says what is wrong with it."""
    value = decoded(payload)
    if not isinstance(value, dict):
        raise Rejected("expected an object")
    up = count_of(value, "up")
    t = None
    if "t" in value:
        t, _ = time_of({"t": value["t"]}, latest)
    first = count_of(value, "first") if "first" in value else 0
    weighed = _weighed(value.get("channels", {}))
    confirm = value.get("confirm") == "host"
    every_s = value.get("every_s")
    if every_s is not None and not (type(every_s) is int and 1 <= every_s <= _SLOWEST_S):
        raise Rejected(f"every_s: expected a whole number from 1 to {_SLOWEST_S}")
    names = life_of(value), count_of(value, "boot")
    return Birth(*names, t, up, first, payload, weighed, confirm, every_s)


class _Brief(msgspec.Struct):
    life: str
    boot: int
    up: int
    first: int = 0
    confirm: str = ""


_brief = msgspec.json.Decoder(_Brief).decode


def brief(payload: bytes, _: int) -> Birth:
    """A birth message without what it tells of time, calibrations and intervals, in a small part
    of the time; Rejected as birth()."""
    try:
        b = _brief(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"not as expected: {shown(str(error), 100)}") from None
    value = {"life": b.life, "boot": b.boot, "up": b.up, "first": b.first}
    life, boot = life_of(value), count_of(value, "boot")
    up, first = count_of(value, "up"), count_of(value, "first")
    return Birth(life, boot, None, up, first, payload, confirm=b.confirm == "host")


def _weighed(channels: Any) -> tuple[Weighed, ...]:
    """The calibrations that a birth tells in full (older firmware tells only their ids)."""
    if not isinstance(channels, dict):
        raise Rejected("channels: expected an object")
    return tuple(
        _calibration(name, ch)
        for name, ch in channels.items()
        if isinstance(ch, dict) and "since" in ch and name in LIMITS
    )


def _calibration(name: str, ch: dict[str, Any]) -> Weighed:
    where = f"channels.{name}"
    since = count_of(ch, "since")
    texts = _text(ch, "calibration", where), _text(ch, "calibrated", where)
    zero = round(_number(ch, "zero", *_COUNTS, where))
    scale = float(_number(ch, "counts_per_kg", *_SCALE, where))
    if abs(scale) < 1:
        raise Rejected(f"{where}.counts_per_kg: expected 1 or more either way")
    terms = [
        None if ch.get(key) is None else float(_number(ch, key, *limits, where))
        for key, limits in _TERMS.items()
    ]
    return Weighed(name, since, *texts, zero, scale, *terms)


def _number(ch: dict[str, Any], key: str, low: float, high: float, where: str) -> float:
    value = ch.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise Rejected(f"{where}.{key}: expected a number from {low:g} to {high:g}")
    return value


def _text(ch: dict[str, Any], key: str, where: str) -> str:
    value = ch.get(key)
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise Rejected(f"{where}.{key}: expected a text of at most {_LONGEST} characters")
    return shown(value, _LONGEST)
