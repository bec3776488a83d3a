"""The part of a page of docs/ that a measurement writes, between two marks."""

from __future__ import annotations

from pathlib import Path


class PageError(RuntimeError):
    """A page that has no such part; it stays as it is. One line."""


def check(path: Path, begin: str, end: str) -> None:
    """PageError unless the page has both marks: before anything is measured."""
    _parts(path, begin, end)


def put(path: Path, begin: str, end: str, text: str) -> None:
    """Put text between the marks; the rest of the page stays."""
    head, tail = _parts(path, begin, end)
    path.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}", encoding="utf-8")
    print(f"{path}: figures written")


def _parts(path: Path, begin: str, end: str) -> tuple[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PageError(f"{path}: cannot be read: {error}") from None
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        raise PageError(f"{path}: expected a page with the line {begin}")
    return head, tail
