#!/bin/sh
# What tablib reads from an ODS file in which neighbouring cells are equal or empty.
#
# OpenDocument writes equal neighbours once, with table:number-columns-repeated (ODF 1.3 part 3, 19.681); LibreOffice
# does so whenever it saves, for empty cells too.
#
# Guess: each cell under its heading, as with the other readers of ODS.
# Seen (tablib 3.10.0, odfpy 1.4.1): a repeated value is taken once and a repeated empty cell not at all, so what follows
# moves to the left and the end of the row is filled with empty text. A load with gross and tare of 5.5 t and 0 t net has a tare of 0 and no net; a row
# with gross and tare left empty has its 12.25 t net under gross. No error, no warning. pyexcel-ods3 0.6.1 and pandas
# 2.3.3 read the same file right.
. "$(dirname "$0")/_python.sh"
environment tablib==3.10.0 odfpy==1.4.1 pyexcel-ods3==0.6.1 pandas==2.3.3
cat >"$work/try.py" <<'END'
import pandas
import pyexcel_ods3
import tablib
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P


def cell(value, times=1):
    options = {"numbercolumnsrepeated": times} if times > 1 else {}
    if isinstance(value, float):
        options |= {"valuetype": "float", "value": value}
    elif value:
        options |= {"valuetype": "string"}
    made = TableCell(**options)
    if value != "":
        made.addElement(P(text=str(value)))
    return made


rows = (
    (("ticket",), ("gross",), ("tare",), ("net",)),
    (("0012",), (5.5, 2), (0.0,)),
    (("0013",), ("", 2), (12.25,)),
    (("0014",), (9.25,), (5.5,), (3.75,)),
)
document, table = OpenDocumentSpreadsheet(), Table(name="tickets")
for row in rows:
    line = TableRow()
    for value in row:
        line.addElement(cell(*value))
    table.addElement(line)
document.spreadsheet.addElement(table)
document.save("tickets.ods")

with open("tickets.ods", "rb") as file:
    seen = [list(row) for row in tablib.Dataset().load(file.read(), "ods")]
pyexcel = pyexcel_ods3.get_data("tickets.ods")["tickets"][1:]
frame = pandas.read_excel("tickets.ods", engine="odf", dtype=object).fillna("").values.tolist()
print("tablib:", seen, "pyexcel-ods3:", pyexcel, "pandas:", frame, sep="\n")
right = [["0012", 5.5, 5.5, 0], ["0013", "", "", 12.25], ["0014", 9.25, 5.5, 3.75]]
assert pyexcel == right and frame == right
assert seen == [["0012", 5.5, 0.0, ""], ["0013", 12.25, "", ""], ["0014", 9.25, 5.5, 3.75]]
END
cd "$work"
"$python" -W ignore try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: repeated cells are left out, and the rest of the row moves to the left"
