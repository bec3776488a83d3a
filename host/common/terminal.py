"""Output for a terminal: tables that lose no figure at 80 columns, progress."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import IO, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

T = TypeVar("T")
PIPE_WIDTH = 120  # columns if the output is no terminal


def console() -> Console:
    """Standard output, wide enough for every table if it is no terminal."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def plain(file: IO[str]) -> Console:
    """A console that writes to a file, as wide as every table needs."""
    return Console(file=file, highlight=False, width=PIPE_WIDTH)


def table(title: str | None = None, caption: str | None = None) -> Table:
    """An empty table with two blanks between columns and no frame."""
    return Table(
        title=title,
        caption=caption,
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )


def columns(table: Table, names: Iterable[str], *, right: bool = False, wrap: bool = False) -> None:
    """Add columns; only those that wrap become narrower without room."""
    for name in names:
        table.add_column(
            name,
            justify="right" if right else "left",
            no_wrap=not wrap,
            overflow="fold" if wrap else "ellipsis",
        )


def with_progress(items: Sequence[T], action: str) -> Iterable[T]:
    """The items, with a progress bar on standard error if that is a terminal."""
    return track(
        items,
        action,
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
