#!/bin/sh
# What csvkit makes of a weighbridge's masses with a decimal comma, and of its ticket numbers.
#
# Guess: "31,5" is no number in the default locale, so the column stays text, or the tool stops; "0012" is an identifier.
# Seen (csvkit 2.2.0, agate 1.14.2): without a word a comma is taken as a mark of thousands wherever it stands, and the
# column becomes one of numbers: "31,5" is 315, "40,25" is 4025, so each mass grows tenfold or a hundredfold by how many
# digits follow. csvjson and csvstat give those figures with exit code 0. Ticket "0012" becomes 12. With
# --locale de_DE the masses are right; with --no-inference all stays text.
. "$(dirname "$0")/_python.sh"
environment csvkit==2.2.0 agate==1.14.2
cat >"$work/tickets.csv" <<'END'
ticket,net_t
0012,"31,5"
0013,"40,25"
END
cd "$work"
default=$("$work/venv/bin/csvjson" tickets.csv)
sum=$("$work/venv/bin/csvstat" --sum -c net_t tickets.csv)
german=$("$work/venv/bin/csvjson" --locale de_DE tickets.csv)
text=$("$work/venv/bin/csvjson" --no-inference tickets.csv)
printf '%s\n' "default: $default" "sum: $sum" "--locale de_DE: $german" "--no-inference: $text"
[ "$default" = '[{"ticket": 12.0, "net_t": 315.0}, {"ticket": 13.0, "net_t": 4025.0}]' ] &&
    [ "$(printf %s "$sum" | tr -d ',')" = 4340 ] &&
    [ "$german" = '[{"ticket": 12.0, "net_t": 31.5}, {"ticket": 13.0, "net_t": 40.25}]' ] &&
    [ "$text" = '[{"ticket": "0012", "net_t": "31,5"}, {"ticket": "0013", "net_t": "40,25"}]' ] ||
    { echo "changed: not as described" >&2; exit 1; }
echo "as described: 31,5 t and 40,25 t are 4340 t"
