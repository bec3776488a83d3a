"""Runs under MicroPython: every function named test_* of the module given, in order.

Prints `ok NAME` or the traceback and `FAILED NAME`. The second argument is a folder
the tests may write into (`scratch` in the module)."""

import sys

name, scratch = sys.argv[1:3]
sys.path.insert(0, "tests/firmware")
module = __import__(name)
module.scratch = scratch
bad = 0
for test in sorted(dir(module)):
    if test.startswith("test_"):
        try:
            getattr(module, test)()
            print("ok", test)
        except Exception as e:
            sys.print_exception(e)
            print("FAILED", test)
            bad += 1
sys.exit(1 if bad else 0)
