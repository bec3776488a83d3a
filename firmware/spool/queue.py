"""The queue of readings: a short batch in RAM, then segments on littlefs.

A reading released while it is still in RAM never touches the flash. A seq is handed out once
in a life: the queue state, which says what was handed out, is on the flash before anything is
published. The batch also stands in memory that survives a reset: only a loss of power loses it."""

import os
from binascii import hexlify

from late import forget
from micropython import const

from spool import queue_state, rtc_batch
from spool.segment_store import SegmentStore

_NO_SPACE = const(28)  # ENOSPC
_RAM_BATCHES = const(6)  # what RAM may hold while the flash does not take it
_KEPT = const(2000)  # bytes of memory that survives a reset (ESP32: 2048)


class Queue:
    """One directory on flash. put() takes a reading; peek() gives the oldest not yet
    sent; sent() moves on; confirm() lets go of what is safe elsewhere; rewind() makes
    what was sent but never confirmed come again. state: the numbers of this life.

    epoch() gives the Unix time of this start's second 0 as known now, 0 while it is
    not; kept has load() and store(bytes) for memory that survives a reset."""

    def __init__(
        self,
        path,
        names,
        random,
        log,
        max_bytes=1 << 20,
        batch=10,
        flush_s=300,
        epoch=None,
        kept=None,
    ):
        self._path = path + "/mark"
        self._names = names
        self._random = random
        self._log = log
        self._batch = batch
        self._flush_s = flush_s
        self._epoch = epoch or (lambda: 0)
        self._kept = kept
        self._ram = []  # records as rtc_batch has them, oldest first
        self._ram_sent = 0  # how many of them were sent
        self._oldest_up = 0  # when the oldest reading in RAM came
        self._saved_seq = 0
        self._from_flash = False  # where peek() took its answer from
        self._last_sent = None  # (life, seq), not confirmed yet
        self._newest = None
        self.broken = None  # why the flash could not be written, while that is so
        try:
            os.mkdir(path)
        except OSError:
            pass  # it is there already
        self._segments = SegmentStore(path, names, log, max_bytes)
        self.state = None
        from spool import recovery  # needed once

        self._ram = recovery.recover(self, self._path, self._segments, kept, random, log)
        forget("spool.recovery")
        self.save()

    def take_stray(self, life, recs):
        """Keep records of another life, which were in RAM at a reset."""
        try:
            self._segments.append(life, recs, self._drop)
        except OSError as e:
            self._failed(e)

    def __len__(self):
        """Readings of this life that are not confirmed."""
        return self.state.next_seq - self.state.acked

    def first(self):
        """The lowest seq of this life that the board still has or will hand out."""
        return self.state.acked

    def unconfirmed(self):
        """True while something was sent that nobody confirmed."""
        return self._last_sent is not None

    # Taking

    def put(self, up, body):
        """Take a reading made `up` seconds after the start; gives its seq. Never
        raises: without flash it stays in RAM."""
        state = self.state
        seq = state.next_seq
        state.next_seq += 1
        if not self._ram:
            self._oldest_up = up
        rec = (seq, state.boot, self._epoch(), up, body)
        self._newest = rec
        self._ram.append(rec)
        if len(self._ram) > _RAM_BATCHES * self._batch:
            self._ram.pop(0)
            if self._ram_sent:
                self._ram_sent -= 1
            state.dropped += 1
        self._keep()
        return seq

    def _keep(self):
        if not self._kept:
            return
        raw = rtc_batch.pack(self.state.life, self._ram)
        if len(raw) > _KEPT and self.flush():
            raw = rtc_batch.pack(self.state.life, self._ram)
        if len(raw) <= _KEPT:
            self._kept.store(raw)

    def tick(self, up):
        """Write the batch when it is full or old; call it now and then."""
        epoch = self._epoch()
        if epoch and not -1 <= epoch - self.state.epochs.get(self.state.boot, 0) <= 1:
            self.state.date(self.state.boot, epoch)
            self.save()
        if self._ram and (len(self._ram) >= self._batch or up - self._oldest_up >= self._flush_s):
            self.flush(up)

    def flush(self, up=0):
        """Write what is in RAM to the flash; True when nothing is left in RAM."""
        done = 0
        try:
            while done < len(self._ram):
                done += self._segments.append(self.state.life, self._ram[done:], self._drop)
        except OSError as e:
            self._failed(e)
            self._segments.seal()  # whatever was half written, the next goes elsewhere
            self._oldest_up = up
            if e.errno == _NO_SPACE and len(self._segments) > 1:
                self._drop()
        else:
            self._wrote()
        del self._ram[:done]
        self._ram_sent = 0
        if done and self._kept:
            self._kept.store(rtc_batch.pack(self.state.life, self._ram))
        return not self._ram

    def save(self):
        """Commit the queue state: from here on no seq below next_seq is handed out again."""
        try:
            queue_state.save(self._path, self.state)
        except OSError as e:
            self._failed(e)
            return False
        self._saved_seq = self.state.next_seq
        self._wrote()
        return True

    def _wrote(self):
        if self.broken:
            self._log.info("spool: flash can be written again")
            self.broken = None

    def _failed(self, e):
        if not self.broken:
            self._log.error("spool: flash cannot be written", e)
            self.broken = str(e)

    def _drop(self):
        """Make room: the oldest segment goes, and what it still held is counted."""
        state = self.state
        lost, life, last = self._segments.drop()
        state.dropped += lost
        if life == state.life and last >= state.acked:
            state.acked = last + 1
        self.save()
        self._log.warn("spool: full, oldest segment dropped, %d readings so far" % state.dropped)

    # Giving

    def waiting(self):
        """True while there may be something that was not sent."""
        return self._ram_sent < len(self._ram) or self._segments.waiting()

    def peek(self, most):
        """Up to `most` of the oldest readings not yet sent, all from one segment or all
        from RAM, as (life, seq, boot, dated, seconds, body, names): seconds are Unix
        time where dated, else seconds since that start."""
        try:
            recs = self._segments.peek(most)
        except OSError as e:
            self._failed(e)
            self._segments.rewind()
            recs = None  # what is in RAM can still go out
        self._from_flash = bool(recs)
        if recs:
            if recs[-1][1] >= self._saved_seq:
                self.save()  # if it fails: what is on flash is found there again anyway
            return [self._dated(*r) for r in recs]
        some = self._ram[self._ram_sent : self._ram_sent + most]
        if some and some[-1][0] >= self._saved_seq and not self.save():
            # The flash is gone, and with it the memory of what was handed out: these
            # readings go out under a life that nothing was handed out in before.
            self.state.life = hexlify(self._random(4)).decode()
            self.state.acked = self._ram[0][0]
            self._saved_seq = 1 << 30
            self._log.error("spool: going on without flash, as life " + self.state.life)
        return [self._of_ram(r) for r in some]

    def newest(self):
        """The reading made last, as peek() has it, once; a copy to go ahead of the rest."""
        r = self._newest
        if not r or (r[0] >= self._saved_seq and not self.save()):
            return None
        self._newest = None
        return self._of_ram(r)

    def _of_ram(self, r):
        seq, boot, epoch, up, body = r
        return self._dated(self.state.life, seq, boot, epoch, up, body, self._names)

    def _dated(self, life, seq, boot, epoch, up, body, names):
        if life == self.state.life:
            # This start may know the time better by now, an earlier one have learned it later.
            epoch = (
                (boot == self.state.boot and self._epoch())
                or epoch
                or self.state.epochs.get(boot, 0)
            )
        return life, seq, boot, epoch > 0, epoch + up, body, names

    def sent(self, recs):
        """recs, as peek() gave them, reached the broker."""
        if self._from_flash:
            self._segments.advance(len(recs))
        else:
            self._ram_sent += len(recs)
        self._last_sent = recs[-1][:2]

    def confirm(self, life, seq):
        """Every reading of life up to seq is safe: let go of them."""
        self._segments.release(life, seq)
        if self._last_sent and self._last_sent[0] == life and self._last_sent[1] <= seq:
            self._last_sent = None
        state = self.state
        if life != state.life:
            return
        while self._ram and self._ram[0][0] <= seq:
            self._ram.pop(0)
            if self._ram_sent:
                self._ram_sent -= 1
        if seq >= state.acked:
            state.acked = min(seq + 1, state.next_seq)

    def rewind(self):
        """Send again what was sent and never confirmed."""
        self._segments.rewind()
        self._ram_sent = 0
        self._last_sent = None


def of_board(board, cfg, names, clock, log):
    """The queue that a board's configuration asks for."""
    s = cfg["spool"]
    return Queue(
        board.data_dir + "/" + s["dir"],
        names,
        board.random,
        log,
        s["max_kb"] * 1024,
        s["batch"],
        s["flush_s"],
        clock.epoch,
        board.kept,
    )
