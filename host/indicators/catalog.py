"""Properties of each figure: unit, kind, where it is measured, whose waste it is."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from host.indicators import IndicatorError

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


def table(path: Path | None, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(file:line, row) of a CSV, by default the package's own; IndicatorError where it cannot be
    read."""
    source = path or files("host.indicators").joinpath(name)
    try:
        with source.open(encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            for row in reader:
                where = f"{path or name}:{reader.line_num}"
                if None in row or None in row.values():
                    raise IndicatorError(
                        f"{where}: expected {len(reader.fieldnames or ())} columns"
                    )
                yield where, {k: v.strip() for k, v in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise IndicatorError(f"{path or name}: cannot be read: {error}") from None


def load(path: Path | None = None) -> Catalog:
    """name -> figure from figures.csv; IndicatorError names the first mistake."""
    figures: Catalog = {}
    for where, row in table(path, "figures.csv"):
        try:
            sources = tuple(row["from"].split())
            figure = Figure(
                figure=row["figure"],
                name=row["name"],
                unit=row["unit"],
                kind=row["kind"],
                basis=row["basis"],
                stream=row["stream"],
                sector=row["sector"],
                mass=row["mass"],
                sources=sources,
                note=row["note"],
            )
        except KeyError as error:
            raise IndicatorError(f"{where}: expected a column {error.args[0]}") from None
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
