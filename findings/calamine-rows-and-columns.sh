#!/bin/sh
# python-calamine 0.9.1, a table that begins in C4.
#
# One would guess: rows and columns count from one corner, either that of the sheet or that of the table; and merged ranges count
# in the same way as the cells.
# Seen: iter_rows() begins at row 1 of the sheet (empty rows first), but at the first column that is used: cell C4 is the first cell
#       of the fourth row. merged_cell_ranges count both from the corner of the sheet. A merged cell has to be moved by start[1].
. "$(dirname "$0")/_python.sh"
environment python-calamine==0.9.1 XlsxWriter==3.2.9
cat >"$work/seen.py" <<'EOF'
import sys

import xlsxwriter
from python_calamine import CalamineWorkbook

file = sys.argv[1]
book = xlsxwriter.Workbook(file)
page = book.add_worksheet()
page.write_row(3, 2, ["name", "kg"])
page.merge_range(4, 2, 5, 2, "oil")
page.write_column(4, 3, [1, 2])
book.close()
sheet = CalamineWorkbook.from_path(file).get_sheet_by_index(0)
rows = list(sheet.iter_rows())
print("rows:", rows)
print("start:", sheet.start, "merged:", sheet.merged_cell_ranges)
right = rows == [["", ""]] * 3 + [["name", "kg"], ["oil", 1.0], ["", 2.0]]
sys.exit(0 if right and sheet.start == (3, 2) and sheet.merged_cell_ranges == [((4, 2), (5, 2))] else 1)
EOF
"$python" "$work/seen.py" "$work/c4.xlsx"
