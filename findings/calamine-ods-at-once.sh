#!/bin/sh
# python-calamine 0.9.1, a workbook with two sheets of 60,000 rows, as XLSX and as ODS.
#
# One would guess: from_path() reads the list of sheets, and get_sheet_by_name() the sheet that is asked for, in every format alike.
# Seen: so it is for XLSX. Of an ODS from_path() reads every cell of every sheet, and get_sheet_by_name() takes next to no time: who
#       wants to refuse a sheet that is too large has to look into content.xml before the library opens the file.
. "$(dirname "$0")/_python.sh"
environment python-calamine==0.9.1 XlsxWriter==3.2.9 odfpy==1.4.1
cat >"$work/seen.py" <<'EOF'
import sys
import time

import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from python_calamine import CalamineWorkbook

folder, rows = sys.argv[1], 60_000
book = xlsxwriter.Workbook(f"{folder}/a.xlsx", {"constant_memory": True})
made = OpenDocumentSpreadsheet()
for name in ("one", "two"):
    page, table = book.add_worksheet(name), Table(name=name)
    for row in range(rows):
        page.write_number(row, 0, row)
        line, cell = TableRow(), TableCell(valuetype="float", value=str(row))
        cell.addElement(P(text=str(row)))
        line.addElement(cell)
        table.addElement(line)
    made.spreadsheet.addElement(table)
book.close()
made.save(f"{folder}/a.ods")
share = {}
for kind in ("xlsx", "ods"):
    began = time.process_time()
    opened = CalamineWorkbook.from_path(f"{folder}/a.{kind}")
    at = time.process_time()
    sheet = opened.get_sheet_by_name("two")
    end = time.process_time()
    assert sheet.height == rows, sheet.height
    share[kind] = (at - began) / (end - began)
    print(f"{kind}: {1000 * (at - began):.1f} ms to open, {1000 * (end - at):.1f} ms for a sheet")
sys.exit(0 if share["xlsx"] < 0.3 and share["ods"] > 0.8 else 1)
EOF
"$python" "$work/seen.py" "$work"
