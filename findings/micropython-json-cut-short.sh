#!/bin/sh
# What MicroPython's json makes of a document that was cut short.
#
# Guess: ValueError, as in CPython: a brace or bracket that is never closed is no JSON. Whoever writes a file and loses the
# supply meanwhile counts on that.
# Seen (MicroPython 1.25.0 for WebAssembly, the official package of npm; the same in Debian's 1.25.0 for Linux): json.loads()
# gives an object or array with whatever was complete: {"a": 1 without its brace is {'a': 1}, {"a" is {}, [1, is [1]. Only a
# text or word that is cut raises ValueError. MicroPython 1.26.0 raises ValueError for all of them.
# A file of settings that lost its end is taken for one with fewer settings on a board with the older image.
# Needs node and npm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/try.mjs" <<'END'
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const mp = await loadMicroPython();
mp.runPython(`
import json, sys
said = []
for text in ('{"a": 1', '{"a"', '[1,', '[', '"a', 'tru'):
    try:
        said.append(str(json.loads(text)))
    except ValueError:
        said.append("ValueError")
print("%d.%d:" % sys.implementation.version[:2], "; ".join(said))
`);
END
try() { # VERSION
    mkdir "$work/$1"
    cp "$work/try.mjs" "$work/$1/"
    (cd "$work/$1" && npm install --silent --no-audit --no-fund "@micropython/micropython-webassembly-pyscript@$1" >npm.log 2>&1) || { cat "$work/$1/npm.log" >&2; exit 2; }
    (cd "$work/$1" && node try.mjs)
}
said=$(try 1.25.0; try 1.26.0)
echo "$said"
expected="1.25: {'a': 1}; {}; [1]; []; ValueError; ValueError
1.26: ValueError; ValueError; ValueError; ValueError; ValueError; ValueError"
[ "$said" = "$expected" ] || { echo "it has changed"; exit 1; }
echo "as written above"
