"""The board with a `machine` as stock images have it: a module in Python (Counter, Encoder) that
hands every other name on to the one in C, by a function __getattr__ of its own."""

import sys

scratch = None
TEXT = """
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError("module has no attribute '%s'" % name)
    return answer
def answer(*args):
    return 0
"""


def test_the_board_is_made_with_such_a_machine():
    for name in ("machine", "network", "esp32"):
        with open("%s/%s.py" % (scratch, name), "w") as f:
            f.write(TEXT)
        sys.modules.pop(name, None)
    sys.path[:0] = [scratch, "boards/esp32"]
    from board import Board

    assert Board().machine.UART(1) == 0
