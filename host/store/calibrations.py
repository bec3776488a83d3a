"""What a board weighed by, sessions with known weights, corrections, restatements.

All of it is only ever added to. Readings are never changed: a correction is applied
when a weight is read."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from ..readings.messages import Weighed
from . import chunk
from .database import Database

# (stream, seq, grams as weighed) → grams as they should have been.
Correct = Callable[[int, int, int], int]
_VALUES = "calibration, date, zero, counts_per_kg, t_c, zero_per_c, span_ppm_per_c"


@dataclass(frozen=True)
class Session:
    """One session with known weights; body as the schema says."""

    at: int
    device: str
    channel: str
    calibration: str
    by: str
    way: str
    outcome: str
    e_kg: float
    max_kg: float
    body: dict[str, Any]


@dataclass(frozen=True)
class Correction:
    """What was weighed by a calibration should have been weighed with this zero and scale."""

    at: int
    device: str
    channel: str
    calibration: str
    zero: int
    counts_per_kg: float
    reason: str
    by: str


@dataclass(frozen=True)
class Restatement:
    """What a correction did to a site's stream on a day; grams."""

    date: str
    site: str
    stream: str
    deposited_before: int
    deposited_after: int
    collected_before: int
    collected_after: int
    correction: int = 0  # its id


class Calibrations:
    """The tables of calibrations.sql."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # What boards weighed by

    def note(self, stream: int, weighed: Iterable[Weighed], received: int) -> None:
        """Keep what a birth tells, as far as it is new; within the caller's transaction."""
        for w in weighed:
            values = w.id, w.date, w.zero, w.counts_per_kg, w.t_c, w.zero_per_c, w.span_ppm_per_c
            known = self._db.query(
                f"SELECT {_VALUES} FROM weighed WHERE stream=? AND channel=? AND since<=? "  # noqa: S608
                "ORDER BY since DESC, id DESC LIMIT 1",
                (stream, w.channel, w.since),
            )
            if not known or tuple(known[0]) != values:
                self._db.many(
                    f"INSERT INTO weighed (stream, channel, since, {_VALUES}, received) "  # noqa: S608
                    "VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    [(stream, w.channel, w.since, *values, received)],
                )

    def weighed(self, device: str, channel: str) -> list[tuple[int, Weighed]]:
        """(stream, by what from which seq on), in order."""
        rows = self._db.query(
            f"SELECT w.stream, w.since, {_VALUES} FROM weighed w "  # noqa: S608
            "JOIN stream s ON s.id = w.stream WHERE s.device=? AND w.channel=? "
            "ORDER BY w.stream, w.since, w.id",
            (device, channel),
        )
        return [(stream, Weighed(channel, since, *rest)) for stream, since, *rest in rows]

    def channels(self, device: str) -> list[str]:
        """Those of a board of which anything is known: what it told, or a session."""
        rows = self._db.query(
            "SELECT w.channel FROM weighed w JOIN stream s ON s.id = w.stream WHERE s.device=? "
            "UNION SELECT channel FROM calibration WHERE device=?",
            (device, device),
        )
        return sorted(row[0] for row in rows)

    def days_of(self, device: str, channel: str, calibration: str) -> list[tuple[int, int]]:
        """First and last time of the readings of each stretch weighed by a calibration."""
        out = []
        entries = self.weighed(device, channel)
        for i, (stream, w) in enumerate(entries):
            if w.id != calibration:
                continue
            later = entries[i + 1] if i + 1 < len(entries) else None
            end = later[1].since if later and later[0] == stream else 1 << 40
            times = [
                r.at
                for (body,) in self._db.query(
                    "SELECT body FROM day WHERE stream=? AND day>=0 AND hi>=? ORDER BY day",
                    (stream, w.since),
                )
                for r in chunk.day(bytes(body))
                if r.at is not None and w.since <= r.seq < end
            ]
            if times:
                out.append((min(times), max(times)))
        return out

    # Sessions

    def add_session(self, s: Session) -> None:
        """Write a session down."""
        row = asdict(s) | {"body": json.dumps(s.body, ensure_ascii=False)}
        self._insert("calibration", row)

    def sessions(self, device: str, channel: str) -> list[Session]:
        """Every session of a platform, oldest first."""
        rows = self._db.query(
            "SELECT at, device, channel, calibration, by, way, outcome, e_kg, max_kg, body "
            "FROM calibration WHERE device=? AND channel=? ORDER BY id",
            (device, channel),
        )
        whole = ((*row[:9], json.loads(row[9])) for row in rows)
        return [Session(*row) for row in whole]

    # Corrections

    def all_corrections(self, device: str, channel: str) -> list[Correction]:
        """Every correction of a platform, oldest first."""
        rows = self._db.query(
            "SELECT at, device, channel, calibration, zero, counts_per_kg, reason, by "
            "FROM correction WHERE device=? AND channel=? ORDER BY id",
            (device, channel),
        )
        return [Correction(*row) for row in rows]

    def corrected(self) -> dict[tuple[str, str], dict[str, list[Any]]]:
        """By platform that has any: its corrections, and what it weighed by."""
        found: dict[tuple[str, str], dict[str, list[Any]]] = {}
        for device, channel in self._db.query("SELECT DISTINCT device, channel FROM correction"):
            made = [asdict(c) for c in self.all_corrections(device, channel)]
            by = [[stream, asdict(w)] for stream, w in self.weighed(device, channel)]
            found[device, channel] = {"corrections": made, "weighed": by}
        return found

    def corrections(self, device: str, channel: str) -> dict[str, Correction]:
        """By calibration: the latest correction."""
        return {c.calibration: c for c in self.all_corrections(device, channel)}

    def corrector(self, device: str, channel: str) -> Correct | None:
        """How weights of a channel are to be corrected; None: they are not."""
        corrections = self.corrections(device, channel)
        if not corrections:
            return None
        sinces: dict[int, list[int]] = {}
        terms: dict[int, list[tuple[int, int, int] | None]] = {}
        for stream, w in self.weighed(device, channel):
            sinces.setdefault(stream, []).append(w.since)
            c = corrections.get(w.id)
            terms.setdefault(stream, []).append(_terms(w, c) if c else None)

        def correct(stream: int, seq: int, grams: int) -> int:
            i = bisect_right(sinces.get(stream, ()), seq) - 1
            term = terms[stream][i] if i >= 0 else None
            if term is None:
                return grams
            factor, offset, divisor = term
            return _rounded(grams * factor + offset, divisor)

        return correct

    def correct(self, c: Correction) -> int:
        """Write a correction; its id. What it restates is in the book."""
        with self._db.transaction():
            return self._insert("correction", asdict(c))

    def restatements(self, date: str) -> list[tuple[Restatement, Correction]]:
        """What corrections did to a day before there was a book, oldest first."""
        rows = self._db.query(
            "SELECT r.date, r.site, r.stream, r.deposited_before, r.deposited_after,"
            " r.collected_before, r.collected_after, r.correction,"
            " c.at, c.device, c.channel, c.calibration, c.zero, c.counts_per_kg, c.reason, c.by "
            "FROM restatement r JOIN correction c ON c.id = r.correction WHERE r.date=? "
            "ORDER BY r.id",
            (date,),
        )
        return [(Restatement(*row[:8]), Correction(*row[8:])) for row in rows]

    def _insert(self, table: str, row: dict[str, Any]) -> int:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id"  # noqa: S608
        return int(self._db.query(sql, tuple(row.values()))[0][0])


def _terms(old: Weighed, new: Correction) -> tuple[int, int, int]:
    """Whole numbers (a, b, d) so that the grams are (a * grams + b) / d.

    counts = grams * old scale + old zero, and back by the new ones. What temperature
    did to both stays as the board had it."""
    scale = Fraction(str(new.counts_per_kg))
    factor = Fraction(str(old.counts_per_kg)) / scale
    offset = 1000 * Fraction(old.zero - new.zero) / scale
    d = lcm(factor.denominator, offset.denominator)
    return int(factor * d), int(offset * d), d


def _rounded(n: int, d: int) -> int:
    """n / d (d > 0) to the nearest whole number, halves to the even one."""
    whole, rest = divmod(n, d)
    if 2 * rest > d or (2 * rest == d and whole & 1):
        whole += 1
    return whole
