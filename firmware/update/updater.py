"""Updates of the firmware and the trial of a new one, beside the logger; loaded where there
is one of these."""

from micropython import const

from update.ab_slots import AbSlots
from update.trust import Failed, Trust
from update.update_status import UpdateStatus

_TRIAL_S = const(300)  # a firmware on trial has so long to show that it is good


class Updater:
    """poll() does a step and gives True while there is more; restart: asked for."""

    def __init__(self, logger, board, key, trial):
        """trial: the folders of a trial, if this firmware is on one."""
        slots = trial or AbSlots(board)
        self._logger = logger
        self._board = board
        self._trust = Trust(board.data_dir, key)
        self._slots = slots
        self.clock = logger.clock
        self.log = logger.log
        self.update = None  # the one under way
        self._status = UpdateStatus(board, self.clock, self.log)
        self._status.settle(slots, self._trust)
        if slots.trial:
            self.log.info("update: this firmware is on trial")
        elif self._status.under_way():
            self._load().resume()

    @property
    def restart(self):
        return self.update is not None and self.update.restart

    def at_work(self):
        """Whether there is an update or a trial to go on with, or a chunk to unsubscribe from."""
        chunks = self._logger.link.chunks
        return (
            self._slots.trial
            or self._status.under_way()
            or self.restart
            or (chunks is not None and not chunks.idle())
        )

    def add_to_birth(self, birth):
        """Add the field `update`, if this board has had an update."""
        if self._status.job:
            try:
                keys = self._trust.told()
            except Failed:
                keys = []  # the next update says why
            birth["update"] = self._status.for_birth(keys)

    def begin(self, cmd):
        """Take a command; what the reply says."""
        return (self.update or self._load()).begin(cmd)

    def _load(self):
        from update.installer import Installer

        told = self._slots, self._status, self._logger.link, self.log
        self.update = Installer(self._board, self._trust, *told)
        return self.update

    def waiting(self):
        """Whether the network is needed. When all chunks are there, what is under way ends in a
        restart by itself, or has failed."""
        return self.update is None or not self.update.fetched

    def stop(self):
        """Memory lacks for a session, and every start would go on with the update."""
        if self._status.under_way():
            self._status.end("failed", "not enough memory for it beside this board's channels")

    def poll(self):
        if self._slots.trial:
            self._try()
        if self.update is None:
            return False
        return self.update.poll()

    def _try(self):
        """On trial: good once it samples, knows the time, and the broker has a reading."""
        link = self._logger.link
        lacks = None
        if not self._logger.sampler.made:
            lacks = "no reading was made"
        elif self.clock.state != "ntp":
            lacks = "no time server answered"
        elif not link.published:
            lacks = "no reading was acknowledged"
        if lacks is None:
            self._slots.confirm()
            self.log.info("update: this firmware is good")
            self._status.settle(self._slots, self._trust)
            link.hello()
        elif self.clock.uptime_s() >= _TRIAL_S:
            self.log.warn("update: on trial, %s within %d s: restarting" % (lacks, _TRIAL_S))
            self._slots.died("%s within %d s" % (lacks, _TRIAL_S))
            self._logger.stop()
            self._board.reset()
