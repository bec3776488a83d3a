"""How masses, counts and shares are written: the same digits everywhere.

A share is rounded once, to a millionth, so that a file, a page and a workbook cannot differ.
Where nothing was measured there is no figure: None, shown as —."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

MISSING = "—"  # not measured, or no such figure: never zero
_MILLIONTH = Decimal("0.000001")


def known(amount: int, covered_s: int) -> int | None:
    """An amount over a time of which covered_s seconds were measured; None if nothing was
    measured, unless a change was seen across a gap."""
    return amount if amount or covered_s else None


def share(part: int, whole: int) -> Decimal | None:
    """part / whole with six decimals; None if whole is 0."""
    return fixed(Decimal(part) / whole, _MILLIONTH) if whole else None


def fixed(value: Decimal | float, step: Decimal) -> Decimal:
    """Rounded to a step as spreadsheets do: halves away from zero."""
    with localcontext() as context:
        context.prec = 60
        exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
        return exact.quantize(step, ROUND_HALF_UP)


def shown(value: Decimal | float, places: int) -> str:
    """With so many decimals."""
    return f"{fixed(value, Decimal(1).scaleb(-places)):f}"


def percent(share: Decimal | float, places: int = 1) -> str:
    """The digits of a share from 0 to 1 in percent, without the sign."""
    exact = share if isinstance(share, Decimal) else Decimal(repr(float(share)))
    return shown(100 * exact, places)


def coverage(share: Decimal | None) -> str:
    """A share from 0 to 1 with six decimals; — for None."""
    return MISSING if share is None else f"{share:f}"


def kg(grams: int | None, sign: str = "") -> str:
    """Grams as kg with three decimals, exactly; — for None. sign "+": also written where
    positive."""
    return MISSING if grams is None else f"{Decimal(grams).scaleb(-3):{sign}.3f}"


def kg_number(grams: int | None) -> float | None:
    """Grams as kg for JSON and workbooks; None stays None."""
    return None if grams is None else grams / 1000


def tonnes(grams: int | None) -> str:
    """Grams as t with six decimals, exactly; — for None."""
    return MISSING if grams is None else f"{Decimal(grams).scaleb(-6):.6f}"


def wan_tonnes(grams: int | None) -> str:
    """Grams as 万吨 (10,000 t) with ten decimals, exactly; — for None."""
    return MISSING if grams is None else f"{Decimal(grams).scaleb(-10):.10f}"


def count(n: int | None) -> str:
    """A count; — for None."""
    return MISSING if n is None else str(n)
