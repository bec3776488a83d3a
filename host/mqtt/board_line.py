"""What a board says of its line to the broker, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

UPLINK = {"wifi": "无线", "lan": "网线", "ppp": "4G"}
SIM = {"missing": "无卡", "pin": "有 PIN 码", "puk": "已锁", "faulty": "坏卡"}


def told(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(text, style) of the line of a board that has another one than Wi-Fi, of a SIM that is not
    ready, and of what 4G carried this month; nothing of any other board."""
    uplink = values.get("uplink")
    if not isinstance(uplink, str) or uplink not in UPLINK:
        return
    yield f"line {uplink} {UPLINK[uplink]}", ""
    sim = values.get("sim")
    if isinstance(sim, str) and sim in SIM:
        yield f"SIM {sim} {SIM[sim]}", "red"
    carried, budget = _number(values.get("month_kb")), _number(values.get("budget_mb"))
    if carried is not None:
        of = f" of {budget:.0f}" if budget else ""
        used_up = bool(budget) and carried >= 1000 * (budget or 0)
        yield f"month 本月 {carried / 1000:.1f}{of} MB", "red" if used_up else ""


def _number(value: object) -> float | None:
    return None if isinstance(value, bool) or not isinstance(value, (int, float)) else value
