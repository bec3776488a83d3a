"""What sites show beside faults of a scale: hands that take out, water, snow, worn platforms, loose
cables, boards that report seldom, and bins with nothing but a fill sensor."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from day_plan import DRY, WET, Action
from day_play import EMPTY_MM, FLOOR_MM, FULL_MM, RUN_IN, Event, Row
from site_registry import Bin

from accuracy.families import (
    WINDOWS,
    _collection,
    _deposits,
    _draw,
    _gather,
    _ordinary,
    _play,
    _scene,
    normal,
)
from accuracy.scene import BLIND_MM, DEVICE, SITE, Loose, Scene


def seldom(seed: int) -> Scene:
    """A board that reports every 15 to 60 min, where nothing changes; the network fails too."""
    scene = normal(seed, "seldom")
    draw = _draw(scene, "interval")
    scene.report = {"every_s": draw.choice((900, 1800, 3600))}
    start = draw.uniform(0, 60000)
    scene.offline.append((float(round(start)), float(round(start + draw.uniform(600, 10800)))))
    return scene


def hands(seed: int) -> Scene:
    """Hands take bags out, 0.3 to 8 kg at a time, three to ten times; a truck comes too."""
    scene = _scene("hands", seed)
    draw = _draw(scene)
    bin_ = scene.bins[0]
    actions = [a for a in _ordinary(scene, bin_, draw) if a.kind != "compaction"]
    for _ in range(draw.randint(3, 10)):
        grams = round(300 * (8000 / 300) ** draw.random())
        actions.append(Action(draw.uniform(18000, 80000), "taken", grams, draw.uniform(1, 20)))
    _play(scene, bin_, actions, draw, draw.randrange(2000, 20000))
    return scene


def water(seed: int) -> Scene:
    """Water collects on the waste over hours, and somebody pours it out before the truck comes."""
    scene = _scene("water", seed)
    draw = _draw(scene)
    actions = _deposits(draw, draw.randint(15, 35), 500, 1500, 5000)
    start, hours, grams = draw.uniform(0, 30000), draw.uniform(1, 6), draw.uniform(1500, 9000)
    actions += _gather(start, hours, grams)
    poured = start + 3600 * hours + draw.uniform(600, 9000)
    share = draw.uniform(0.7, 1.0)
    actions.append(Action(poured, "poured", 0, draw.uniform(6, 40), share))
    actions.append(_collection(draw.uniform(73000, 82000), draw))
    _play(scene, scene.bins[0], actions, draw, draw.randrange(0, 20000))
    return scene


def worn(seed: int) -> Scene:
    """A worn platform shows up to 0.6 % more or less, by where the load stands: another place each
    time the bin comes back, a little further with each push."""
    scene = normal(seed, "worn")
    draw = _draw(scene, "corner")
    channel = scene.bins[0].channel
    rows, error, gone = [], draw.gauss(0, 0.002), False
    for row in scene.sorted_rows():
        if row.channel != channel:
            rows.append(row)
            continue
        if gone and row.value > 1:
            error = draw.gauss(0, 0.002)
        elif row.value > 1 and draw.random() < 0.1:
            error += draw.gauss(0, 0.0004)
        error = max(-0.006, min(0.006, error))
        gone = row.value <= 1
        rows.append(replace(row, value=round(row.value * (1 + error), 3)))
    scene.rows = rows
    return scene


def loose(seed: int) -> Scene:
    """A contact of the cable is loose: two to eight times, for 2 s to half an hour."""
    scene = normal(seed, "loose")
    draw = _draw(scene, "contact")
    for _ in range(draw.randint(2, 8)):
        start = draw.uniform(3600, 82000)
        length = 2 * 900 ** draw.random()
        share = draw.choice((0.0, draw.uniform(0.2, 0.95), draw.uniform(0.95, 0.999)))
        opened = draw.choice((0.0, 0.02, 0.5))
        scene.loose.append(Loose("w1", start, start + length, share, opened))
    return scene


def snow(seed: int) -> Scene:
    """Snow of 1 to 8 kg comes to lie on the lid in a few hours; when somebody opens the lid some of
    it falls off."""
    scene = _scene("snow", seed)
    draw = _draw(scene)
    bin_ = scene.bins[0]
    actions = [a for a in _ordinary(scene, bin_, draw) if a.kind != "compaction"]
    start, hours, grams = draw.uniform(0, 50000), draw.uniform(2, 8), draw.uniform(1000, 8000)
    actions += _gather(start, hours, grams)
    for a in [a for a in actions if a.kind == "deposit"]:
        if draw.random() < 0.5:
            share = draw.uniform(0.3, 1.0)
            actions.append(Action(a.t - draw.uniform(1, 4), "shed", 0, 0.0, share))
    actions = [a for a in actions if a.t >= 0]
    _play(scene, bin_, actions, draw, draw.randrange(2000, 20000))
    return scene


# Bins without a scale

DENSITIES = {DRY: (100, 175, 250), WET: (500, 650, 800)}  # kg/m³: low, usual, high
VOLUME_L = 240.0
HEAPED_L = 300.0  # as much as can stand on a full bin
FAR_MM = (850, 1060)  # what an old sensor shows of waste that is too near


def _fill_scene(family: str, seed: int) -> Scene:
    scene = _scene(family, seed)
    stream = scene.bins[0].stream
    scene.bins = [Bin("b1", SITE, DEVICE, "", "f1", stream, VOLUME_L, 0, "wheelie", 0)]
    scene.calibration = {}
    return scene


def _fill_day(
    scene: Scene, draw: random.Random, litres_a_day: float, hands: int = 0, *, old: bool = False
) -> None:
    """Litres come in bags, are pressed, taken out by hands and collected by one or two trucks; the
    sensor sees an uneven surface. old: it shows far where the waste is too near."""
    bin_ = scene.bins[0]
    low, usual, high = DENSITIES[bin_.stream]
    density = draw.triangular(low, high, usual)
    n = draw.randint(15, 50)
    actions: list[tuple[float, str, float]] = []
    for _ in range(n):
        start, end = draw.choice((*WINDOWS, (25200, 72000)))
        litres = litres_a_day / n * draw.uniform(0.3, 1.7)
        actions.append((draw.triangular(start, end), "bag", litres))
    actions += [(draw.uniform(30000, 80000), "taken", draw.uniform(0.1, 0.7)) for _ in range(hands)]
    stops = [draw.uniform(73000, 84000)]
    if draw.random() < 0.5:
        stops.append(draw.uniform(33000, 47000))
    actions += [(t, "stop", draw.uniform(0, 0.05)) for t in stops]
    litres, free = draw.uniform(5, 60), 0.0

    def show(t: float) -> None:
        mm = EMPTY_MM - (EMPTY_MM - FULL_MM) * litres / VOLUME_L + draw.gauss(0, 12)
        if old and mm < BLIND_MM + 20:
            mm = draw.uniform(*FAR_MM)
        scene.rows.append(Row(round(t, 1), bin_.fill_channel, round(max(60.0, mm))))

    show(-RUN_IN)
    for t, kind, amount in sorted(actions):
        at = max(t, free)
        free = at + 5
        if kind == "bag":
            litres = min(litres + amount, max(litres, HEAPED_L))
        elif kind == "taken":
            litres *= 1 - amount
        else:
            seconds = draw.uniform(20, 90)
            scene.rows.append(Row(round(at, 1), bin_.fill_channel, FLOOR_MM))
            grams = round(litres * (1 - amount) * density)
            scene.events.append(Event(round(at, 1), bin_, "collection", grams, "", seconds))
            litres *= amount
            free = at + seconds + 5
            at += seconds
        show(at)
    show(86400 + RUN_IN)


def overfull(seed: int) -> Scene:
    """A bin without a scale that is filled beyond full, so that its sensor is blind; a third of the
    sensors are old ones that show far then."""
    scene = _fill_scene("overfull", seed)
    draw = _draw(scene)
    _fill_day(scene, draw, draw.uniform(200, 420), old=draw.random() < 0.33)
    return scene


def fill_hands(seed: int) -> Scene:
    """A bin without a scale from which hands take out a tenth to most of it, one to five times."""
    scene = _fill_scene("fill_hands", seed)
    draw = _draw(scene)
    _fill_day(scene, draw, draw.uniform(80, 260), draw.randint(1, 5))
    return scene


def fill_seldom(seed: int) -> Scene:
    """A bin without a scale whose board looks every 15 to 60 min and says nothing in between."""
    scene = _fill_scene("fill_seldom", seed)
    draw = _draw(scene)
    scene.report = {"every_s": draw.choice((900, 1800, 3600)), "fill": 1.0}
    _fill_day(scene, draw, draw.uniform(80, 260))
    return scene


SITES: dict[str, Callable[[int], Scene]] = {
    f.__name__: f
    for f in (seldom, hands, water, worn, loose, snow, overfull, fill_hands, fill_seldom)
}
