"""QR codes are read from photographs of labels; label, ledger and reading agree to the gram."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import hazard_month as month
import labelled
import msgspec
import photograph
import pypdfium2
import zxingcpp
from labelled import T0, UNIT
from PIL import Image
from soak import in_part
from sqlite_of import sqlite_of

from host.events import derive
from host.hazard import hj1259, ledger, ledger_posting, register
from host.hazard.entry import CODE, STORED, TAKEN, Entry
from host.hazard.label import bitmap, fonts, issue, printing
from host.rollup.scales import platform_of
from host.store import Store

KNOWN = labelled.known()
PHOTOGRAPHS = in_part(40, 500)
WEIGHINGS = in_part(60, 1000)
FIRST = int(os.environ.get("SEED", "1"))


def test_photographs_of_labels_are_read(figure: Callable[[str], None]) -> None:
    """Labels of each size as a printer of 203 dpi makes them; SEED= begins elsewhere."""
    labels: list[tuple[str, Image.Image]] = []
    for n, mm in enumerate((100, 150, 200), 1):
        entry = labelled.entry(KNOWN, T0, 12_345 * n)
        code = f"{UNIT}9002140820260303{n:03d}"
        entry = msgspec.structs.replace(entry, values=entry.values | {CODE: code})
        made = printing.labels(KNOWN, [entry], size_mm=mm)
        image = bitmap.paint(made.drawings[0], made.font, 203).convert("L")
        labels.append((code, image.resize((1000, 1000), Image.Resampling.BOX)))
    missed = []
    for seed in range(FIRST, FIRST + PHOTOGRAPHS):
        code, label = labels[seed % 3]
        found = [f.text for f in zxingcpp.read_barcodes(photograph.taken(label, seed))]
        assert set(found) <= {code}  # what is read is right
        if not found:
            missed.append(seed)
    share = 1 - len(missed) / PHOTOGRAPHS
    figure(
        f"QR code read in {100 * share:.1f} % of {PHOTOGRAPHS} photographs (seeds from {FIRST}; "
        f"missed: {missed})"
    )
    assert len(missed) <= max(1, PHOTOGRAPHS // 100)


def test_label_ledger_and_reading_agree_to_the_gram(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """What was weighed in the month of the simulated stores: readings, entry, code, label, PDF."""
    month.write_registry(tmp_path / "registry")
    known = register.load(tmp_path / "registry")
    units = {n: replace(u, credit_code=UNIT) for n, u in known.institutions.items()}
    known = replace(known, institutions=units)
    with closing(Store(tmp_path / "q.db", create=True)) as store:
        sqlite_of(store).execute("PRAGMA synchronous=OFF")
        using = issue.issuer(store, known)
        weighed: list[Entry] = []
        for plan in month.plans():
            seen = []
            for p, bin_ in enumerate(known.platforms(plan.store)):
                told = month.samples(plan, p)
                outcome = derive(platform_of(known.known, bin_), told)
                seen.append(ledger_posting.Seen(bin_, outcome, told))
            added = ledger_posting.update(store, known, seen, month.END, [])
            weighed += [e for e in added.added if e.table == STORED]
            if len(weighed) >= WEIGHINGS:
                break
        weighed = weighed[:WEIGHINGS]
        coded = issue.give(using, [e.id for e in weighed], "王五", month.END)
        coded = [e for e in coded if not e.reverses]
        assert len({e.values[CODE] for e in coded}) == len(coded) == WEIGHINGS
        live = [e for e in ledger.live(ledger.read(store)) if e.values.get(CODE)]
        cells = hj1259.table(STORED, live, "", "").rows
        exported = {str(row[-2]): row[7] for row in cells}
    made = printing.labels(known, coded, size_mm=100, font=fonts.find().path)
    out = tmp_path / "labels.pdf"
    printing.to_pdf(made, out, orange=False, sheet=False)
    document = pypdfium2.PdfDocument(out)
    for n, (before, entry) in enumerate(zip(weighed, coded, strict=True)):
        w = entry.weighed
        assert w is not None
        net = w.after_g - w.before_g  # these containers stay: tare 0
        assert before.grams == entry.grams == net == made.contents[n].grams
        text = re.sub(r"\s", "", document[n].get_textpage().get_text_bounded())
        mass = re.search(r"废物重量：(\d+)\.(\d{3})kg", text)
        assert mass is not None and int(mass[1] + mass[2]) == net
        assert entry.values[CODE] in text
        assert exported[entry.values[CODE]] * 1000 == net  # type: ignore[operator]
    assert TAKEN not in {e.table for e in coded}
    figure(f"label, ledger, export and readings equal to the gram in {len(coded)} weighings")
