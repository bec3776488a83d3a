#!/bin/sh
# LibreOffice Calc 7.4 (Debian 12), a row that a person has hidden within the range of an autofilter.
#
# One would guess: the row stays hidden by hand (table:visibility="collapse"), as a hidden row outside of the range does; the filter
#                  has no condition, so it hides nothing.
# Seen: saved as ODS the row is one that the filter hides (visibility="filter"), the other one is "collapse". Who looks for rows
#       hidden by hand in an ODS does not find the first, and who removes the filter sees it again. Needs soffice.
. "$(dirname "$0")/_python.sh"
command -v soffice >/dev/null || { echo "needs soffice (Debian: libreoffice-calc-nogui)" >&2; exit 2; }
environment XlsxWriter==3.2.9
cat >"$work/made.py" <<'EOF'
import sys

import xlsxwriter

book = xlsxwriter.Workbook(sys.argv[1])
page = book.add_worksheet("s")
for row in range(12):
    page.write_row(row, 0, [f"r{row}", row])
page.autofilter(0, 0, 5, 1)
page.set_row(3, None, None, {"hidden": True})
page.set_row(9, None, None, {"hidden": True})
book.close()
EOF
"$python" "$work/made.py" "$work/a.xlsx"
soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to ods --outdir "$work" "$work/a.xlsx" >/dev/null 2>&1
cat >"$work/seen.py" <<'EOF'
import re
import sys
import zipfile

text = zipfile.ZipFile(sys.argv[1]).read("content.xml").decode()
rows = re.findall(r"<table:table-row([^>]*)>(.*?)</table:table-row>", text, re.S)
seen = {}
for attributes, cells in rows:
    how = re.search(r'table:visibility="(\w+)"', attributes)
    name = re.search(r"<text:p>(r\d+)</text:p>", cells)
    if how and name:
        seen[name[1]] = how[1]
print(seen)
sys.exit(0 if seen == {"r3": "filter", "r9": "collapse"} else 1)
EOF
"$python" "$work/seen.py" "$work/a.ods"
