#!/bin/sh
# LibreOffice Calc 7.4 (Debian 12), a workbook whose program computes nothing: XlsxWriter keeps 0 for each formula, and sets
# fullCalcOnLoad="1" (ECMA-376 part 1, 18.2.2), with which a workbook asks to be computed when it is loaded.
#
# One would guess: what LibreOffice has opened and saved is computed: 42 for =54-12, in CSV as in XLSX, as Excel does it.
# Seen: 0 stays 0, in both; only a formula of which no value at all is kept is computed. Who takes a workbook that went through
#       LibreOffice for computed reads masses of 0. Needs soffice.
. "$(dirname "$0")/_python.sh"
command -v soffice >/dev/null || { echo "needs soffice (Debian: libreoffice-calc-nogui)" >&2; exit 2; }
environment XlsxWriter==3.2.9 openpyxl==3.1.5
cat >"$work/made.py" <<'EOF'
import sys

import xlsxwriter

with xlsxwriter.Workbook(sys.argv[1]) as book:
    book.add_worksheet("s").write_formula(0, 0, "=54-12")
EOF
"$python" "$work/made.py" "$work/a.xlsx"
for kind in csv xlsx; do
    soffice --headless "-env:UserInstallation=file://$work/profile" --convert-to "$kind" --outdir "$work/out" "$work/a.xlsx" >/dev/null 2>&1
done
cat >"$work/seen.py" <<'EOF'
import sys

import openpyxl

kept = openpyxl.load_workbook(f"{sys.argv[1]}/a.xlsx", data_only=True).active["A1"].value
shown = open(f"{sys.argv[1]}/a.csv").read().strip()
print("xlsx:", kept, "csv:", shown)
sys.exit(0 if (kept, shown) == (0, "0") else 1)
EOF
"$python" "$work/seen.py" "$work/out"
