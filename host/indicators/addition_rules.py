"""Sums that are not allowed, as rules over pairs of figures.

Every sum of a definition is checked when the definitions are read, also in rows that an office
adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

from ..registry import DRY, WET
from .catalog import Figure

RESIDUE = "湿垃圾残渣"
_WEIGHED = ("weighbridge", "transfer", "truck", "site")
_HAZARDOUS = ("industrial_hw", "social_hw", "medical_hw")


def _residue(a: Figure, b: Figure) -> bool:
    return RESIDUE in (a.stream, b.stream) and a.sector == b.sector == "household"


def _transfer(a: Figure, b: Figure) -> bool:
    return {a.basis, b.basis} == {"transfer", "weighbridge"}


def _points(a: Figure, b: Figure) -> bool:
    weighed = a.basis in _WEIGHED and b.basis in _WEIGHED
    return weighed and a.basis != b.basis and bool({"site", "truck"} & {a.basis, b.basis})


def _gross(a: Figure, b: Figure) -> bool:
    return {a.mass, b.mass} == {"gross", "net"}


def _stock(a: Figure, b: Figure) -> bool:
    return "stock" in (a.kind, b.kind) and a.kind != b.kind


def _hazardous(a: Figure, b: Figure) -> bool:
    return a.sector in _HAZARDOUS and b.sector in _HAZARDOUS and a.sector != b.sector


def _household(a: Figure, b: Figure) -> bool:
    return a.sector != b.sector and bool(
        {"household"} & {a.sector, b.sector}
        and {"construction", "nightsoil"} & {a.sector, b.sector}
    )


def _units(a: Figure, b: Figure) -> bool:
    return a.unit != b.unit


PAIRS: dict[str, Callable[[Figure, Figure], bool]] = {
    "湿垃圾进厂量与其残渣不得相加": _residue,
    "中转站计量与进厂计量不得相加": _transfer,
    "投放点、车载与设施计量不得相加": _points,
    "毛重与净重不得相加": _gross,
    "贮存量与产生量等流量不得相加": _stock,
    "社会源、医疗与工业危险废物不得相加": _hazardous,
    "建筑垃圾、粪便与生活垃圾不得相加": _household,
    "单位不同的数不得相加": _units,
}
HAULAGE = "清运量只含干垃圾和湿垃圾"


def broken(addends: Iterable[Figure], *, haulage: bool = False) -> str | None:
    """The rule that a sum of these figures breaks, with the figures; None where it is allowed.
    haulage: the sum is 清运量."""
    figures = list(addends)
    if haulage:
        for f in figures:
            if f.stream not in (DRY, WET) or f.sector != "household" or f.mass != "net":
                return f"{HAULAGE}: {f.figure}"
    for a, b in combinations(figures, 2):
        for rule, breaks in PAIRS.items():
            if breaks(a, b):
                return f"{rule}: {a.figure} + {b.figure}"
        if a == b:
            return f"同一个数不得相加两次: {a.figure}"
    return None
