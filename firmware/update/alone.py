"""A start that does nothing but the network and an update, on a board that has no memory for
it beside its channels. Nothing is sampled meanwhile, and what was sampled lies on the flash.

It ends with a restart: on trial; or, when the update has failed or does not come forward, into
the old firmware, whose birth message tells why. starting.py makes three such starts at most, and
one after the trial: it settles what became of the update, and ends at once."""

import json

import safe
from micropython import const

from update.ab_slots import AbSlots
from update.command import Failed
from update.installer import Installer
from update.trust import Trust
from update.update_status import UpdateStatus

_QUIET_MS = const(300000)  # no session, or no chunk, for so long
_LONGEST_MS = const(1200000)
_REPLY_MS = const(10000)  # the end waits so long for its reply to be delivered
_IDS = const(16)


class Alone(safe.Safe):
    """run() ends with a reset. The installer has it for its link."""

    word = b"updating"
    name = "update alone"

    def __init__(self, board, cfg, job):
        """job: as update.json has it."""
        safe.Safe.__init__(self, board, cfg, None)
        self.chunks = None
        slots = AbSlots(board)
        key = cfg["update"]["key"] if cfg.get("update") else None
        self._job = UpdateStatus(board, self.clock, self.log)
        self._job.job = job
        self._slots = slots
        self._trust = Trust(board.data_dir, key)
        told = self._trust, slots, self._job, self, self.log
        self._installer = Installer(board, *told)
        self._installer.alone = job["alone"]
        self._path = board.data_dir + "/done"

    def run(self):
        job = self._job.job
        self.log.info("%s: %s, start %d for it" % (self.name, job.get("bundle"), job["alone"]))
        self.board.feed()
        try:
            self._job.settle(self._slots, self._trust)
            if not self._job.under_way():
                pass  # what became of it is known; the next start samples, and tells it
            elif job["state"] == "asked":
                self._tell(job["id"], self._installer.begin(job))
            else:
                self._installer.resume()
                self._tell(job["id"], self._installer.told())
        except Exception as e:
            self._give_up(_text(e))
        if self._job.under_way() or self.replies:
            self._go_on()
        self.stop()
        self.board.reset()

    def _go_on(self):
        """Until the update has ended and said so. Each look at the network is bounded, too."""
        hal = self.hal
        begun = heard = hal.ticks_ms()
        ended = chunk = None
        while not self.over:
            self.board.feed()
            self.step(self._installer.poll())
            now = hal.ticks_ms()
            if self._installer.chunk != chunk or self._installer.fetched:
                chunk = self._installer.chunk
                heard = now
            if self._job.under_way():
                ended = None  # another one may have taken the place of one that had failed
            elif ended is None:
                ended = now
            elif not self.replies or hal.ticks_diff(now, ended) >= _REPLY_MS:
                self.over = True
            if ended is not None:
                continue
            if hal.ticks_diff(now, begun) >= _LONGEST_MS:
                self._give_up("not done within %d s" % (_LONGEST_MS // 1000))
            elif hal.ticks_diff(now, heard) >= _QUIET_MS:
                self._give_up(self._lacks())

    def _lacks(self):
        what = "chunk" if self.is_connected() else "session"
        text = "no %s for %d s" % (what, _QUIET_MS // 1000)
        return "%s: %s" % (text, self.why) if self.why and what == "session" else text

    def _give_up(self, why):
        """The old firmware goes on. What was fetched stays, for the next try."""
        self._installer.stop()
        if self._job.under_way():
            self._job.end("failed", why)
            self.reply(json.dumps({"id": self._job.job["id"], "ok": False, "error": why[:120]}))

    def _tell(self, id_, result):
        self.reply(json.dumps({"id": id_, "ok": True, "result": result}))

    # What the installer asks of its link.

    def hello(self):
        pass  # the birth message comes with the next start

    def expects(self):
        return self.chunks is not None and self.chunks.expecting()

    def talk(self):
        safe.Safe.talk(self)
        if self.chunks is None or not self.is_connected():
            return False
        return self.chunks.ask(self.mqtt) or self.chunks.got is not None

    def connect(self):
        if self.chunks is not None:
            self.chunks.lost()
        safe.Safe.connect(self)

    def message(self, topic, payload):
        if self.chunks is None or not self.chunks.take(topic, payload):
            if topic == (self.base + "command").encode():
                safe.Safe.message(self, topic, payload)

    # Commands

    def what(self):
        return "updating"

    def restart(self):
        self._give_up("ended by the command restart")
        return "restarting"

    def log_lines(self):
        told = {"lines": self.log.lines, "updating": self._installer.told()}
        told.update(self.board.memory())
        return told

    def update(self, cmd):
        """The one under way again: how far it is. Another one takes its place; each once."""
        if cmd["id"] == self._job.job["id"]:
            return self._installer.told()
        try:
            with open(self._path) as f:
                done = json.load(f)
        except (OSError, ValueError):
            done = []
        if cmd["id"] in done:
            return "done before"
        done.append(cmd["id"])
        with open(self._path, "w") as f:
            json.dump(done[-_IDS:], f)
        return self._installer.begin(cmd)


def _text(e):
    return str(e) if isinstance(e, Failed) else "%s: %s" % (type(e).__name__, e)


def start(board, cfg, job):
    """As main.start() does."""
    return Alone(board, cfg, job)
