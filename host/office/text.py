"""How wide a text is where a Chinese character takes two columns."""

from __future__ import annotations

from rich.cells import cell_len


def lines(text: str, width: float) -> int:
    """How many lines a text takes in a cell of so many columns."""
    room = max(2, int(width) - 1)
    return sum(max(1, -(-cell_len(part) // room)) for part in text.split("\n"))
