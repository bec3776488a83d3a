"""What HJ 1276-2022 says of code and size, as rows of a file that an office can change:
`label_codes.csv` and `label_sizes.csv` in the registry folder take the place of the package's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...common import csv_file
from .. import HazardError

UNIT, WASTE, DATE, SERIAL = "unit", "waste", "date", "serial"
_LENGTHS = {UNIT: (18,), WASTE: (8,), DATE: (8,), SERIAL: tuple(range(1, 10))}


@dataclass(frozen=True)
class Layout:
    """The segments of a 数字识别码 in their order, the serial last: (name, length)."""

    segments: tuple[tuple[str, int], ...]

    @property
    def digits(self) -> int:
        """How many the serial has."""
        return self.segments[-1][1]

    @property
    def length(self) -> int:
        return sum(n for _, n in self.segments)

    def stem(self, unit: str, waste: str, day: dt.date) -> str:
        """A code without its serial. waste: NNN-NNN-NN; day: in Shanghai."""
        said = {UNIT: unit, WASTE: waste.replace("-", ""), DATE: f"{day:%Y%m%d}"}
        return "".join(said[name] for name, _ in self.segments[:-1])

    def parts(self, code: str) -> dict[str, str] | None:
        """segment -> its text; None for what is no such code."""
        if len(code) != self.length or not code.isascii():
            return None
        found, at = {}, 0
        for name, n in self.segments:
            found[name] = code[at : at + n]
            at += n
        right = all(found[name].isdigit() for name in (WASTE, DATE, SERIAL))
        return found if right and found[UNIT].isalnum() else None

    def spaced(self, code: str) -> str:
        """The code as people read it: a space between segments."""
        return " ".join(said.values()) if (said := self.parts(code)) else code


@dataclass(frozen=True)
class Size:
    """A label of so many mm each way, and its lowest letters, for volumes up to up_to_ml; None:
    any. labels: how many a container has, on sides that face away from each other."""

    up_to_ml: int | None
    mm: int
    text_mm: float
    labels: int = 1


def _file(name: str, folder: Path | None) -> Path:
    own = folder / f"label_{name}" if folder else None
    return own if own is not None and own.is_file() else Path(__file__).with_name(name)


def _rows(
    name: str, folder: Path | None, columns: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, str]]]:
    source = _file(name, folder)
    for line, row in csv_file.read(source, HazardError).rows(columns):
        yield f"{source}:{line}", row


def _whole(where: str, row: dict[str, str], column: str, least: int, most: int) -> int:
    text = row[column]
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise HazardError(f"{where}: {column}: expected {least} to {most}, found {text!r}")
    return int(text)


def layout(folder: Path | None = None) -> Layout:
    """The segments of a code; HazardError names file, line and column of a mistake."""
    segments: list[tuple[str, int]] = []
    where = str(_file("codes.csv", folder))
    for where, row in _rows("codes.csv", folder, ("segment", "length", "source", "sure")):
        name = row["segment"]
        if name not in _LENGTHS or name in dict(segments):
            raise HazardError(
                f"{where}: segment: expected {' '.join(_LENGTHS)}, each once, found {name!r}"
            )
        lengths = _LENGTHS[name]
        segments.append((name, _whole(where, row, "length", lengths[0], lengths[-1])))
    if len(segments) != len(_LENGTHS) or segments[-1][0] != SERIAL:
        raise HazardError(f"{where}: segment: expected {' '.join(_LENGTHS)}, the serial last")
    return Layout(tuple(segments))


def sizes(folder: Path | None = None) -> list[Size]:
    """Sizes of labels, the smallest first, the last for any volume."""
    found: list[Size] = []
    where = str(_file("sizes.csv", folder))
    columns = ("up_to_l", "size_mm", "text_mm", "source", "sure")
    for where, row in _rows("sizes.csv", folder, columns):
        if found and found[-1].up_to_ml is None:
            raise HazardError(f"{where}: up_to_l: expected nothing in the last row alone")
        up_to = 1000 * _whole(where, row, "up_to_l", 1, 100_000) if row["up_to_l"] else None
        if found and up_to is not None and up_to <= (found[-1].up_to_ml or 0):
            raise HazardError(f"{where}: up_to_l: expected more than in the row before")
        mm, text = _whole(where, row, "size_mm", 80, 400), _whole(where, row, "text_mm", 1, 20)
        # Files of an office from before this column have one label for each container.
        labels = _whole(where, row, "labels", 1, 4) if "labels" in row else 1
        found.append(Size(up_to, mm, text, labels))
    if not found or found[-1].up_to_ml is not None:
        raise HazardError(f"{where}: up_to_l: expected a last row with nothing in it: any volume")
    return found


def size_for(known: list[Size], volume_ml: int) -> Size:
    """The size for a container; 0: nobody said how large it is, so the size that fits any."""
    if not volume_ml:
        return known[-1]
    return next(s for s in known if s.up_to_ml is None or volume_ml <= s.up_to_ml)
