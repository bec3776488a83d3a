"""The physics of a day: actions befall bins and drums, and trace rows and events result.

Masses are integer grams, so sums are exact. Times are seconds of the local day
with one decimal; a row (t, channel, value) holds until the channel's next.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from day_plan import HARMFUL, PROFILES, Action, SitePlan, plan_bin, plan_platform, rng
from site_registry import Bin

RUN_IN = 600  # seconds traced before and after the day
EMPTY_MM, FULL_MM = 1000, 200  # air over the waste at fill 0 and 1
FLOOR_MM = 1060  # what the fill sensor sees while the bin is away
WORTH_A_LIFT = 5000  # g: a crew leaves an almost empty bin alone
LIFTS = ("collection", "swap", "lift_return")


@dataclass(frozen=True)
class Row:
    t: float
    channel: str
    value: float


@dataclass(frozen=True)
class Event:
    """grams: taken away (collection: net before minus what came back; swap: net of the
    bin that left), else added (deposit, rain) or lost (evaporation, drain: negative)."""

    t: float
    bin: Bin
    kind: str
    grams: int
    note: str = ""
    seconds: float = 0.0  # how long it took


@dataclass
class Day:
    rows: list[Row] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class _Wheelie:
    """One bin's place: what stands there now, and the rows it makes."""

    def __init__(self, bin_: Bin, draw: random.Random, day: Day) -> None:
        profile = PROFILES.get(bin_.stream, PROFILES[HARMFUL])
        self.place = bin_
        self.day = day
        self.tare = bin_.tare_g
        self.density = draw.uniform(*profile.density)
        self.waste = round(draw.uniform(*profile.opening_kg) * 1000)
        self.litres = self.waste / 1000 / self.density
        self.lid = 0  # water standing on the lid
        self.mm = -1
        self.slow: dict[str, tuple[float, int]] = {}

    @property
    def net(self) -> int:
        return self.waste + self.lid

    @property
    def gross(self) -> int:
        return self.tare + self.net

    def weigh(self, t: float, grams: int) -> None:
        if self.place.channel:
            self.day.rows.append(Row(round(t, 1), self.place.channel, grams / 1000))

    def show(self, t: float) -> None:
        """Rows of the bin at rest: its weight, and its fill where that changed."""
        self.weigh(t, self.gross)
        full = min(1.0, self.litres / self.place.volume_l) if self.place.volume_l else 0.0
        self.level(t, round(EMPTY_MM - full * (EMPTY_MM - FULL_MM)))

    def level(self, t: float, mm: int) -> None:
        if self.place.fill_channel and mm != self.mm:
            self.mm = mm
            self.day.rows.append(Row(round(t, 1), self.place.fill_channel, mm))

    def event(self, t: float, kind: str, grams: int, note: str = "", seconds: float = 0.0) -> None:
        self.day.events.append(Event(round(t, 1), self.place, kind, grams, note, seconds))

    def do(self, a: Action) -> float:
        """Let the action happen at a.t; returns when the bin is free again."""
        if a.kind in LIFTS:
            return self._lift(a)
        if a.kind == "deposit":
            return self._deposit(a)
        if a.kind in ("taken", "poured", "shed"):
            return self._less(a)
        if a.kind == "compaction":
            self.weigh(a.t, self.gross + a.grams)
            self.litres *= a.share
            self.show(a.t + a.seconds)
            self.event(a.t, a.kind, 0, f"pressed with {a.grams / 1000} kg")
            return a.t + a.seconds
        return self._slow(a)

    def _less(self, a: Action) -> float:
        """Hands take waste out, water is poured off a lifted bin, snow falls from the lid."""
        back = a.t + a.seconds
        if a.kind == "taken":
            gone = min(a.grams, self.waste)
            self.litres *= 1 - gone / self.waste if self.waste else 1
            self.waste -= gone
        else:
            gone = round(a.share * self.lid)
            self.lid -= gone
        if a.kind == "poured":
            self.weigh(a.t, 0)
        if gone or a.kind == "poured":
            self.show(back)
            self.event(a.t, a.kind, -gone, a.note, a.seconds)
        return back

    def _deposit(self, a: Action) -> float:
        if self.place.channel and self.gross + 1.4 * a.grams > 0.97 * self.place.max_g:
            return a.t  # no room: it goes elsewhere
        if a.seconds:
            self.weigh(a.t, self.gross + round(a.share * a.grams))
        self.waste += a.grams
        self.litres += a.grams / 1000 / self.density
        self.show(a.t + a.seconds)
        full = "full" if self.litres >= self.place.volume_l else ""
        note = " ".join(filter(None, (a.note, full)))
        self.event(a.t, a.kind, a.grams, note, a.seconds)
        return a.t + a.seconds

    def _lift(self, a: Action) -> float:
        if a.kind == "collection" and self.net < WORTH_A_LIFT:
            return a.t
        before, back = self.net, a.t + a.seconds
        self.weigh(a.t, 0)
        self.level(a.t, FLOOR_MM)
        note = a.note or f"away {a.seconds:.0f} s"
        if a.kind == "collection":
            left = min(max(round(a.share * before), a.grams), before // 2 + before // 10)
            self.litres *= left / before
            self.waste, self.lid = left, 0
        elif a.spare:
            self.tare, self.waste, self.lid, self.litres = a.spare.tare_g, 0, 0, 0.0
            note = a.spare.name
        self.show(back)
        self.event(a.t, a.kind, before - self.net, note, a.seconds)
        return back

    def _slow(self, a: Action) -> float:
        """Rain, evaporation, drainage: a step too small to be seen as a step."""
        if a.kind == "rain":
            change = a.grams
            self.lid += change
        elif a.kind == "evaporation":
            change = -min(a.grams, self.lid)
            self.lid += change
        else:
            change = -round(self.waste * a.share)
            self.waste += change
        if change:
            self.show(a.t)
            since, total = self.slow.get(a.kind, (a.t, 0))
            self.slow[a.kind] = (since, total + change)
        return a.t

    def close(self) -> None:
        for kind, (since, grams) in self.slow.items():
            self.event(since, kind, grams, "total of the day")


def _play_wheelie(bin_: Bin, site: SitePlan, draw: random.Random, day: Day) -> None:
    play_actions(bin_, plan_bin(bin_, site, draw), draw, day)


def play_actions(
    bin_: Bin,
    actions: Sequence[Action],
    draw: random.Random,
    day: Day,
    waste_g: int | None = None,
) -> None:
    """Let actions befall one bin in order of time. waste_g: what is in it at first."""
    wheelie = _Wheelie(bin_, draw, day)
    if waste_g is not None:
        wheelie.waste = waste_g
        wheelie.litres = waste_g / 1000 / wheelie.density
    wheelie.show(-RUN_IN)
    heap = [(round(a.t, 1), i) for i, a in enumerate(actions)]
    heapq.heapify(heap)
    free = 0.0
    while heap:
        t, i = heapq.heappop(heap)
        action = actions[i]
        if t < free:  # whoever comes during a lift waits until it is over
            heapq.heappush(heap, (round(free + draw.uniform(2, 20), 1), i))
            continue
        # Whole seconds for all but the intermediate rows of an action.
        at = float(round(t) if round(t) >= free else round(t) + 1)
        done = Action(
            at, action.kind, action.grams, action.seconds, action.share, action.note, action.spare
        )
        free = wheelie.do(done) + 2
    wheelie.close()
    wheelie.weigh(86400 + RUN_IN, wheelie.gross)


def _play_platform(bin_: Bin, site: SitePlan, draw: random.Random, day: Day) -> None:
    """Drums of 13..93 % of the platform's capacity, as many as it carries."""
    room = round(0.97 * bin_.max_g)
    drums = [round(draw.uniform(0.13, 0.5) * bin_.max_g)] if draw.random() < 0.6 else []

    def show(t: float) -> None:
        day.rows.append(Row(round(t, 1), bin_.channel, (bin_.tare_g + sum(drums)) / 1000))

    show(-RUN_IN)
    if bin_.fill_channel:
        day.rows.append(Row(-RUN_IN, bin_.fill_channel, EMPTY_MM))
    actions = plan_platform(site, draw)
    taken = False
    for action in actions:
        t = float(round(action.t))
        drum = round(draw.uniform(0.13, 0.93) * bin_.max_g)
        drum = min(drum, room - bin_.tare_g - sum(drums))
        last = action is actions[-1]
        enough = drum >= 0.13 * bin_.max_g
        if drums and (not enough or action.share < 0.45 or (last and not taken)):
            grams = drums.pop(draw.randrange(len(drums)))
            taken = True
            day.events.append(Event(t, bin_, "collection", grams, "drum weighed out"))
        elif enough:
            drums.append(drum)
            if action.share < 0.7:  # set down on one edge first
                before = bin_.tare_g + sum(drums[:-1]) + round(0.6 * drum)
                day.rows.append(Row(t - 1.5, bin_.channel, before / 1000))
            day.events.append(Event(t, bin_, "deposit", drum, "drum weighed in"))
        show(t)
    show(86400 + RUN_IN)


def play_bin(bin_: Bin, site: SitePlan, key: str, day: Day) -> None:
    """Append one bin's day to `day`; key names seed and date."""
    draw = rng(key, bin_.site, bin_.device, bin_.channel or bin_.fill_channel)
    if bin_.container == "platform":
        _play_platform(bin_, site, draw, day)
    else:
        _play_wheelie(bin_, site, draw, day)
