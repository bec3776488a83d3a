"""The trial of a new firmware, beside the logger: how it ends."""

from micropython import const

_TRIAL_S = const(300)  # a firmware on trial has so long to show that it is good


class Trial:
    """poll() looks whether it is good. To the logger it is what update.updater.Updater is, on a
    board with no memory for more: then the restart that it asks for settles the rest."""

    def __init__(self, logger, board, slots):
        """slots: the folders of this trial."""
        self._logger = logger
        self._board = board
        self._slots = slots
        self.restart = False  # asked for, once it is good
        logger.log.info("update: this firmware is on trial")

    def poll(self):
        """Good once it samples, knows the time, and the broker has a reading."""
        if self.restart:
            return False
        logger = self._logger
        lacks = None
        if not logger.sampler.made:
            lacks = "no reading was made"
        elif logger.clock.state != "ntp":
            lacks = "no time server answered"
        elif not logger.link.published:
            lacks = "no reading was acknowledged"
        if lacks is None:
            self._slots.confirm()
            logger.log.info("update: this firmware is good")
            self.restart = True
        elif logger.clock.uptime_s() >= _TRIAL_S:
            logger.log.warn("update: on trial, %s within %d s: restarting" % (lacks, _TRIAL_S))
            self._slots.died("%s within %d s" % (lacks, _TRIAL_S))
            logger.stop()
            self._board.reset()
        return False

    def begin(self, cmd):
        """No other update meanwhile."""
        from update.command import Failed

        raise Failed("this firmware is on trial itself; try again when it is good")

    def at_work(self):
        return True

    def add_to_birth(self, birth):
        pass  # it has been told (known.py)

    def waiting(self):
        return True  # for the network

    def stop(self):
        pass  # a start of a trial that lacks memory has failed
