"""What is done once at a start: configuration, Wi-Fi, TLS, then the logger – or, after three
starts that failed, safe mode, or an update alone. main.py loads this and lets go of it."""

import gc
import json
import os

from late import forget
from micropython import const

# By so much the heap may grow for the logger. Nine channels with TLS need 20 KB of it, an update
# 18 KB more, and pieces of 1 KB must be found among them: with 48 KB the heap grew in an update,
# and took what TLS needs. What is left to Wi-Fi and TLS is for handshakes and packets.
_HEAP = const(53248)
# In `cycle` mode, without scales, commands and updates: what is loaded leaves 26 KB. Safe mode
# and an update alone have the same.
_HEAP_CYCLE = const(36864)
_ALONE = const(3)  # starts for an update alone; then it has failed


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
    failed = job = None
    if not trial:  # starts on trial are counted by the loader, and end otherwise
        job = _update_alone(board)
    if not (trial or job):
        from health.boot_counter import BootCounter

        starts = BootCounter(board)
        if starts.is_safe():
            return _safe(board, starts)
        failed = starts.failed
        del starts, BootCounter
        forget("health.boot_counter")
    cfg = _online(board)
    if job:
        board.feed()
        board.hold(_HEAP_CYCLE)
        try:
            from update import alone

            return alone.start(board, cfg, job)
        finally:
            board.let_go()
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


def _update_alone(board):
    """An update that is to be done or settled in a start for it alone, with this start counted:
    what stands in update.json. None without one ("alone" is not there), or after too many
    starts."""
    try:
        with open(board.data_dir + "/update.json") as f:
            job = json.load(f)
        if job["alone"] >= _ALONE + (job["state"] == "trial"):
            return None
        from update import command

        job["alone"] += 1
        command.save(board.data_dir, job)
        return job
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a start that cannot be counted is not made


def _safe(board, starts):
    try:
        cfg = _online(board)
    except Exception as e:  # safe mode itself must not fail
        board.print("error: %s" % e)
        cfg = None
    board.hold(_HEAP_CYCLE)
    try:
        from safe import Safe

        return Safe(board, cfg, starts)
    finally:
        board.let_go()


def _online(board):
    """The configuration, with what makes the line and what TLS needs."""
    cfg = _configuration(board)
    gc.collect()
    if cfg["mqtt"].get("tls"):
        _prepare(board, cfg["mqtt"]["tls"])
    cfg["uplinks"] = network(board, cfg)
    return cfg


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
