"""The watch over a collection point of the example registry, with a keeper of alarms and without a
store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sim_board import ROOT

from host import registry
from host.alarms import rules
from host.alarms.rules import Rule
from host.common.local_days import LOCAL
from host.points.update import Watch
from host.registry import Registry

KNOWN = registry.load(ROOT / "registry")
EVERY_LIMIT = rules.load(ROOT / "registry", {})
LIMITS = [r for r in EVERY_LIMIT if r.kind != "unheard"]  # it is of boards that tests leave out
BOARD, SITE, BIN = "qy-fs01", "fs-01", "fs-01-1"
MINUTE, HOUR = 60, 3600


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=LOCAL).timestamp())


NOON = at("2026-03-03T12:00")


class Point:
    """The watch with a keeper of alarms, without a store."""

    def __init__(self, known: Registry = KNOWN, limits: Iterable[Rule] = LIMITS) -> None:
        self.watch = Watch(known, [*limits])
        self.open: set[tuple[str, str, str]] = set()

    def reading(self, t: int, values: dict[str, float], q: dict[str, str] | None = None) -> None:
        """values: w in kg, f as a share, c in °C."""
        unit = {"w": 1000, "f": 1000, "c": 100, "r": 1, "b": 1}
        whole = {k: round(v * unit[k[0]]) for k, v in values.items()}
        self.watch.boards[BOARD].take([(t, whole, q or {})])

    def look(self, now: int) -> list[tuple[str, str, str]]:
        """(what, rule, subject) of the changes at now, in order."""
        changes = []
        for _, findings in self.watch.findings(now):
            for f in findings:
                key = f.rule.rule, f.place, f.subject
                if f.value is not None and key not in self.open and f.value >= f.rule.threshold:
                    self.open.add(key)
                    changes.append(("raised", f.rule.rule, f.subject))
                elif f.value is not None and key in self.open and f.value < f.rule.clear:
                    self.open.remove(key)
                    changes.append(("cleared", f.rule.rule, f.subject))
        return sorted(changes)


def well() -> dict[str, float]:
    weights = {"w1": 20.0, "w2": 20.0, "w3": 20.0, "w4": 12.0}
    return weights | {"f1": 0.3, "f2": 0.3, "f3": 0.3, "c1": 20.0}


def quiet(point: Point, start: int, minutes: int) -> int:
    """So many minutes in which nothing happens; the time of the last reading."""
    for t in range(start, start + minutes * MINUTE + 1, 5 * MINUTE):
        point.reading(t, well())
        assert point.look(t + 3) == []
    return t
