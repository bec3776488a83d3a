"""What is said of an event: why it is of its kind, and by how much it may be wrong."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from .limits import LEAST_SHARE, LIFT_WORTH_G, RESIDUE_G, RESIDUE_SHARE


class Story(Struct, frozen=True, gc=False):
    """Why a step is this kind of event, a note, and by how much (g) it may be wrong."""

    why: str
    note: str = ""
    doubt_g: int = 0


def usual_residue(net_g: int) -> int:
    """What usually sticks to a bin that held so much, in g."""
    return max(RESIDUE_G, net_g * RESIDUE_SHARE // 1000)


def no_truck(
    gone: int, before_net: int, slowly: int, least: int, *, seen: bool
) -> Iterator[tuple[str, int]]:
    """Why an emptying may be none, each with the grams that it is wrong by then. slowly: of
    before_net what no event brought; least: grams of an emptying; seen: the bin was seen away."""
    if not seen and gone < LIFT_WORTH_G:
        yield "taken out by hand, or emptied", gone
    if slowly >= least and 2 * slowly >= gone:
        yield f"{kg(slowly)} had come slowly, as water does", min(gone, slowly)
    if 1000 * gone < LEAST_SHARE * before_net:
        yield "little was taken: poured out, taken by hand, or emptied in part", gone


def kg(grams: int, *, sign: bool = False) -> str:
    """Grams as kg for a reader."""
    return f"{grams / 1000:{'+' if sign else ''}.3f} kg"
