"""One day at one site: what is true, what the board's trace says, what the host knows."""

from __future__ import annotations

import csv
import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from day_play import EMPTY_MM, FULL_MM, RUN_IN, Event, Row
from site_registry import Bin

from accuracy.field import HIGH, Cell, Ints, Load, clamped, seed_of

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
DAY_S = 86_400
SITE, DEVICE = "ac-01", "qy-ac01"
MAX_KG, E_KG = 150, 0.05
BLIND_MM = 200
BUSES = ((22, 21), (27, 26))
LINES = ((25, 34), (17, 16))  # tx, rx
# In place of an HX711, by name: what the channel says beside its line.
_MAP = {"fc": 4, "at": 0, "n": 5, "w": 0, "type": "u32", "g": 10, "more": True, "s": 4}
_MAP |= {"still": 4, "over": 0x18, "minus": 2, "net": 0x20}
INSTRUMENTS: dict[str, dict[str, Any]] = {
    "modbus": {"kind": "modbus", "map": _MAP},
    "xk3190": {"kind": "indicator", "format": "xk3190"},
    "toledo": {"kind": "indicator", "format": "toledo", "checksum": True},
    "stgs": {"kind": "indicator", "format": "stgs"},
    "a12": {"kind": "indicator", "format": "a12"},
    "reversed": {"kind": "indicator", "format": "reversed"},
}
PINS = ((34, 25), (35, 26), (36, 27), (39, 14))
SETTLE_S = 15  # after a blind time the scale must first come to rest
LOSSES = ("taken", "poured", "shed")
COLLECTIONS = ("collection", "swap")


@dataclass(frozen=True)
class Stuck:
    """From t0 to t1 (s of the day) the HX711 says the same; raw None: what it said last."""

    channel: str
    t0: float
    t1: float
    raw: int | None
    quality: str  # what the board must call it


@dataclass(frozen=True)
class Loose:
    """From t0 to t1 (s of the day) a contact of the cable is loose. share: of the signal that gets
    through while it is; open_share: of the conversions in which nothing does, at the converter's
    end."""

    channel: str
    t0: float
    t1: float
    share: float
    open_share: float


@dataclass(frozen=True)
class Truth:
    """Something that happened. seen: False where no scale could have seen it."""

    t: float
    t_end: float
    channel: str
    kind: str  # deposit or collection
    grams: int
    seen: bool


