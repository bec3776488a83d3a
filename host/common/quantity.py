"""How masses, counts and shares are written: the same digits wherever they stand.

A share is settled once, to a millionth, so that a file, a page and a workbook cannot round
it apart. Where nothing was measured there is no figure (None), which people read as —."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

MISSING = "—"  # not measured, or not there: never a zero
_MILLIONTH = Decimal("0.000001")


def known(amount: int, covered_s: int) -> int | None:
    """An amount over a time of which covered_s seconds were seen; None: nobody looked, and
    what is not zero was seen all the same (across a gap)."""
    return amount if amount or covered_s else None


def share(part: int, whole: int) -> Decimal | None:
    """part of whole with six decimals; None where there is no whole."""
    return fixed(Decimal(part) / whole, _MILLIONTH) if whole else None


def fixed(value: Decimal | float, step: Decimal) -> Decimal:
    """Rounded to a step as a spreadsheet does it: halves away from zero."""
    with localcontext() as context:
        context.prec = 60
        exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
        return exact.quantize(step, ROUND_HALF_UP)


def shown(value: Decimal | float, places: int) -> str:
    """With so many decimals."""
    return f"{fixed(value, Decimal(1).scaleb(-places)):f}"


def percent(share: Decimal | float, places: int = 1) -> str:
    """The digits of a share in percent, without the sign."""
    exact = share if isinstance(share, Decimal) else Decimal(repr(float(share)))
    return shown(100 * exact, places)


def coverage(share: Decimal | None) -> str:
    """A share from 0 to 1 with its six decimals."""
    return MISSING if share is None else f"{share:f}"


def kg(grams: int | None, sign: str = "") -> str:
    """Grams as kg with three decimals, exactly; sign "+": said where it is more."""
    return MISSING if grams is None else f"{Decimal(grams).scaleb(-3):{sign}.3f}"


def kg_number(grams: int | None) -> float | None:
    """The same as a number, for JSON and workbooks."""
    return None if grams is None else grams / 1000


def tonnes(grams: int | None) -> str:
    """Grams as t with six decimals, exactly."""
    return MISSING if grams is None else f"{Decimal(grams).scaleb(-6):.6f}"


def wan_tonnes(grams: int | None) -> str:
    """Grams as 万吨 (10,000 t) with ten decimals, exactly."""
    return MISSING if grams is None else f"{Decimal(grams).scaleb(-10):.10f}"


def count(n: int | None) -> str:
    """How often."""
    return MISSING if n is None else str(n)
