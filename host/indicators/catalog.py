"""Properties of each figure: unit, kind, where it is measured, whose waste it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..common import csv_file
from . import IndicatorError

KINDS = ("flow", "state", "stock")
BASES = {
    "weighbridge": "进厂计量",
    "transfer": "中转站计量",
    "truck": "车载计量",
    "site": "投放点实测",
    "ledger": "台账",
    "manifest": "联单",
    "statistics": "统计",
    "register": "名录",
    "calendar": "日历",
}
COLUMNS = ("figure", "name", "unit", "kind", "basis", "stream", "sector", "mass", "from", "note")
SOURCES = ("import", "tickets", "measured", "ledger", "calendar")


@dataclass(frozen=True)
class Figure:
    """One row of figures.csv. A flow adds up over months; a state or a stock does not. sources:
    allowed sources; the first one that has a value is used."""

    figure: str
    name: str
    unit: str
    kind: str
    basis: str
    stream: str
    sector: str
    mass: str
    sources: tuple[str, ...]
    note: str

    @property
    def counted(self) -> bool:
        """Whether values are whole numbers."""
        return self.unit in ("个", "家", "次", "点日", "桶日")


Catalog = dict[str, Figure]


def table(
    path: Path | None, name: str, columns: Sequence[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """(file:line, row) of a CSV, the package's own where no path is given; IndicatorError where it
    cannot be read."""
    source = path or Path(__file__).with_name(name)
    file = csv_file.read(source, IndicatorError, str(path or name))
    for line, row in file.rows(columns):
        yield f"{file.name}:{line}", row


def load(path: Path | None = None) -> Catalog:
    """name -> figure from figures.csv; IndicatorError names the first mistake."""
    figures: Catalog = {}
    for where, row in table(path, "figures.csv", COLUMNS):
        sources = tuple(row["from"].split())
        figure = Figure(**{c: row[c] for c in COLUMNS if c != "from"}, sources=sources)
        for column, value, allowed in (
            ("kind", figure.kind, KINDS),
            ("basis", figure.basis, tuple(BASES)),
            *(("from", s, SOURCES) for s in sources or ("",)),
        ):
            if value not in allowed:
                raise IndicatorError(
                    f"{where}: {column}: expected one of {' '.join(allowed)}, found {value!r}"
                )
        if figure.figure in figures:
            raise IndicatorError(f"{where}: figure: {figure.figure} is there already")
        figures[figure.figure] = figure
    return figures
