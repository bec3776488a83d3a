"""What is done once at a start: configuration, Wi-Fi, TLS, then the logger – or, after three
starts that failed, safe mode. main.py loads this and lets go of it."""

import gc
import os

from late import forget
from micropython import const

# By so much the heap may grow for the logger. Nine channels with TLS need 20 KB of it, an update
# 18 KB more, and pieces of 1 KB must be found among them: with 48 KB the heap grew in an update,
# and took what TLS needs. What is left to Wi-Fi and TLS is for handshakes and packets.
_HEAP = const(53248)
# In `cycle` mode, without scales, commands and updates: what is loaded leaves 26 KB.
_HEAP_CYCLE = const(36864)


def slots_of(board):
    """The folders this firmware may run from; None where there was never a second one."""
    try:
        os.stat(board.data_dir + "/slots.json")
    except OSError:
        return None
    from update.ab_slots import AbSlots

    return AbSlots(board)


def trial_of(board):
    """The same, but None unless this firmware is on trial."""
    slots = slots_of(board)
    if slots and slots.trial:
        return slots
    del slots
    forget("update.ab_slots", "update")
    return None


def start(board):
    """What shall run on this board."""
    # What loading leaves behind goes at once: what stays then lies close together.
    gc.threshold(4096)
    trial = trial_of(board)
    failed = None
    if not trial:  # starts on trial are counted by the loader, and end otherwise
        from health.boot_counter import BootCounter

        starts = BootCounter(board)
        if starts.is_safe():
            from safe import Safe

            return Safe(board, starts)
        failed = starts.failed
        del starts, BootCounter
        forget("health.boot_counter")
    cfg = _configuration(board)
    gc.collect()
    if cfg["mqtt"].get("tls"):
        _prepare(board, cfg["mqtt"]["tls"])
    cfg["uplinks"] = network(board, cfg)
    if cfg["power"]["mode"] == "cycle":
        lines = _lines(board, cfg)
        board.hold(_HEAP_CYCLE)  # Wi-Fi may not be needed: it takes its memory later
        try:
            from cycle import Cycle

            return Cycle(board, cfg, trial, lines)
        finally:
            board.let_go()
    lines = _lines(board, cfg)
    board.hold(_HEAP)
    try:
        from logger import Logger

        return Logger(board, cfg, failed, trial, lines)
    finally:
        board.let_go()


def network(board, cfg):
    """What makes the line to the broker of a board, its configuration and its log; the line's own
    hardware takes its memory first."""
    if "uplinks" in cfg:
        from net import uplinks

        return uplinks.of(board, cfg)
    from net.wifi import Wifi

    if cfg["power"]["mode"] != "cycle":  # then it may not be needed
        board.wlan()
    return Wifi


def _configuration(board):
    """As the file has it, with what was changed on the board."""
    from settings import config
    from settings.overrides import Overrides

    path = board.data_dir + "/config.json"
    try:
        return config.load(path, Overrides(board.data_dir).apply)
    except config.ConfigError as e:
        cfg = config.load(path)  # if it is the file itself, this raises too
        board.print("error: changes made on the board are left out: %s" % e)
        return cfg
    finally:
        # Some KB that are not needed again, or not before something is changed.
        forget("settings.config", "settings.overrides", "settings")


def _lines(board, cfg):
    """The serial lines and I2C buses: what their drivers need of the port is gone while it is
    held. None without any."""
    lines = {}
    for ch in cfg["channels"]:
        if "uart" in ch:
            from sensors import serial_line

            serial_line.of(board, ch, lines)
        elif "converter" in ch:
            from sensors import converter

            converter.of(board, ch, lines)
    return lines or None


def _prepare(board, tls):
    """Have what TLS needs in one piece before the modules of the logger split the heap."""
    from net import tls as making

    try:
        tls["context"] = making.context(board.data_dir, tls)
    except (OSError, ValueError):
        pass  # the connection that is tried with it says so
    forget("net.tls")
