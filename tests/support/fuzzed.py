"""Messages of boards, good and broken, many from few draws.

Hypothesis draws a plan: who says what, how often, and what is wrong with it; each plan makes
COPIES messages with a generator of its own, so that a million of them take minutes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

COPIES = 64
DEVICES = ("fs-01/qy-fs01", "jt-01/qy-jt01", "hw-01/qy-hw01")
LIVES = ("9c4e01ab", "00000000", "ffffffff")
CALIBRATION: dict[str, Any] = {
    "kind": "weight", "unit": "kg", "calibration": "c-1", "calibrated": "2026-01-05",
    "zero": 84_190, "counts_per_kg": 21_003.7, "since": 0,
}  # fmt: skip
# As they stand in a message: Python would not write some of them.
NUMBERS = (
    *("1e300", "-1e300", "1" * 400, "-" + "9" * 400, "1e999", "2147483648", "9223372036854775808"),
    *("-1", "0", "-0.0", "0.5", "1e-320", "NaN", "Infinity", "true", "null", "4294967295"),
)
TEXTS = (r'"\u0000"', r'"a\u0000b"', r'"\ud800"', '"' + "x" * 5000 + '"', r'"\u001b[2J"', '""')
ODD = (*NUMBERS, *TEXTS, "[]", "{}", '[{"a":1}]', "[[[[[[1]]]]]]")
GOOD = ("w1", "w2", "f1", "c1", "d1", "w99", "w09")
KEYS = (
    *GOOD,
    *("w²", "w100", "life", "seq", "boot", "t", "up"),
    *("q", "channels", "first", "confirm", "every_s", "queue", "clock", "rssi", "", r"\u0000"),
)


@dataclass(frozen=True)
class Plan:
    """What is said; wrong: the share of messages with something odd in them."""

    seed: int
    topic: str
    device: str
    life: str
    channels: tuple[str, ...]
    wrong: float
    seqs: int  # of so many, in any order and again
    old: int  # readings are of so many past days
    in_order: bool = False  # one seq after the other, as a rule


plans = st.builds(
    Plan,
    seed=st.integers(0, 1 << 32),
    topic=st.sampled_from(("reading",) * 7 + ("birth", "birth", "state", "status", "crash")),
    device=st.sampled_from((*DEVICES * 4, "fs-01/nobody", "x/qy-fs01", "fs-01/qy-fs\x0001")),
    life=st.sampled_from((*LIVES * 3, "", "9C4E01AB"))
    | st.from_regex("[0-9a-f]{8}", fullmatch=True),
    channels=st.lists(st.sampled_from(GOOD), min_size=1, max_size=4, unique=True).map(tuple),
    wrong=st.sampled_from((0.02, 0.02, 0.1, 0.5, 1.0)),
    seqs=st.sampled_from((60_000, 5_000, 50)),
    old=st.sampled_from((0, 0, 1, 40)),
    in_order=st.booleans(),
)


def messages(plan: Plan, now: int) -> list[tuple[str, bytes]]:
    """COPIES messages, some of them twice; now: Unix seconds."""
    rng = random.Random(plan.seed)  # noqa: S311
    topic = f"qingyun/1/{plan.device}/{plan.topic}"
    out: list[tuple[str, bytes]] = []
    seqs = _seqs(plan, rng)
    while len(out) < COPIES:
        if out and rng.random() < 0.1:
            out.append(rng.choice(out[-rng.choice((2, COPIES)) :]))
        else:
            out.append((topic, _payload(plan, rng, seqs, now)))
    return out


def _seqs(plan: Plan, rng: random.Random) -> Iterator[int]:
    seq = rng.randrange(plan.seqs)
    while True:
        yield seq
        seq = seq + 1 if plan.in_order and rng.random() < 0.95 else rng.randrange(plan.seqs)


def _payload(plan: Plan, rng: random.Random, seqs: Iterator[int], now: int) -> bytes:
    if plan.topic == "status":
        body = rng.choice((b"online", b"offline", b"safe", b"", rng.randbytes(9)))
    elif plan.topic == "birth":
        body = _json(plan, rng, _birth(plan, rng, now))
    else:
        many = rng.choice((1, 1, 1, 2, 8))
        parts = [_json(plan, rng, _reading(plan, rng, next(seqs), now)) for _ in range(many)]
        body = parts[0] if many == 1 else b"[" + b",".join(parts) + b"]"
    if rng.random() < plan.wrong / 4:
        body = _damaged(rng, body)
    return body


def _json(plan: Plan, rng: random.Random, value: dict[str, Any]) -> bytes:
    """As JSON, perhaps with other text at one place."""
    if rng.random() >= plan.wrong:
        return json.dumps(value).encode()
    place = value
    if "channels" in value and rng.random() < 0.5:
        place = value["channels"]["w1"] = dict(CALIBRATION)
    keys = list(place) or ["w1"]
    place[rng.choice((*keys, *keys, rng.choice(KEYS)))] = "@@"
    odd = rng.choice(ODD)
    return json.dumps(value).replace('"@@"', odd).encode(errors="surrogatepass")


def _damaged(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    return rng.choice(
        (body[:at], body[:at] + rng.randbytes(3) + body[at + 2 :], body + body, rng.randbytes(40))
    )


def _reading(plan: Plan, rng: random.Random, seq: int, now: int) -> dict[str, Any]:
    value: dict[str, Any] = {"life": plan.life, "seq": seq}
    value["boot"] = rng.choice((0, 0, 1, rng.randrange(1 << 32)))
    if rng.random() < 0.1:
        value["up"] = rng.choice((5, 3_600, 1 << 31))
    else:
        value["t"] = now - 86_400 * rng.randrange(plan.old + 1) - rng.randrange(4_000)
        if rng.random() < 0.01:
            value["t"] = now + rng.choice((80_000, 90_000, 1 << 28))
    value |= {name: rng.choice((0, 1, 0.5, 0.123)) for name in plan.channels}
    if not plan.channels or rng.random() < 0.1:
        value["q"] = {rng.choice(("w1", "f2")): rng.choice(("moving", "no_echo"))}
    return value


def _birth(plan: Plan, rng: random.Random, now: int) -> dict[str, Any]:
    value: dict[str, Any] = {"life": plan.life, "boot": rng.randrange(4), "up": rng.randrange(900)}
    value["channels"] = {"w1": CALIBRATION | {"since": rng.choice((0, 0, 7, 1 << 31))}}
    if rng.random() < 0.8:
        value["t"] = now - rng.randrange(600)
    if rng.random() < 0.2:
        value["first"] = rng.choice((0, 0, plan.seqs // 2, (1 << 32) - 1))
    value["confirm"] = rng.choice(("host", "host", "broker"))
    value["every_s"] = rng.choice((60, 300, 86_400))
    return value
