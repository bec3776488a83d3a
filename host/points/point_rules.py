"""The rules that hold at each collection point on a day, and what they find there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..alarms.alarm_log import Finding
from ..alarms.rules import Rule
from ..registry import DISTRICT, Site
from .board_measures import certificate_of
from .measure import MEASURES, Measure
from .scene import Scene


class _Held(NamedTuple):
    """A rule that holds at a point. streams: those it is for, None: any."""

    rule: Rule
    measure: Measure
    streams: frozenset[str] | None


class PointRules:
    """The rules that hold at each point on a day. boards: those of points."""

    def __init__(self, rules: Iterable[Rule], boards: Iterable[str] = ()) -> None:
        self._boards = frozenset(boards)
        self._rules = [r for r in rules if r.is_of_points and r.kind in MEASURES]
        self._day: dt.date | None = None
        self._known: dict[str, list[_Held]] = {}

    def of(self, site: Site, day: dt.date) -> list[_Held]:
        """Those of a site on a local day."""
        if day != self._day:
            self._day, self._known = day, {}
        if site.site not in self._known:
            values = {"site": site.site, "town": site.town}
            self._known[site.site] = [
                _Held(r, MEASURES[r.kind], frozenset(r.values_of("stream")) or None)
                for r in self._rules
                if r.holds(day) and r.fits(values)
            ]
        return self._known[site.site]

    def findings(self, scene: Scene) -> list[Finding]:
        """The values of all rules of a point."""
        found, site = [], scene.site.site
        for rule, measure, streams in self.of(scene.site, scene.day):
            for m in measure(scene, rule):
                if streams is None or not m.stream or m.stream in streams:
                    value = None if m.value is None else m.value / rule.factor
                    found.append(Finding(rule, site, "", m.subject, value, m.text, m.since))
        return found

    def certificates(self, ends: Mapping[str, dt.date], day: dt.date) -> list[Finding]:
        """The certificates of broker, services and boards of stores: of no point, so by the rules
        that hold everywhere. ends: name → local day on which a certificate ends."""
        held = [
            r
            for r in self._rules
            if r.kind == "certificate" and r.holds(day) and {n for n, _ in r.scope} <= {"months"}
        ]
        found = (certificate_of(n, d, day) for n, d in ends.items() if n not in self._boards)
        return [
            Finding(r, DISTRICT, "", m.subject, m.value, m.text, m.since)
            for m in found
            for r in held
        ]
