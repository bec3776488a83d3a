#!/bin/sh
# Dates of the 1904 system and durations above a day, read from a workbook by pylightxl.
#
# Guess: 2026-03-01 in both date systems, and 25:30 as it is shown.
# Seen (pylightxl 1.61; workbook of XlsxWriter 3.2.9): the workbook's date1904 flag (ECMA-376 part 1, 18.2.28) is not
# read, so a ticket of 2026-03-01 14:30 is one of 2022-02-28 14:30. A duration with the format [h]:mm loses its days: a truck
# that was out for 25:30 was out for 01:30. Both without a warning, as text.
. "$(dirname "$0")/_python.sh"
environment pylightxl==1.61 xlsxwriter==3.2.9
cat >"$work/try.py" <<'END'
import datetime as dt

import pylightxl
import xlsxwriter

seen = []
for is_1904 in (False, True):
    with xlsxwriter.Workbook("tickets.xlsx", {"date_1904": is_1904}) as book:
        sheet = book.add_worksheet("tickets")
        sheet.write_datetime(0, 0, dt.datetime(2026, 3, 1, 14, 30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
        sheet.write_datetime(0, 1, dt.timedelta(hours=25, minutes=30), book.add_format({"num_format": "[h]:mm"}))
    seen += [list(row) for row in pylightxl.readxl("tickets.xlsx").ws("tickets").rows]
print(seen)
assert seen == [["2026/03/01 14:30:00", "01:30:00"], ["2022/02/28 14:30:00", "01:30:00"]]
END
cd "$work"
"$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: four years and a day early, and a day lost"
