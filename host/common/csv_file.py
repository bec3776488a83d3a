"""One reader for CSV files, and one form for what is wrong in them.

Cells are trimmed and empty lines left out. An error is one line: file, line, what was
expected."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .errors import UserError
from .text_encoding import EncodingError, decoded

Failure = Callable[[str], UserError]  # makes the error that a caller raises
Row = tuple[int, dict[str, str]]  # number of the line, column → cell


class Source(Protocol):
    """A path, or a file of the package."""

    def read_bytes(self) -> bytes: ...


@dataclass(frozen=True)
class CsvFile:
    """A file that was read. name: as errors show it. encoding: None for UTF-8."""

    name: str
    data: bytes
    text: str
    encoding: str | None
    failure: Failure

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and cells of each line that is not empty, the header included."""
        reader = csv.reader(io.StringIO(self.text, newline=""))
        try:
            for values in reader:
                cells = [v.strip() for v in values]
                if any(cells):
                    yield reader.line_num, cells
        except csv.Error as error:
            raise self.failure(f"{self.name}:{reader.line_num}: not a CSV: {error}") from None

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Rows below a header with at least these columns; each row is as long as the header."""
        lines = self.lines()
        line, header = next(lines, (1, []))
        wrong = [f"a column {c}" for c in columns if c not in header]
        wrong += [f"one column {c}, found more" for c in header if c and header.count(c) > 1]
        if wrong:
            raise self.failure(f"{self.name}:{line}: expected {wrong[0]}")
        for line, cells in lines:
            if len(cells) != len(header):
                expected = f"{len(header)} columns, found {len(cells)}"
                raise self.failure(f"{self.name}:{line}: expected {expected}")
            yield line, dict(zip(header, cells, strict=True))


def read(source: Path | Source, failure: Failure = UserError, name: str | None = None) -> CsvFile:
    """Read a file and find its encoding; raises failure(text) when it cannot be read, or is
    neither UTF-8 nor GB18030."""
    name = name or str(source)
    try:
        data = source.read_bytes()
    except OSError as error:
        raise failure(f"{name}: cannot be read: {error.strerror}") from None
    try:
        text, encoding = decoded(data)
    except EncodingError as error:
        raise failure(f"{name}:{error.line}: {error}") from None
    return CsvFile(name, data, text, encoding, failure)
