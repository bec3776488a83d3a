#!/bin/sh
# A time of day in a workbook, turned into text by xlsx2csv.
#
# Guess: 13:30 stays 13:30 or becomes 01:30 PM, as the format of the cell says.
# Seen (xlsx2csv 0.8.6; workbook by xlsxwriter 3.3.1): a format with h and neither AM nor PM gives 01:30 without a mark,
# so that the afternoon reads as the night before it; among them are format 22 (m/d/yy h:mm, the one for a date with a
# time), yyyy/m/d h:mm and the Chinese 2026年3月3日 h:mm. With hh it is right, and with h:mm alone too. In the
# Chinese 上午/下午h时mm分 the mark is copied as it stands, and the minutes are the number of the month.
. "$(dirname "$0")/_python.sh"
environment xlsx2csv==0.8.6 xlsxwriter==3.3.1
cat >"$work/try.py" <<'END'
import csv
import datetime
import io
import xlsxwriter
from xlsx2csv import Xlsx2csv

EXPECTED = {
    "h:mm": "13:30",
    "yyyy-mm-dd hh:mm": "2026-03-09 13:30",
    "h:mm AM/PM": "01:30 PM",
    "m/d/yy h:mm": "03/09/26 01:30",
    "yyyy/m/d h:mm": "2026/03/09 01:30",
    'yyyy"年"m"月"d"日" h:mm': '2026"年"03"月"09"日" 01:30',
    '上午/下午h"时"mm"分"': '上午/下午01"时"03"分"',
}
book = xlsxwriter.Workbook("times.xlsx")
sheet = book.add_worksheet()
for row, form in enumerate(EXPECTED):
    sheet.write_datetime(row, 0, datetime.datetime(2026, 3, 9, 13, 30), book.add_format({"num_format": form}))
book.close()
text = io.StringIO()
Xlsx2csv("times.xlsx").convert(text)
seen = dict(zip(EXPECTED, (line[0] for line in csv.reader(io.StringIO(text.getvalue())))))
for form, value in seen.items():
    print(form, "->", value)
assert seen == EXPECTED
END
cd "$work"
"$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: half past one in the afternoon loses its half of the day in four of seven formats"
