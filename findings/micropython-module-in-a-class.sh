#!/bin/sh
# What MicroPython makes of a class with a module as attribute, when that module has a function __getattr__ (PEP 562).
#
# Guess: nothing happens at the class: an attribute may be any object, and __getattr__ is asked when a name is missing.
# Seen (MicroPython 1.26.0 for WebAssembly, the official package of npm; the same in 1.29 for Linux, and on the image for the ESP32,
# v1.26.1): making the class asks each attribute for __set_name__, a module as well. Its __getattr__ raises AttributeError, as PEP 562
# asks of it, and the class is not made. CPython asks the type of the attribute, and makes the class.
# The module machine of the ESP32's images is such a one: it is in Python, and hands other names on to the one in C. So
# `machine = machine` in a class keeps a program from starting. As an attribute of an instance it does no harm.
# Needs node and npm, and python3.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/handing_on.py" <<'END'
import os


def __getattr__(name):
    return getattr(os, name)
END
cat >"$work/tries.py" <<'END'
import handing_on

try:
    class Board:
        machine = handing_on
    said = "made"
except AttributeError as e:
    said = "AttributeError"


class Other:
    def __init__(self):
        self.machine = handing_on


print(said + ",", Other().machine.getcwd is not None)
END
cat >"$work/try.mjs" <<'END'
import { readFileSync } from "node:fs";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const mp = await loadMicroPython();
mp.FS.writeFile("/handing_on.py", readFileSync("handing_on.py", "utf8"));
mp.runPython("import sys; sys.path.insert(0, '/')");
mp.runPython(readFileSync("tries.py", "utf8"));
END
cd "$work"
npm install --silent --no-audit --no-fund @micropython/micropython-webassembly-pyscript@1.26.0 >npm.log 2>&1 || { cat npm.log >&2; exit 2; }
said="MicroPython 1.26.0: $(node try.mjs)
CPython: $(python3 tries.py)"
echo "$said"
expected="MicroPython 1.26.0: AttributeError, True
CPython: made, True"
[ "$said" = "$expected" ] || { echo "it has changed"; exit 1; }
echo "as written above"
