"""Takes an edition of the national catalogue into a registry folder, whole or not at all."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ..common.atomic_write import whole
from ..common.shown import CsvWriter, cell
from ..tables.workbook import SUFFIXES
from . import HazardError, catalogue_table, catalogue_text
from .catalogue import ADDED_CODES, COLUMNS, Catalogue, Code, Edition, read_codes
from .catalogue_table import CATEGORY, CODES, HAZARD, WASTE, Found, Table, hazard_of
from .edition_diff import differences

CATEGORIES = tuple(f"HW{n:02d}" for n in range(1, 51))
_SHEETS = (*SUFFIXES, ".csv")
_OTHERS = {
    ".pdf": "extract its text first (pdftotext FILE.pdf FILE.txt)",
    ".doc": "save its table as .xlsx first",
    ".docx": "save its table as .xlsx first",
}


@dataclass
class Reading:
    """An edition as a file has it. notes: repairs; differences: from the edition `beside`;
    refusals: why it is not taken."""

    edition: Edition
    codes: list[Code]
    notes: list[str]
    refusals: list[str]
    beside: str = ""
    differences: list[str] = field(default_factory=list)


def read(path: Path, known: Catalogue, name: str, size: int | None, *, names: bool) -> Reading:
    """Read and check a file as an edition. size: the number of codes where it is another one than
    that of the edition; names: take other names of categories than known. HazardError where the
    edition is unknown or the file cannot be read at all."""
    edition = known.editions.get(name)
    if edition is None:
        choices = " ".join(known.editions)
        raise HazardError(
            f"--edition: expected one of {choices} (add hw_editions.csv), found {name!r}"
        )
    suffix = path.suffix.lower()
    if suffix in _OTHERS:
        raise HazardError(f"{path}: expected .xlsx, .csv or .txt: {_OTHERS[suffix]}")
    before = known.names(name)
    is_sheet = suffix in _SHEETS
    table = catalogue_table.read(path) if is_sheet else catalogue_text.read(path, before)
    if not table.rows and not table.refusals:
        raise HazardError(f"{path}: expected rows with a code NNN-NNN-NN, found none")
    codes = _checked(table, name, before, is_sheet=is_sheet, other_names=names)
    expected = size if size is not None else edition.size
    if expected is not None and len(codes) != expected:
        table.refusals.append(
            f"{path}: expected {expected} codes in the edition {name}, found {len(codes)} "
            f"(--codes {len(codes)} takes them)"
        )
    made = Reading(edition, codes, table.notes, table.refusals)
    made.beside = _beside(known, edition)
    if made.beside:
        made.differences = differences(known.of(made.beside), {c.code: c for c in codes})
    return made


def _beside(known: Catalogue, edition: Edition) -> str:
    """The edition that a file is compared with: the same, or the latest before that has codes."""
    held = [e.edition for e in known.by_age if known.has(e.edition) and e.since <= edition.since]
    return held[-1] if held else ""


def _checked(
    table: Table, edition: str, known: dict[str, str], *, is_sheet: bool, other_names: bool
) -> list[Code]:
    """The rows as codes; what is wrong goes to table.refusals."""
    names = _names(table, known, is_sheet=is_sheet, other_names=other_names)
    often = Counter(row.code for row in table.rows)
    codes = []
    for row in table.rows:
        category = "HW" + row.code[-2:]
        if category not in CATEGORIES:
            table.refuse(
                row.where, CODES, "the digits of a category, 01 to 50, at the end", row.code
            )
        elif row.category != category:
            table.refuse(row.where, CATEGORY, f"{category}, as of {row.code}", row.category)
        if often[row.code] > 1:
            table.refuse(row.where, CODES, "each code once", row.code)
        if cell(row.description) != row.description:  # no spreadsheet shall take it for a formula
            table.refuse(row.where, WASTE, "a wording that begins with a letter", row.description)
        if _is_open(row):
            table.notes.append(f"{row.where}: {WASTE}: brackets of {row.code} do not close")
        hazard = hazard_of(row.hazard)
        if hazard is not None and hazard != row.hazard:
            table.notes.append(f"{row.where}: {HAZARD}: {row.hazard!r} read as {hazard}")
        codes.append(
            Code(
                edition, category, names.get(category, ""), row.code, hazard or "", row.description
            )
        )
    return codes


def _is_open(row: Found) -> bool:
    text = row.description.replace("(", "（").replace(")", "）")
    return text.count("（") != text.count("）")


def _names(
    table: Table, known: dict[str, str], *, is_sheet: bool, other_names: bool
) -> dict[str, str]:
    """Category -> name: as the file has it, in the spelling that is known."""
    names: dict[str, str] = {}
    for category in sorted({"HW" + row.code[-2:] for row in table.rows}):
        given = table.names.get(category, set())
        before = known.get(category, "")
        where = next(r.where for r in table.rows if r.code.endswith(category[2:]))
        if len(given) == 1 and (only := next(iter(given))):
            if before and catalogue_table.alike(only, before):
                names[category] = before
            elif before and not other_names:
                table.refuse(where, CATEGORY, f"{category} {before} (or --names)", only)
            else:
                names[category] = only
        elif given:
            table.refuse(where, CATEGORY, f"one name of {category}", "; ".join(sorted(given)))
        elif before and not is_sheet:
            names[category] = before
            table.notes.append(f"{where}: {CATEGORY}: no {category} there: {before} as before")
        else:
            table.refuse(where, CATEGORY, f"{category} and its name", "")
    return names


def write(folder: Path, known: Catalogue, made: Reading) -> int:
    """Put the codes of an edition in the place of those that the folder's hw_catalogue.csv has;
    how many it had. The file is whole or as it was."""
    path = folder / ADDED_CODES
    held = list(read_codes(path, known.editions).values()) if path.exists() else []
    kept = [c for c in held if c.edition != made.edition.edition]
    text = io.StringIO()
    out = CsvWriter(text)
    out.writerow(COLUMNS)
    for c in [*kept, *made.codes]:
        row = c.edition, c.category, c.category_name, c.code, c.hazard, c.description
        out.writerow(row)
    with whole(path) as part:
        part.write_text(text.getvalue(), encoding="utf-8")
        written = read_codes(part, known.editions)
        if [*written.values()] != [*kept, *made.codes]:
            raise HazardError(f"{path}: not what was read: nothing was changed")
    return len(held) - len(kept)
