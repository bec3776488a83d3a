"""Output for a terminal: tables that lose no figure at 80 columns, progress; texts as text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from .shown import Shown, lines

T = TypeVar("T")
PIPE_WIDTH = 120  # columns if the output is no terminal


def _raw(stream: Any) -> Any:
    """The stream for what writes escapes of its own: colours, progress."""
    return stream.raw if isinstance(stream, Shown) else stream


class _Console(Console):
    """No markup in texts: [ and ] are only brackets."""

    def __init__(self, file: Any, width: int | None) -> None:
        super().__init__(file=file, width=width, highlight=False, markup=False, emoji=False)

    def print(self, *objects: Any, **how: Any) -> None:
        super().print(*(lines(o) if isinstance(o, str) else o for o in objects), **how)


class _Table(Table):
    def add_row(self, *cells: Any, **how: Any) -> None:
        super().add_row(*(lines(c) if isinstance(c, str) else c for c in cells), **how)


def console(pipe_width: int = PIPE_WIDTH) -> Console:
    """Standard output, wide enough for every table if it is no terminal."""
    return _Console(_raw(sys.stdout), None if sys.stdout.isatty() else pipe_width)


def plain(file: IO[str]) -> Console:
    """A console that writes to a file, as wide as every table needs."""
    return _Console(file, PIPE_WIDTH)


def table(title: str | None = None, caption: str | None = None) -> Table:
    """An empty table with two blanks between columns and no frame."""
    return _Table(
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
    if not sys.stderr.isatty():
        return items
    from rich.progress import track  # noqa: PLC0415  slow to load

    return track(items, action, console=Console(file=_raw(sys.stderr)), transient=True)
