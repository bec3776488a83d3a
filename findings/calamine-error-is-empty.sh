#!/bin/sh
# python-calamine 0.9.1, cells whose formula ends in an error.
#
# One would guess: the cell comes as its text (#DIV/0!, as openpyxl gives it), as None, or the sheet raises.
# Seen: it comes as '', as a cell that nobody filled. An error in an optional column cannot be told from "not given".
. "$(dirname "$0")/_python.sh"
environment python-calamine==0.9.1 XlsxWriter==3.2.9 openpyxl==3.1.5
cat >"$work/seen.py" <<'EOF'
import sys

import openpyxl
import xlsxwriter
from python_calamine import CalamineWorkbook

file = sys.argv[1]
book = xlsxwriter.Workbook(file)
page = book.add_worksheet()
page.write(0, 0, "mass")
for row, error in enumerate(("#DIV/0!", "#N/A", "#REF!", "#VALUE!"), 1):
    page.write_formula(row, 0, "=1/0", None, error)
page.write(5, 0, None)
page.write(5, 1, "last")
book.close()
seen = [row[0] for row in CalamineWorkbook.from_path(file).get_sheet_by_index(0).iter_rows()]
other = [row[0].value for row in openpyxl.load_workbook(file, data_only=True).active]
print("calamine:", seen)
print("openpyxl:", other)
sys.exit(0 if seen == ["mass", "", "", "", "", ""] and other[1:5] == ["#DIV/0!", "#N/A", "#REF!", "#VALUE!"] else 1)
EOF
"$python" "$work/seen.py" "$work/errors.xlsx"
