"""Puts rows of a fleet into registry/*.csv; every other row stays unchanged to the byte.

csv.reader stands here and not common.csv_file, which does not keep how a line was written."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .. import registry
from ..common import csv_file
from . import ProvisionError, begin, files
from .plan import Plan

CERTIFICATES = "certificates.csv"  # when each ends, for alarms: see host.points.certificates
_HEADERS = {
    "sites.csv": "site,name,town,kind,windows\n",
    "devices.csv": "device,site\n",
    CERTIFICATES: "certificate,until\n",
    "bins.csv": "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,"
    "max_kg,e_kg\n",
}
Rows = dict[str, dict[str, str]]  # key of a row (its site, device or bin) -> cells
Texts = dict[str, str]


def read(folder: Path, *, new: bool) -> Texts:
    """name -> text of the files of a registry; a missing file has its header only. new: the
    registry may be missing, and then has the towns and rules of the example."""
    texts = begin.texts() if new else dict(_HEADERS)
    return texts | {path.name: _text(path) for path in sorted(folder.glob("*.csv"))}


def _text(path: Path) -> str:
    file = csv_file.read(path, ProvisionError)
    if file.encoding:  # what is added could not be read beside it
        raise ProvisionError(f"{path}: expected UTF-8, found {file.encoding}")
    return file.data.decode()


def load(folder: Path, texts: Texts) -> registry.Registry:
    """The registry of these texts; ProvisionError names mistakes as if the files were in
    folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in texts.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8", newline="")
        try:
            return registry.load(Path(scratch))
        except registry.RegistryError as error:
            raise ProvisionError(str(error).replace(scratch, str(folder))) from None


def with_plan(texts: Texts, plan: Plan) -> Texts:
    """The texts with the sites, devices and bins of the plan. A bin that a board of the plan
    no longer has becomes a spare of its site."""
    sites: Rows = {s.site: {"site": s.site, "name": s.name, "town": s.town} for s in plan.sites}
    for s in plan.sites:
        sites[s.site] |= {"kind": s.kind, "windows": s.windows}
    devices: Rows = {b.device: {"device": b.device, "site": b.site} for b in plan.boards}
    bins: Rows = {}
    for board in plan.boards:
        place = {"site": board.site, "device": board.device}
        bins |= {b.bin: {**vars(b), **place} for b in board.bins}
    spare = dict.fromkeys(("device", "channel", "fill_channel"), "")
    for row in csv.DictReader(io.StringIO(texts["bins.csv"].lstrip("\ufeff"), newline="")):
        name = (row.get("bin") or "").strip()
        if name not in bins and (row.get("device") or "").strip() in devices:
            bins[name] = spare
    changed = {"site": sites, "device": devices, "bin": bins}
    return texts | {f"{k}s.csv": merged(texts[f"{k}s.csv"], k, rows) for k, rows in changed.items()}


def with_ends(texts: Texts, ends: Mapping[str, dt.date | None]) -> Texts:
    """The texts with the day on which each certificate ends; none of one that is revoked."""
    rows = {n: {"certificate": n, "until": str(day or "")} for n, day in ends.items()}
    before = texts.get(CERTIFICATES, _HEADERS[CERTIFICATES])
    return texts | {CERTIFICATES: merged(before, "certificate", rows)}


def note_ends(folder: Path, ends: Mapping[str, dt.date | None]) -> list[str]:
    """Write the day on which each certificate ends into a registry; the file where it differs."""
    path = folder / CERTIFICATES
    return write(folder, with_ends({CERTIFICATES: _text(path)} if path.exists() else {}, ends))


def merged(text: str, key: str, rows: Mapping[str, Mapping[str, str]]) -> str:
    """A CSV with these rows: columns of a row with the same key are replaced, other rows are
    added."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = list(io.StringIO(text.removeprefix(mark), newline=""))
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    reader = csv.reader(lines)
    header = [h.strip() for h in next(reader, [])]
    out, line = lines[: reader.line_num], reader.line_num
    left = dict(rows)
    for values in reader:
        raw, line = lines[line : reader.line_num], reader.line_num
        was = dict(zip(header, (v.strip() for v in values), strict=False))
        new = left.pop(was.get(key, ""), None)
        if new is None or all(was.get(k) == v for k, v in new.items() if k in header):
            out += raw
        else:
            out.append(_line(header, {**was, **new}, end))
    if left and out and not out[-1].endswith(("\n", "\r")):
        out[-1] += end
    return mark + "".join([*out, *(_line(header, r, end) for r in left.values())])


def _line(header: list[str], row: Mapping[str, str], end: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator=end).writerow([row.get(h, "") for h in header])
    return line.getvalue()


def write(folder: Path, texts: Texts) -> list[str]:
    """Write the files that differ; their names."""
    folder.mkdir(exist_ok=True)
    return [
        n for n, t in sorted(texts.items()) if files.write(folder / n, t.encode(), files.PUBLIC)
    ]
