"""Updates of the firmware and the trial of a new one, beside the logger; loaded where there
is one of these."""

from update import keys
from update.ab_slots import AbSlots
from update.trust import Trust
from update.update_status import UpdateStatus


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
        self._alone = False  # it goes on in a start for it alone
        switching = self._status.settle(slots, self._trust)
        self._trial = None
        if slots.trial:
            from update.trial import Trial

            self._trial = Trial(logger, board, slots)
        elif self._status.under_way():
            self._go_on(switching)

    def _go_on(self, switching):
        """With an update of an earlier start. switching: the power went before the switch."""
        if "alone" not in self._status.job:
            self._load().resume()
        elif switching:
            self.stop()
        else:  # starting.py makes no further start for it
            self._status.end("failed", "its starts did not come to an end: hangs, or no power")

    @property
    def restart(self):
        return self._alone or (self.update is not None and self.update.restart)

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
            told = keys.told(self._board.data_dir, self._trust.name)
            birth["update"] = self._status.for_birth(told)

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
        """Memory lacks for it beside this board's channels: it goes on in a start for it alone."""
        if self._status.under_way():
            try:
                self._status.alone()
                self._alone = True
            except OSError as e:
                self._status.end("failed", "not enough memory for it, and the flash: %s" % e)

    def poll(self):
        if self._slots.trial:
            self._trial.poll()
            if not self._slots.trial:
                self._status.settle(self._slots, self._trust)
                self._logger.link.hello()
        if self.update is None:
            return False
        return self.update.poll()
