"""Two boards that speak under one name: their lives take turns.

A life ends when its flash is erased, and never comes back after another one that comes back too.
So where readings in order of time are of a life, of another, of the first and of the other again,
two boards measure, and what the readings show is no history of one platform."""

from __future__ import annotations

from collections.abc import Sequence

TWO_BOARDS = "two_boards"
# The turns of boards that run at the same time are closer than that.
WITHIN_S = 6 * 3600
_TURNS = 4

# Lives in order of time, each with the Unix second of its first reading; equal ones are one.
Turns = list[tuple[str, int]]


def turn(turns: Sequence[tuple[str, int]], life: str, t: int) -> Turns:
    """The turns after a reading of a life at Unix time t."""
    if turns and turns[-1][0] == life:
        return list(turns)
    return [*turns[1 - _TURNS :], (life, t)]


def since(turns: Sequence[tuple[str, int]]) -> int | None:
    """When the turns of two boards began, Unix seconds; None: it is one board."""
    if len(turns) < _TURNS:
        return None
    (a, began), (b, _), (c, _), (d, ended) = turns
    return began if a == c and b == d and ended - began <= WITHIN_S else None
