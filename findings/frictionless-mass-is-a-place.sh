#!/bin/sh
# The type that frictionless finds for a column of masses with a decimal comma.
#
# Guess: text, because "31,5" is no number in its default dialect.
# Seen (frictionless 5.21.0): two whole numbers with a comma between them are a geopoint. The net masses of a weighbridge become
# places, [31, 5] for 31.5 t, and the file is valid. "40,05" and "40,5" are the same place. As soon as one number of ten
# before the comma is beyond 180 or one behind it beyond 90 (a file in kg, or one of two decimals such as "8,95") the column
# is text: what type a month's file has depends on its masses. Ticket "0012" is the integer 12.
. "$(dirname "$0")/_python.sh"
environment frictionless==5.21.0
cat >"$work/try.py" <<'END'
from frictionless import describe, extract, validate


def read(*masses):
    with open("tickets.csv", "w") as file:
        file.write("ticket;net_t\n" + "".join(f"{n:04d};{mass}\n" for n, mass in enumerate(masses, 12)))
    fields = {field.name: field.type for field in describe("tickets.csv").schema.fields}
    (rows,) = extract("tickets.csv").values()
    return fields, [list(row.values()) for row in rows], validate("tickets.csv").valid


tonnes, places = read("31,5", "40,05", "40,5"), [[31, 5], [40, 5], [40, 5]]
decimals, kilograms = read("31,5", "8,95"), read("240,5", "312,5")
print(tonnes, decimals, kilograms, sep="\n")
assert tonnes[0] == {"ticket": "integer", "net_t": "geopoint"}
assert [row[0] for row in tonnes[1]] == [12, 13, 14] and [list(map(float, row[1])) for row in tonnes[1]] == places
assert tonnes[2]
assert decimals[0]["net_t"] == kilograms[0]["net_t"] == "string"
END
cd "$work"
"$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: 31,5 t is a place"
