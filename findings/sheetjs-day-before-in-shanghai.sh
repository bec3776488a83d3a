#!/bin/sh
# The day and time of a weighbridge ticket that SheetJS reads from a workbook on a computer in Shanghai. Needs npm.
#
# Guess: midnight of the machine's zone, or of UTC, on the day that is written in the cell.
# Seen (xlsx 0.18.5, the newest on npm, Node.js 20; workbook of XlsxWriter 3.2.9): with cellDates a date is 43 s too
# early where TZ is Asia/Shanghai, because the zone's offset of 1899 was 8:05:43: 1 March, 00:00, is 28 February,
# 23:59:17, so the ticket falls on the day before, and into the month before. 14:30 is 14:29:17. In UTC it is right. With the
# 1904 date system, as workbooks made on a Mac may have, dates are four years and a day early as well, though the same
# sheet as CSV shows 2026-03-01.
. "$(dirname "$0")/_python.sh"
environment xlsxwriter==3.2.9
npm_package xlsx@0.18.5
cat >"$work/make.py" <<'END'
import datetime as dt

import xlsxwriter

for name, is_1904 in (("1900.xlsx", False), ("1904.xlsx", True)):
    with xlsxwriter.Workbook(name, {"date_1904": is_1904}) as book:
        shown = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        sheet.write_datetime(0, 0, dt.datetime(2026, 3, 1), shown)
        sheet.write_datetime(0, 1, dt.datetime(2026, 3, 1, 14, 30), shown)
END
cat >"$work/try.js" <<'END'
const XLSX = require('xlsx');
const two = (n) => String(n).padStart(2, '0');
const local = (date) => {
  const d = new Date(Math.round(date / 1000) * 1000);
  const time = [d.getHours(), d.getMinutes(), d.getSeconds()].map(two).join(':');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}`;
};
for (const name of ['1900.xlsx', '1904.xlsx']) {
  const sheet = XLSX.readFile(name, { cellDates: true }).Sheets.Sheet1;
  const [row] = XLSX.utils.sheet_to_json(sheet, { header: 1 });
  console.log(name, row.map(local).join(', '), '; CSV', XLSX.utils.sheet_to_csv(sheet).trim());
}
END
cd "$work"
"$python" make.py
shanghai=$(TZ=Asia/Shanghai node try.js)
utc=$(TZ=UTC node try.js)
printf '%s\n' "Asia/Shanghai:" "$shanghai" "UTC:" "$utc"
[ "$shanghai" = "1900.xlsx 2026-02-28 23:59:17, 2026-03-01 14:29:17 ; CSV 2026-03-01,2026-03-01
1904.xlsx 2022-02-27 23:59:17, 2022-02-28 14:29:17 ; CSV 2026-03-01,2026-03-01" ] &&
    [ "$utc" = "1900.xlsx 2026-03-01 00:00:00, 2026-03-01 14:30:00 ; CSV 2026-03-01,2026-03-01
1904.xlsx 2022-02-28 00:00:00, 2022-02-28 14:30:00 ; CSV 2026-03-01,2026-03-01" ] ||
    { echo "changed: not as described" >&2; exit 1; }
echo "as described: in Shanghai a ticket of midnight is of the day before"
