"""LibreOffice without a window: another reader of the workbooks that are written here."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

SECONDS = 180  # a first start makes a profile, and the cores are shared
# Field separator, quote, UTF-8, from line 1, all cells as shown, formulas' values, every sheet.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"


def find_soffice() -> str | None:
    """LibreOffice's command, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def convert(file: Path, kind: str, out: Path) -> None:
    """Convert a file into the folder out; RuntimeError with what was said."""
    soffice = find_soffice()
    if soffice is None:
        raise RuntimeError("LibreOffice is missing; as root run: apt-get install libreoffice-calc")
    profile = f"-env:UserInstallation=file://{out.resolve()}/profile"
    command = [
        soffice,
        profile,
        "--headless",
        "--convert-to",
        kind,
        "--outdir",
        str(out),
        str(file),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if done.returncode:
        raise RuntimeError(f"{file}: soffice: {done.stderr.strip() or done.stdout.strip()}")


def sheets(file: Path, out: Path) -> dict[str, list[list[str]]]:
    """Each sheet of a workbook as LibreOffice shows it."""
    convert(file, _CSV, out)
    found = {}
    for path in out.glob(f"{file.stem}-*.csv"):
        with path.open(encoding="utf-8", newline="") as text:
            found[path.stem.removeprefix(f"{file.stem}-")] = list(csv.reader(text))
    return found
