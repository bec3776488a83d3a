"""The queue of readings: a short batch in RAM, then segments on littlefs.

A reading released while it is still in RAM never touches the flash. A seq is handed
out once in a life: the mark, which says what was handed out, is on the flash before
anything is published."""

import os
from binascii import hexlify

from micropython import const

from spool import mark
from spool.shelf import Shelf

_NO_SPACE = const(28)  # ENOSPC
_RAM_BATCHES = const(6)  # what RAM may hold while the flash does not take it


class Spool:
    """One directory on flash. put() takes a reading; peek() gives the oldest not yet
    sent; sent() moves on; confirm() lets go of what is safe elsewhere; rewind() makes
    what was sent but never confirmed come again."""

    def __init__(self, path, names, random, log, max_bytes=1 << 20, batch=10, flush_s=300):
        self._mark = path + "/mark"
        self._names = names
        self._random = random
        self._log = log
        self._batch = batch
        self._flush_s = flush_s
        self._ram = []  # (seq, dated, seconds, body), oldest first
        self._ram_sent = 0  # how many of them were sent
        self._oldest_up = None  # when the oldest reading in RAM came
        self._saved_seq = 0
        self._from_shelf = False  # where peek() took its answer from
        self._last_sent = None  # (life, seq), not confirmed yet
        self.life = None
        self.boot = 0
        self.next_seq = 0
        self.acked = 0  # every seq below is confirmed, or dropped
        self.dropped = 0
        self.broken = None  # why the flash could not be written, while that is so
        try:
            os.mkdir(path)
        except OSError:
            pass  # it is there already
        self._shelf = Shelf(path, names, log, max_bytes)
        self._recover()
        self.save()

    def _recover(self):
        found = mark.load(self._mark)
        first, last = self._shelf.ends()
        if not found:
            # An erased flash, or a mark that cannot be trusted: a new life, so that no
            # seq is handed out twice. What older segments hold keeps its own life.
            self.life = hexlify(self._random(4)).decode()
            return
        self.life, self.boot, self.next_seq, self.acked, self.dropped = found
        self.boot += 1
        if last[0] == self.life and last[1] >= self.next_seq:
            self.next_seq = last[1] + 1
        if not len(self._shelf):
            self.acked = self.next_seq
        elif first[0] == self.life and first[1] > self.acked:
            self.acked = first[1]
        self._shelf.release(self.life, self.acked - 1)

    def __len__(self):
        """Readings of this life that are not confirmed."""
        return self.next_seq - self.acked

    def first(self):
        """The lowest seq of this life that the board still has or will hand out."""
        return self.acked

    def unconfirmed(self):
        """True while something was sent that nobody confirmed."""
        return self._last_sent is not None

    # Taking

    def put(self, dated, seconds, body, up_s):
        """Take a reading; gives its seq. Never raises: without flash it stays in RAM."""
        seq = self.next_seq
        self.next_seq += 1
        if not self._ram:
            self._oldest_up = up_s
        self._ram.append((seq, dated, seconds, body))
        if len(self._ram) > _RAM_BATCHES * self._batch:
            self._ram.pop(0)
            if self._ram_sent:
                self._ram_sent -= 1
            self.dropped += 1
        return seq

    def tick(self, up_s):
        """Write the batch when it is full or old; call it now and then."""
        if not self._ram:
            return
        if len(self._ram) >= self._batch or up_s - self._oldest_up >= self._flush_s:
            self.flush(up_s)

    def flush(self, up_s=0):
        """Write what is in RAM to the flash; True when nothing is left in RAM."""
        done = 0
        try:
            while done < len(self._ram):
                done += self._shelf.append(self.life, self.boot, self._ram[done:], self._drop)
        except OSError as e:
            self._failed(e)
            self._shelf.seal()  # whatever was half written, the next goes elsewhere
            self._oldest_up = up_s
            if e.errno == _NO_SPACE and len(self._shelf) > 1:
                self._drop()
        else:
            self._wrote()
        del self._ram[:done]
        self._ram_sent = 0
        return not self._ram

    def save(self):
        """Commit the mark: from here on no seq below next_seq is handed out again."""
        try:
            mark.save(self._mark, self.life, self.boot, self.next_seq, self.acked, self.dropped)
        except OSError as e:
            self._failed(e)
            return False
        self._saved_seq = self.next_seq
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
        lost, life, last = self._shelf.drop()
        self.dropped += lost
        if life == self.life and last >= self.acked:
            self.acked = last + 1
        self.save()
        self._log.warn("spool: full, oldest segment dropped, %d readings so far" % self.dropped)

    # Giving

    def peek(self, most):
        """Up to `most` of the oldest readings not yet sent, all from one segment or all
        from RAM, as (life, seq, boot, dated, seconds, body, names)."""
        try:
            recs = self._shelf.peek(most)
        except OSError as e:
            self._failed(e)
            self._shelf.rewind()
            recs = None  # what is in RAM can still go out
        self._from_shelf = bool(recs)
        if recs:
            # What is on flash is found there again after a power cut, unless it is deleted.
            return recs if recs[-1][1] < self._saved_seq or self.save() or self.broken else []
        batch = self._ram[self._ram_sent : self._ram_sent + most]
        if batch and batch[-1][0] >= self._saved_seq and not self.save():
            # The flash is gone, and with it the memory of what was handed out: these
            # readings go out under a life that nothing was handed out in before.
            self.life = hexlify(self._random(4)).decode()
            self.acked = self._ram[0][0]
            self._saved_seq = 1 << 30
            self._log.error("spool: going on without flash, as life " + self.life)
        out = []
        for seq, dated, seconds, body in batch:
            out.append((self.life, seq, self.boot, dated, seconds, body, self._names))
        return out

    def sent(self, recs):
        """recs, as peek() gave them, reached the broker."""
        if self._from_shelf:
            self._shelf.advance(len(recs))
        else:
            self._ram_sent += len(recs)
        self._last_sent = recs[-1][:2]

    def confirm(self, life, seq):
        """Every reading of life up to seq is safe: let go of them."""
        self._shelf.release(life, seq)
        if self._last_sent and self._last_sent[0] == life and self._last_sent[1] <= seq:
            self._last_sent = None
        if life != self.life:
            return
        while self._ram and self._ram[0][0] <= seq:
            self._ram.pop(0)
            if self._ram_sent:
                self._ram_sent -= 1
        if seq >= self.acked:
            self.acked = min(seq + 1, self.next_seq)

    def rewind(self):
        """Send again what was sent and never confirmed."""
        self._shelf.rewind()
        self._ram_sent = 0
        self._last_sent = None
