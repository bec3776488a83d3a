"""Runs under MicroPython: every function named test_* of the module given, in order.

Prints `ok NAME` or the traceback and `FAILED NAME`. The first argument is the module's path
without .py, the second a folder the tests may write into (`scratch` in the module)."""

import sys

path, scratch = sys.argv[1:3]
folder, name = path.rsplit("/", 1)
# Behind the firmware, and without this file's own: both have folders of one name.
sys.path.pop(0)
sys.path.append(folder)
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
