"""Entry point on the board: configuration, board, then the logger – or, after three
starts that failed, safe mode. What can fail is imported late, so that it fails here."""

import buffers  # noqa: F401  first of all, see there

# isort: split
import gc
import os
import sys

from health.boot_counter import BootCounter
from micropython import const

# By so much the heap may grow for the logger. Nine channels with TLS need some 35 KB of it;
# the rest stays for the handshake and for packets that come in meanwhile.
_HEAP = const(53248)


def slots_of(board):
    """The folders this firmware may run from; None where there was never a second one."""
    try:
        os.stat(board.data_dir + "/slots.json")
    except OSError:
        return None
    from update.ab_slots import AbSlots

    return AbSlots(board)


def start(board):
    """What shall run on this board; its run() does not return by itself."""
    # What loading leaves behind goes at once: what stays then lies close together.
    gc.threshold(4096)
    slots = slots_of(board)
    starts = None
    if not slots or not slots.trial:  # starts on trial are counted by the loader, and end otherwise
        starts = BootCounter(board)
        if starts.is_safe():
            from safe import Safe

            return Safe(board, starts)
    from settings import config
    from settings.overrides import Overrides

    local = Overrides(board.data_dir)
    path = board.data_dir + "/config.json"
    try:
        cfg = config.load(path, local.apply)
    except config.ConfigError as e:
        cfg = config.load(path)  # if it is the file itself, this raises too
        board.print("error: changes made on the board are left out: %s" % e)
    # Some KB that are not needed again, or not before something is changed.
    del config, local, Overrides
    for name in ("settings", "settings.config", "settings.overrides"):
        del sys.modules[name]
    gc.collect()
    if cfg["mqtt"].get("tls"):
        _prepare(board, cfg["mqtt"]["tls"])
    if cfg["power"]["mode"] == "cycle":
        from cycle import Cycle

        return Cycle(board, cfg, slots)
    board.wlan()  # Wi-Fi takes its memory first
    board.hold(_HEAP)
    try:
        from logger import Logger

        return Logger(board, cfg, starts, slots)
    finally:
        board.let_go()


def _prepare(board, tls):
    """Have what TLS needs in one piece before the modules of the logger split the heap."""
    from net import tls as net_tls

    try:
        net_tls.context_of(board.data_dir, tls)
    except (OSError, ValueError):
        pass  # the connection that is tried with it says so


def died(board, e):
    """A start that ended in an exception: say so, and count it."""
    slots = slots_of(board)
    if slots and slots.trial:
        sys.print_exception(e)
        slots.died("%s: %s" % (type(e).__name__, e))
        board.reset()
    if type(e).__name__ == "ConfigError":
        board.print("error: %s" % e)  # a person has to mend it, at the prompt
        board.at_prompt()  # nobody there: a flash that could not be read may be read next time
        return
    sys.print_exception(e)
    BootCounter.died(board, e)
    board.reset()


def main():
    from board import Board  # boards/<board>/board.py, copied beside this file

    board = Board()
    try:
        start(board).run()
    except Exception as e:
        died(board, e)


if __name__ == "__main__":
    main()