@dataclass
class Scene:
    """Times are seconds of the local day."""

    family: str
    seed: int
    date: dt.date
    bins: list[Bin]
    spares: list[Bin]
    calibration: dict[str, tuple[int, float]]  # channel -> zero, counts per kg
    rows: list[Row] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stuck: list[Stuck] = field(default_factory=list)
    dark: list[tuple[float, float]] = field(default_factory=list)  # no supply
    offline: list[tuple[float, float]] = field(default_factory=list)  # no network
    faults: float = 0.0
    loose: list[Loose] = field(default_factory=list)
    report: dict[str, float] = field(default_factory=dict)  # what a configuration sets
    converter: str = ""  # what the platforms hang on; nothing: an HX711

    @property
    def every_s(self) -> int:
        """The longest interval between two readings, as its birth message tells it."""
        return int(self.report.get("every_s", 300))

    @property
    def has_instruments(self) -> bool:
        return self.converter in INSTRUMENTS

    @property
    def midnight(self) -> int:
        d = self.date
        return int(dt.datetime(d.year, d.month, d.day, tzinfo=SHANGHAI).timestamp())

    def truths(self) -> list[Truth]:
        """Deposits and collections of the day, in order of time."""
        found = []
        for e in self.events:
            kind = "collection" if e.kind in COLLECTIONS else e.kind
            if kind in ("deposit", "collection"):
                end = e.t + e.seconds
                channel = e.bin.channel or e.bin.fill_channel
                found.append(Truth(e.t, end, channel, kind, e.grams, self._seen(channel, e.t, end)))
        return sorted(found, key=lambda t: (t.t, t.channel))

    def _seen(self, channel: str, t: float, end: float) -> bool:
        blind = self.dark + [(s.t0, s.t1) for s in self.stuck if s.channel == channel]
        blind += [(s.t0, s.t1) for s in self.loose if s.channel == channel]
        # What came and what went within seconds is one step.
        blind += [(e.t, e.t + e.seconds) for e in self.events if e.kind in LOSSES]
        return not any(t < b + SETTLE_S and end > a - SETTLE_S for a, b in blind)

    def config(self) -> dict[str, Any]:
        """The board's configuration."""
        channels: list[dict[str, Any]] = []
        for i, (bin_, (dout, sck)) in enumerate(zip(self.bins, PINS, strict=False)):
            if not bin_.channel:
                fill = {"id": bin_.fill_channel, "kind": "fill", "trig": 16, "echo": 18}
                limits = {"empty_mm": EMPTY_MM, "full_mm": FULL_MM, "blind_mm": BLIND_MM}
                channels.append(fill | limits | {"temperature": "c1"})
                continue
            if self.has_instruments:
                tx, rx = LINES[i]
                line = {"uart": i + 1, "tx": tx, "rx": rx, "max_kg": MAX_KG, "e_kg": E_KG}
                channels.append({"id": bin_.channel} | INSTRUMENTS[self.converter] | line)
                continue
            zero, scale = self.calibration[bin_.channel]
            cal = {"id": "c-1", "date": "2026-01-05", "zero": zero, "counts_per_kg": scale}
            pins: dict[str, Any] = {"dout": dout, "sck": sck}
            if self.converter:
                scl, sda = BUSES[i]
                pins = {"converter": self.converter, "i2c": i, "scl": scl, "sda": sda}
            pins |= {"id": bin_.channel, "kind": "weight", "gain": 128}
            channels.append(pins | {"max_kg": MAX_KG, "e_kg": E_KG, "calibration": cal})
        channels.append({"id": "c1", "kind": "temperature", "pin": 4})
        mqtt = {"host": "127.0.0.1", "port": 1883}
        made = {"device": DEVICE, "site": SITE, "mqtt": mqtt, "channels": channels}
        return made | {"report": self.report} if self.report else made

    def counts(self) -> dict[str, Ints]:
        """Every conversion of every cell, undamaged but for what is stuck."""
        start, end = self._bounds()
        base = 1000 * self.midnight
        warmth = [
            (base + round(1000 * r.t), int(float(text(r.value)) * 100))
            for r in self.sorted_rows()
            if r.channel == "c1"
        ]
        made = {}
        for bin_ in self.bins:
            if not bin_.channel:
                continue
            zero, scale = self.calibration[bin_.channel]
            cell = Cell(zero, scale, MAX_KG, seed_of(self.seed, bin_.channel))
            loads = [
                Load(base + round(1000 * r.t), float(text(r.value)))
                for r in self.sorted_rows()
                if r.channel == bin_.channel
            ]
            x = cell.day(loads, start, end, warmth)
            for s in self.stuck:
                if s.channel == bin_.channel:
                    a, b = (-((start - base - round(1000 * t)) // 100) for t in (s.t0, s.t1))
                    x[a:b] = self.raw(s, x)
            for i, c in enumerate(self.loose):
                if c.channel == bin_.channel:
                    a, b = (-((start - base - round(1000 * t)) // 100) for t in (c.t0, c.t1))
                    x[a:b] = _through(c, x[a:b], zero, self.seed + i)
            made[bin_.channel] = x
        return made

    def raw(self, s: Stuck, x: Ints) -> int:
        """What is put out while it is stuck."""
        start = self._bounds()[0] - 1000 * self.midnight
        at = -((start - round(1000 * s.t0)) // 100)
        return s.raw if s.raw is not None else int(clamped(x)[at - 1])

    def damaged(self, channel: str, x: Ints) -> Ints:
        """The counts as a faulty HX711 gives them."""
        if not self.faults:
            return x
        zero, scale = self.calibration[channel]
        cell = Cell(zero, scale, MAX_KG, seed_of(self.seed, channel))
        return cell.damage(x, self._bounds()[0], self.faults)

    def _bounds(self) -> tuple[int, int]:
        base = 1000 * self.midnight
        return base - 1000 * RUN_IN, base + 1000 * (DAY_S + RUN_IN) + 1000

    def sorted_rows(self) -> list[Row]:
        return sorted(self.rows, key=lambda r: (r.t, r.channel))

    def trace(self, path: Path, counts: dict[str, Ints]) -> None:
        """Write the trace that boards play."""
        lines: list[tuple[float, str, str, str]] = []
        for r in self.sorted_rows():
            stuck = [s for s in self.stuck if s.channel == r.channel and s.t0 <= r.t < s.t1]
            raw = str(self.raw(stuck[0], counts[r.channel])) if stuck else ""
            lines.append((r.t, r.channel, text(r.value), raw))
        for s in self.stuck:
            raw = str(self.raw(s, counts[s.channel]))
            lines.append((s.t0, s.channel, self._load_at(s.channel, s.t0), raw))
            lines.append((s.t1, s.channel, self._load_at(s.channel, s.t1), ""))
        for name, spans in (("power", self.dark), ("wifi", self.offline)):
            for a, b in spans:
                lines += [(a, name, "0", ""), (b, name, "1", "")]
        lines.sort(key=lambda line: line[:2])
        with path.open("w", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(("t", "channel", "value", "raw"))
            for t, channel, value, raw in lines:
                out.writerow((text(self.midnight + t), channel, value, raw))

    def _load_at(self, channel: str, t: float) -> str:
        held = [r for r in self.sorted_rows() if r.channel == channel and r.t <= t]
        return text(held[-1].value)

    def board_files(self, folder: Path) -> tuple[Path, Path, dict[str, Ints]]:
        """Configuration and trace in a folder, and the counts behind them."""
        folder.mkdir(parents=True, exist_ok=True)
        counts = self.counts()
        config, trace = folder / f"{DEVICE}.json", folder / f"{DEVICE}.csv"
        config.write_text(json.dumps(self.config()))
        self.trace(trace, counts)
        return config, trace, counts

    def registry(self, folder: Path) -> Path:
        """registry/*.csv that describe this site to the host."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "towns.csv").write_text("code,town\n310117000,T\n")
        (folder / "sites.csv").write_text(
            f"site,name,town,kind,windows\n{SITE},{self.family},T,collection,\n"
        )
        (folder / "devices.csv").write_text(f"device,site\n{DEVICE},{SITE}\n")
        head = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg"
        lines = [head]
        for b in self.bins + self.spares:
            place = f"{SITE},{b.device},{b.channel},{b.fill_channel},{b.stream}"
            volume = f"{b.volume_l:.0f}" if b.volume_l else ""
            kg = b.tare_g / 1000
            scale = f"{MAX_KG},{E_KG}" if b.channel or not b.fill_channel else ","
            lines.append(f"{b.name},{place},{volume},{kg},{b.container},{scale}")
        (folder / "bins.csv").write_text("\n".join(lines) + "\n")
        return folder


def _through(c: Loose, x: Ints, zero: int, seed: int) -> Ints:
    """What gets through a loose contact: part of the signal, shaken, and now and then nothing."""
    draw = np.random.default_rng(seed)
    made: Ints = zero + np.rint(c.share * (x - zero)).astype(np.int64)
    made += np.rint(draw.normal(0, 400, len(x))).astype(np.int64)
    return np.where(draw.random(len(x)) < c.open_share, HIGH, made)


def text(value: float) -> str:
    """As short as it can be, at most three decimals."""
    return str(int(value)) if value == int(value) else str(round(value, 3))
