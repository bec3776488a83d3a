"""What stands on the platforms of the live site, and what is done to it.

The truth of each channel is written to the file that the simulated world looks at
(`--hand` of boards/sim/rig.py). Masses are integer grams."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from day_plan import HARMFUL, PROFILES
from day_play import EMPTY_MM, FLOOR_MM, FULL_MM
from site_registry import Bin

AWAY_S = 12  # a crew needs so long to empty a bin; the board sees the bare platform
DOOR, THERMOMETER, WIFI = "d1", "c1", "wifi"
COLDEST, WARMEST = -40.0, 85.0  # °C that the thermometer measures


class Refused(Exception):
    """One line: what cannot be done, and what was expected."""


@dataclass
class Place:
    """A bin on its scale, as the registry has it. stands: the one that is there; spare:
    the one that comes when it is swapped."""

    bin: Bin
    stands: Bin
    spare: Bin | None
    waste_g: int = 0
    litres: float = 0.0
    back: float | None = None  # when it stands there again, monotonic; None: it does

    @property
    def gross_g(self) -> int:
        return 0 if self.back else self.stands.tare_g + self.waste_g

    @property
    def full(self) -> float:
        return min(1.0, self.litres / self.bin.volume_l)

    @property
    def mm(self) -> int:
        """What the fill sensor sees below it."""
        return FLOOR_MM if self.back else round(EMPTY_MM - self.full * (EMPTY_MM - FULL_MM))


class Scene:
    """Bins, door, temperature and network of one site."""

    def __init__(self, bins: Sequence[Bin], spares: Sequence[Bin], hand: Path) -> None:
        self.places = {b.channel: Place(b, b, _spare(b, spares)) for b in bins}
        self._others = {DOOR: 0.0, THERMOMETER: 20.0, WIFI: 1.0}
        self._hand = hand
        self._lock = threading.RLock()
        self.changed = 0.0  # Unix time of the last change
        self._write()

    def place(self, name: str, what: str) -> Place:
        """By channel or bin; the first where none is named. Refused while the bin is away."""
        found = [p for c, p in self.places.items() if name in ("", c, p.bin.name)]
        if not found:
            known = " ".join(self.places)
            raise Refused(f"{what}: expected one of the bins {known}, found {name!r}")
        if (back := found[0].back) is not None:
            left = max(1, round(back - time.monotonic()))
            bin_ = found[0].bin.name
            raise Refused(f"{what}: {bin_} is off its scale for another {left} s; try then")
        return found[0]

    def put(self, place: Place, grams: int) -> None:
        with self._lock:
            room = place.bin.max_g - place.gross_g
            if grams > room:
                raise Refused(
                    f"put: expected at most {room / 1000:.2f} kg more in {place.bin.name}: "
                    f"its scale carries {place.bin.max_g / 1000:g} kg"
                )
            place.waste_g += grams
            low, high = PROFILES.get(place.bin.stream, PROFILES[HARMFUL]).density
            place.litres += grams / 1000 / ((low + high) / 2)
            self._write()

    def take(self, place: Place, grams: int) -> None:
        with self._lock:
            if grams > place.waste_g:
                held = place.waste_g / 1000
                raise Refused(
                    f"take: expected at most the {held:.2f} kg that are in {place.bin.name}"
                )
            place.litres *= 1 - grams / place.waste_g
            place.waste_g -= grams
            self._write()

    def fill(self, place: Place, percent: float) -> None:
        """The waste lies so high; it weighs the same."""
        with self._lock:
            place.litres = percent / 100 * place.bin.volume_l
            self._write()

    def lift(self, place: Place, *, emptied: bool = True) -> None:
        """Off the scale, and back after AWAY_S."""
        self._away(place, emptied)

    def swap(self, place: Place) -> Bin:
        """Another, empty bin comes in its place; the one that leaves is the next spare."""
        if place.spare is None:
            able = " or ".join(c for c, p in self.places.items() if p.spare)
            stream = place.bin.stream
            raise Refused(f"swap: expected {able}: the site has no spare bin for {stream}")
        place.stands, place.spare = place.spare, place.stands
        self._away(place, emptied=True)
        return place.stands

    def _away(self, place: Place, emptied: bool) -> None:
        def back() -> None:
            with self._lock:
                place.back = None
                self._write()

        with self._lock:
            place.back = time.monotonic() + AWAY_S
            if emptied:
                place.waste_g, place.litres = 0, 0.0
            self._write()
        timer = threading.Timer(AWAY_S, back)
        timer.daemon = True
        timer.start()

    def set(self, channel: str, value: float) -> None:
        """Door (1 open), temperature (°C) or network (1 there)."""
        with self._lock:
            self._others[channel] = float(value)
            self._write()

    def touch(self) -> None:
        """What is asked for from now on shall be newer than this."""
        self.changed = time.time()

    @property
    def network(self) -> bool:
        return self._others[WIFI] != 0

    @property
    def moving(self) -> bool:
        """A bin is off its scale."""
        with self._lock:
            return any(p.back is not None for p in self.places.values())

    def shown(self, channel: str) -> float:
        """What is true of it as the board tells it: kg, fill ratio, °C, 0 or 1."""
        for name, place in self.places.items():
            if channel == name:
                return place.gross_g / 1000
            if channel == place.bin.fill_channel:
                return place.full
        return self._others[channel]

    def rows(self) -> list[tuple[str, float]]:
        """Each channel with what the world holds: kg, mm of air, °C, 0 or 1."""
        rows = list(self._others.items())
        for channel, place in self.places.items():
            rows.append((channel, place.gross_g / 1000))
            rows.append((place.bin.fill_channel, float(place.mm)))
        return rows

    def write_trace(self, path: Path, at: int) -> None:
        """The scene as it is at Unix time `at`, for a board that starts now."""
        with self._lock:
            lines = [f"{at},{channel},{value}\n" for channel, value in self.rows()]
        path.write_text("t,channel,value\n" + "".join(lines))

    def _write(self) -> None:
        self.touch()
        part = self._hand.with_suffix(".part")
        part.write_text("".join(f"{channel} {value}\n" for channel, value in self.rows()))
        part.replace(self._hand)


def _spare(bin_: Bin, spares: Sequence[Bin]) -> Bin | None:
    return next((s for s in spares if s.stream == bin_.stream), None)
