"""The kinds of days: each a function of a seed, each with something that goes wrong.

Masses are integer grams, times seconds of the local day. Everything but the kind itself is
drawn: date, calibration, tare, stream, how full the bin is, when people come."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable

from day_plan import DRY, WET, Action, SitePlan, plan_bin, rng
from day_play import RUN_IN, Day, Event, Row, play_actions
from site_registry import Bin
from trace_day import temperature

from accuracy.scene import DEVICE, MAX_KG, SITE, Scene, Stuck

WINDOWS = ((25200, 32400), (64800, 72000))
HIGH = 0x7FFFFF


def _bin(name: str, channel: str, stream: str, tare_g: int, container: str = "wheelie") -> Bin:
    volume = 240.0 if container == "wheelie" else 0.0
    device = DEVICE if channel else ""
    args = (name, SITE, device, channel, "", stream, volume, tare_g, container, MAX_KG * 1000)
    return Bin(*args)


def _tare(draw: random.Random) -> int:
    return 10 * draw.randint(1100, 1500)


def _scene(family: str, seed: int, bins: int = 1, container: str = "wheelie") -> Scene:
    """A site with nothing happening yet."""
    draw = rng("accuracy", family, seed)
    date = dt.date(2025, 1, 1) + dt.timedelta(draw.randrange(365))
    places = []
    calibration = {}
    for i in range(1, bins + 1):
        stream = draw.choice((WET, DRY))
        tare = _tare(draw) if container == "wheelie" else 0
        places.append(_bin(f"b{i}", f"w{i}", stream, tare, container))
        calibration[f"w{i}"] = (draw.randrange(-100_000, 100_000), draw.uniform(20000.0, 22000.0))
    calibration = {c: (zero, round(scale, 1)) for c, (zero, scale) in calibration.items()}
    scene = Scene(family, seed, date, places, [], calibration)
    scene.rows += temperature(f"{family}|{seed}", SITE, date)
    return scene


def _play(
    scene: Scene, bin_: Bin, actions: list[Action], draw: random.Random, waste_g: int | None = None
) -> None:
    day = Day()
    play_actions(bin_, actions, draw, day, waste_g)
    scene.rows += day.rows
    scene.events += day.events


def _draw(scene: Scene, what: str = "") -> random.Random:
    return rng("accuracy", scene.family, scene.seed, "actions", what)


def _ordinary(scene: Scene, bin_: Bin, draw: random.Random) -> list[Action]:
    """A day as tools/day_plan makes it: deposits in two windows, a truck after one of them."""
    stops: list[tuple[float, set[str]]] = [
        (end + draw.uniform(900, 3600), {bin_.stream} if i or draw.random() < 0.3 else set())
        for i, (_, end) in enumerate(WINDOWS)
    ]
    return plan_bin(bin_, SitePlan(stops, windows=WINDOWS), draw)


def _collection(t: float, draw: random.Random, share: float | None = None) -> Action:
    """A lift of 20 to 90 s; the share stays in the bin: up to 2 % sticks to it."""
    left = draw.uniform(0, 0.02) if share is None else share
    return Action(t, "collection", 0, draw.uniform(20, 90), left)


def _deposits(draw: random.Random, n: int, low: int, mode: int, high: int) -> list[Action]:
    made = []
    for _ in range(n):
        start, end = draw.choice(WINDOWS)
        t = draw.triangular(start, end)
        seconds = draw.choice([0.0, 0.0, round(draw.uniform(1, 3), 1)])
        grams = round(draw.triangular(low, high, mode))
        made.append(Action(t, "deposit", grams, seconds, draw.uniform(0.3, 1.4)))
    return made


def normal(seed: int, family: str = "normal") -> Scene:
    """An ordinary day of one bin."""
    scene = _scene(family, seed)
    draw = _draw(scene)
    _play(scene, scene.bins[0], _ordinary(scene, scene.bins[0], draw), draw)
    return scene


def traffic(seed: int) -> Scene:
    """80 to 160 small deposits of 0.5 to 5 kg in four hours, and three or four trucks."""
    scene = _scene("traffic", seed)
    draw = _draw(scene)
    actions = _deposits(draw, draw.randint(80, 160), 500, 1200, 5000)
    stops = [(27000, 30000), (34000, 40000), (66000, 69000), (73000, 80000)]
    actions += [_collection(draw.uniform(a, b), draw) for a, b in stops]
    _play(scene, scene.bins[0], actions, draw, draw.randrange(0, 3000))
    return scene


def swap(seed: int) -> Scene:
    """Full bins are taken away and bins of other tares left in their place."""
    scene = _scene("swap", seed)
    draw = _draw(scene)
    stream = scene.bins[0].stream
    scene.spares = [_bin(f"s{i}", "", stream, _tare(draw)) for i in range(draw.randint(1, 3))]
    actions = _deposits(draw, draw.randint(20, 40), 500, 1500, 5000)
    for i, spare in enumerate(scene.spares):
        t = (34000, 47000, 75000)[i] + draw.uniform(0, 5000)
        actions.append(Action(t, "swap", seconds=draw.uniform(20, 240), spare=spare))
        if i < 2:
            middle = 40000 + 12000 * i
            actions += [
                Action(middle + draw.uniform(0, 5000), "deposit", draw.randrange(800, 6000))
                for _ in range(6)
            ]
    _play(scene, scene.bins[0], actions, draw, draw.randrange(5000, 20000))
    return scene


def unemptied(seed: int) -> Scene:
    """Lifted and put back with all that was in it, several times; emptied once."""
    scene = _scene("unemptied", seed)
    draw = _draw(scene)
    actions = _deposits(draw, draw.randint(20, 40), 500, 1500, 5000)
    actions += [
        Action(draw.uniform(21600, 79200), "lift_return", seconds=draw.uniform(10, 120))
        for _ in range(draw.randint(3, 6))
    ]
    actions.append(_collection(draw.uniform(73000, 82000), draw))
    _play(scene, scene.bins[0], actions, draw, draw.randrange(2000, 30000))
    return scene


def partial(seed: int) -> Scene:
    """Lifted and only partly emptied, twice; then as it should be."""
    scene = _scene("partial", seed)
    draw = _draw(scene)
    actions = _deposits(draw, draw.randint(20, 40), 500, 1500, 5000)
    for a, b in ((33000, 38000), (43000, 60000), (73000, 82000)):
        share = draw.uniform(0.3, 0.7) if a < 70000 else None
        actions.append(_collection(draw.uniform(a, b), draw, share))
    _play(scene, scene.bins[0], actions, draw, draw.randrange(10000, 40000))
    return scene


def two(seed: int) -> Scene:
    """Two platforms emptied in one stop, at the same moment or one after the other."""
    scene = _scene("two", seed, bins=2)
    draw = _draw(scene)
    stop = draw.uniform(73000, 80000)
    for bin_ in scene.bins:
        actions = _deposits(draw, draw.randint(15, 35), 500, 1500, 5000)
        actions.append(_collection(stop + draw.uniform(0, 60), draw))
        _play(scene, bin_, actions, draw, draw.randrange(0, 15000))
    return scene


def leaning(seed: int) -> Scene:
    """People lean, sit, knock and press, 40 to 80 times; between them an ordinary day."""
    scene = _scene("leaning", seed)
    draw = _draw(scene)
    actions = [a for a in _ordinary(scene, scene.bins[0], draw) if a.kind != "compaction"]
    for _ in range(draw.randint(40, 80)):
        kg = draw.choice((-1, 1, 1, 1)) * 50 ** draw.random()
        press = round(1000 * max(kg, -8.0))
        seconds = round(0.3 * 200 ** draw.random(), 1)
        actions.append(Action(draw.uniform(21600, 79200), "compaction", press, seconds, 1.0))
    _play(scene, scene.bins[0], actions, draw)
    return scene


def _gather(start: float, hours: float, grams: float) -> list[Action]:
    """Water or snow that comes to lie there evenly, from start (s of the day) on."""
    steps = round(hours * 240)
    marks = [round(grams * i / steps) for i in range(steps + 1)]
    return [
        Action(start + 15 * i, "rain", marks[i + 1] - marks[i])
        for i in range(steps)
        if marks[i + 1] > marks[i]
    ]


def rain(seed: int) -> Scene:
    """Rain collects on the bin, water drains from the waste; trucks come all the same."""
    scene = _scene("rain", seed)
    draw = _draw(scene)
    actions = _ordinary(scene, scene.bins[0], draw)
    start, hours, grams = draw.uniform(3600, 60000), draw.uniform(0.5, 3), draw.uniform(300, 4000)
    actions += _gather(start, hours, grams)
    dry, away = start + 3600 * hours + 1800, draw.uniform(0.3, 1.0) * grams
    actions += [
        Action(dry + 60 * i, "evaporation", round(away / 240))
        for i in range(240)
        if dry + 60 * i < 85000
    ]
    per_minute = draw.uniform(0.001, 0.01) / 60
    actions += [Action(60.0 * i, "drain", share=per_minute) for i in range(1, 1420)]
    _play(scene, scene.bins[0], actions, draw, draw.randrange(2000, 20000))
    return scene


def warm(seed: int) -> Scene:
    """The day swings by 16 to 30 degC, with sun that comes and goes."""
    scene = normal(seed, "warm")
    draw = _draw(scene, "weather")
    mean, swing = draw.uniform(5, 25), draw.uniform(8, 15)
    at, sun = draw.uniform(30000, 50000), draw.uniform(3, 8)
    scene.rows = [r for r in scene.rows if r.channel != "c1"]
    for t in range(-RUN_IN, 86400 + RUN_IN + 1, 120):
        c = mean + swing * math.cos(2 * math.pi * (t / 3600 - 14.5) / 24)
        c += sun * math.exp(-(((t - at) / 1500) ** 2))
        scene.rows.append(Row(t, "c1", round(c, 1)))
    return scene


def creep(seed: int) -> Scene:
    """Drums near the capacity stand on an open platform for hours."""
    scene = _scene("creep", seed, container="platform")
    draw = _draw(scene)
    bin_ = scene.bins[0]
    held: list[int] = []
    t = draw.uniform(1000, 10000)
    scene.rows.append(Row(-RUN_IN, bin_.channel, 0.0))
    while t < 80000:
        room = 143_000 - sum(held)
        if held and (room < 20_000 or draw.random() < 0.5):
            grams, kind = held.pop(draw.randrange(len(held))), "collection"
        else:
            grams, kind = round(draw.uniform(0.6, 0.98) * room), "deposit"
            held.append(grams)
        scene.events.append(Event(float(round(t)), bin_, kind, grams))
        scene.rows.append(Row(float(round(t)), bin_.channel, sum(held) / 1000))
        t += draw.uniform(1800, 20000)
    scene.rows.append(Row(86400 + RUN_IN, bin_.channel, sum(held) / 1000))
    return scene


def gaps(seed: int) -> Scene:
    """The supply fails one to three times, the network twice; people and trucks come on."""
    scene = normal(seed, "gaps")
    draw = _draw(scene, "gaps")
    for spans, n, least in ((scene.dark, draw.randint(1, 3), 20), (scene.offline, 2, 600)):
        for i in range(n):
            start = draw.uniform(i, i + 0.5) * 86400 / n
            length = least * (10800 / least) ** draw.random()
            spans.append((float(round(start)), float(round(min(start + length, 86000)))))
    return scene


def frozen(seed: int) -> Scene:
    """The converter says the same for two to six hours."""
    return _stuck(normal(seed, "frozen"), None, "frozen")


def saturated(seed: int) -> Scene:
    """A broken cell: the converter at its end for half an hour to six hours."""
    return _stuck(normal(seed, "saturated"), HIGH, "saturated")


def _stuck(scene: Scene, raw: int | None, quality: str) -> Scene:
    draw = _draw(scene, "stuck")
    hours = draw.uniform(2 if raw is None else 0.5, 6)
    start = round(draw.uniform(7200, 50000))
    end = round(start + 3600 * hours)
    if raw is not None and draw.random() < 0.5:
        raw = -HIGH - 1
    scene.stuck.append(Stuck("w1", float(start), float(end), raw, quality))
    return scene


def faults(seed: int) -> Scene:
    """An ordinary day with an HX711 that damages one conversion in twenty."""
    scene = normal(seed, "faults")
    scene.faults = 0.05
    return scene


def idle(seed: int) -> Scene:
    """Nobody brings or takes anything; noise, drift, spikes, trucks and leaning people."""
    scene = _scene("idle", seed)
    draw = _draw(scene)
    _play(scene, scene.bins[0], [], draw, draw.randrange(0, 60000))
    return scene


PLAIN: dict[str, Callable[[int], Scene]] = {
    f.__name__: f
    for f in (
        *(normal, traffic, swap, unemptied, partial, two, leaning, rain, warm, creep),
        *(gaps, frozen, saturated, faults, idle),
    )
}
