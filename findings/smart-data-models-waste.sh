#!/bin/sh
# A bin of unsorted recyclables at a place without coordinates, as a WasteContainer of the Smart Data Models.
#
# Guess: id and type are enough, any word may stand as storedWasteKind (its description ends "Or any other value …"), and
# the package of the models brings their JSON schemas along.
# Seen (pysmartdatamodels 0.8.2.0, WasteContainer 0.3.0): location is required; storedWasteKind is a closed enum of 11 words,
# one of three closed enums among 8,372 whose description allows other values; no file of the package is a schema, so that
# validate_payload() fetches one from GitHub each time. 442 of 2,241 relationships (refDevice) have to be arrays in the
# simplified form. Write other and say the kind in description; get coordinates first; use refWasteContainerIsle, a string.
. "$(dirname "$0")/_python.sh"
environment --no-deps pysmartdatamodels==0.8.2.0
cat >"$work/try.py" <<'END'
import gzip
import json
import sysconfig
from pathlib import Path

package = Path(sysconfig.get_path("purelib")) / "pysmartdatamodels"
assets = package / "model-assets"
with gzip.open(assets / "smartdatamodels.json.gz") as file:
    every = json.load(file)
with (assets / "datamodels_metadata.json").open() as file:
    (model,) = [m for m in json.load(file) if m["dataModel"] == "WasteContainer"]
closed = [p for p in every if "enum" in p]
open_by_words = [p for p in closed if "any other value" in p.get("description", "").lower()]
related = [p for p in every if p.get("typeNGSI") == "Relationship"]
arrays = [p for p in related if p["type"] == "array"]
mine = {p["property"]: p for p in every if p["dataModel"] == "WasteContainer"}
schemas = [p for p in package.rglob("*.json") if "$schema" in p.read_text()[:2000]]
print("required:", model["required"], "; enum:", mine["storedWasteKind"]["enum"])
print(len(open_by_words), "of", len(closed), "enums say that other values are allowed;", len(arrays), "of",
      len(related), "relationships are arrays;", len(schemas), "schemas")
assert model["required"] == ["id", "type", "location"]
assert mine["storedWasteKind"] in open_by_words and len(mine["storedWasteKind"]["enum"]) == 11
assert (len(open_by_words), len(closed), len(arrays), len(related), len(schemas)) == (3, 8372, 442, 2241, 0)
assert mine["refDevice"] in arrays and mine["refWasteContainerIsle"] not in arrays
END
"$python" "$work/try.py" || { echo "changed: not as described" >&2; exit 1; }
echo "as described: location is required, and storedWasteKind takes no word of one's own"
