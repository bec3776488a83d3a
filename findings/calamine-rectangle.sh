#!/bin/sh
# python-calamine 0.9.1, a sheet with three cells.
#
# One would guess: iter_rows() gives rows one by one, so memory goes with the cells that are there, or with the widest row.
# Seen: the whole rectangle up to the last row and column is made before the first row: of 12 million places with 3 values it
#       takes some 370 MB, about 31 bytes for each empty place. A reader has to know how far a sheet reaches before it opens it.
. "$(dirname "$0")/_python.sh"
environment python-calamine==0.9.1 XlsxWriter==3.2.9
cat >"$work/seen.py" <<'EOF'
import resource
import sys

import xlsxwriter
from python_calamine import CalamineWorkbook

file, rows, columns = sys.argv[1], 60_000, 200
book = xlsxwriter.Workbook(file)
page = book.add_worksheet()
for row, column in ((0, 0), (rows - 1, 0), (0, columns - 1)):
    page.write(row, column, "x")
book.close()


def most_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


before = most_mb()
sheet = CalamineWorkbook.from_path(file).get_sheet_by_index(0)
first = next(iter(sheet.iter_rows()))
taken = most_mb() - before
print(f"first row of {len(first)} cells: {taken:.0f} MB, {taken * 2**20 / rows / columns:.0f} bytes a place")
sys.exit(0 if len(first) == columns and 250 < taken < 600 else 1)
EOF
"$python" "$work/seen.py" "$work/three.xlsx"
