"""The queue of readings: a short batch in RAM, then segments on littlefs.

A reading acknowledged while it is still in RAM never touches the flash. A seq is
handed out once in a life: the mark, which says what was handed out, is on the
flash before anything is published.
"""

import os
from binascii import hexlify

from micropython import const

from spool import mark, segment

_SEGMENT = const(16384)  # bytes; the unit in which the oldest is dropped
_BLOCK = const(4096)  # littlefs gives a file whole blocks
_NO_SPACE = const(28)  # ENOSPC


class Spool:
    """One directory on flash. put() takes a reading, peek() gives the oldest ones,
    pop() lets go of them once they are acknowledged."""

    def __init__(self, path, names, random, log, max_bytes=1 << 20, batch=10, flush_s=300):
        self._dir = path
        self._mark = path + "/mark"
        self._names = names
        self._log = log
        self._max = max_bytes
        self._batch = batch
        self._flush_s = flush_s
        self._ram = []  # (seq, dated, seconds, body), oldest first
        self._segments = []  # names of files, oldest first
        self._reader = None
        self._peeked = []  # read from the oldest segment, not yet popped
        self._header = None  # of the segment being written
        self._size = 0  # of that segment
        self._used = 0  # bytes of flash that all segments take
        self._oldest_up = None  # when the oldest reading in RAM came
        self._saved_seq = 0
        self.life = None
        self.boot = 0
        self.next_seq = 0
        self.acked = 0  # every seq below was acknowledged, or dropped
        self.dropped = 0
        self.broken = None  # why the flash could not be written, while that is so
        self._open(random)

    def _open(self, random):
        try:
            os.mkdir(self._dir)
        except OSError:
            pass  # it is there already
        found = mark.load(self._mark)
        for name in sorted(os.listdir(self._dir)):
            if name.endswith(".seg"):
                self._segments.append(name)
                self._used += _blocks(os.stat(self._dir + "/" + name)[6])
        if found:
            self.life, self.boot, self.next_seq, self.acked, self.dropped = found
            self.boot += 1
        else:
            # An erased flash, or a mark that cannot be trusted: a new life, so that
            # no seq is handed out twice. What older segments hold keeps its own life.
            self.life = hexlify(random(4)).decode()
        self._recover()
        self.save()

    def _recover(self):
        """Bring the mark up to date with what the segments show."""
        if self._segments:
            r = segment.Reader(self._dir + "/" + self._segments[-1])
            rec = r.next()
            while rec:
                if r.header.life == self.life and rec[0] >= self.next_seq:
                    self.next_seq = rec[0] + 1
                rec = r.next()
            r.close()
            r = segment.Reader(self._dir + "/" + self._segments[0])
            if r.header and r.header.life == self.life and r.header.seq > self.acked:
                self.acked = r.header.seq
            r.close()
        else:
            self.acked = self.next_seq

    def __len__(self):
        """Readings not yet acknowledged in this life."""
        return self.next_seq - self.acked

    def save(self):
        """Commit the mark: from here on no seq below next_seq is handed out again."""
        try:
            mark.save(self._mark, self.life, self.boot, self.next_seq, self.acked, self.dropped)
            self._saved_seq = self.next_seq
            self._wrote()
            return True
        except OSError as e:
            self._failed(e)
            return False

    def _wrote(self):
        if self.broken:
            self._log.info("spool: flash can be written again")
            self.broken = None

    def _failed(self, e):
        if not self.broken:
            self._log.error("spool: flash cannot be written", e)
            self.broken = str(e)

    def put(self, dated, seconds, body, up_s):
        """Take a reading; gives its seq. Never raises: without flash it stays in RAM."""
        seq = self.next_seq
        self.next_seq += 1
        if not self._ram:
            self._oldest_up = up_s
        self._ram.append((seq, dated, seconds, body))
        if len(self._ram) > 6 * self._batch:
            self._ram.pop(0)
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
                done += self._append(done)
        except OSError as e:
            self._failed(e)
            self._header = None  # whatever was half written, the next goes elsewhere
            self._oldest_up = up_s
            if e.errno == _NO_SPACE and len(self._segments) > 1:
                self._drop_oldest()
        else:
            self._wrote()
        del self._ram[:done]
        return not self._ram

    def _append(self, start):
        """Append records from RAM[start:] that fit one segment; how many."""
        seq, dated, seconds, _ = self._ram[start]
        if (
            self._header is None
            or self._size >= _SEGMENT
            or not self._header.fits(seq, dated, seconds)
        ):
            self._new_segment(seq, dated, seconds)
        out = bytearray()
        n = 0
        for seq, dated, seconds, body in self._ram[start:]:
            if not self._header.fits(seq, dated, seconds):
                break
            out += segment.pack(self._header, seq, seconds, body)
            n += 1
        with open(self._dir + "/" + self._segments[-1], "ab") as f:
            f.write(out)
        self._used += _blocks(self._size + len(out)) - _blocks(self._size)
        self._size += len(out)
        return n

    def _new_segment(self, seq, dated, seconds):
        while self._segments and self._used + _SEGMENT > self._max:
            self._drop_oldest()
        header = segment.Header(self.life, self.boot, seq, seconds, dated, self._names)
        number = int(self._segments[-1][:8], 16) + 1 if self._segments else 0
        name = "%08x.seg" % number
        raw = header.pack()
        self._segments.append(name)
        self._used += _BLOCK
        self._size = len(raw)
        with open(self._dir + "/" + name, "wb") as f:
            f.write(raw)
        self._header = header

    def _drop_oldest(self):
        """Make room: the oldest segment goes, and what it still held is counted."""
        while True:
            rec = self._next_on_flash()
            if rec is None or self._reader is None:
                break
            self._peeked.append(rec)
            if len(self._peeked) > 64:
                self._count_dropped(self._peeked)
                self._peeked = []
        self._count_dropped(self._peeked)
        self._peeked = []
        if self._segments:
            self._delete_oldest()
        self.save()
        self._log.warn("spool: full, oldest segment dropped, %d readings so far" % self.dropped)

    def _count_dropped(self, recs):
        for rec in recs:
            self.dropped += 1
            if rec[0] == self.life and rec[1] >= self.acked:
                self.acked = rec[1] + 1

    def _next_on_flash(self):
        """The next record of the oldest segment as (life, seq, boot, dated, seconds,
        body, names); None at its end."""
        if self._reader is None:
            if not self._segments:
                return None
            if len(self._segments) == 1:
                self._header = None  # what is being read is not written to any more
            self._reader = segment.Reader(self._dir + "/" + self._segments[0])
        r = self._reader
        h = r.header
        while True:
            rec = r.next()
            if rec is None:
                return None
            if h.life != self.life or rec[0] >= self.acked:
                return (h.life, rec[0], h.boot, h.dated, rec[1], rec[2], h.names)

    def peek(self, most):
        """Up to `most` of the oldest readings, all from flash or all from RAM, as
        (life, seq, boot, dated, seconds, body, names). They stay until pop()."""
        while self._segments:
            while len(self._peeked) < most:
                rec = self._next_on_flash()
                if rec is None:
                    break
                self._peeked.append(rec)
            if self._peeked:
                return self._told(self._peeked[:most])
            self._delete_oldest()
        out = []
        for seq, dated, seconds, body in self._ram[:most]:
            out.append((self.life, seq, self.boot, dated, seconds, body, self._names))
        return self._told(out)

    def _told(self, recs):
        """recs, once the flash knows that their seqs are handed out; else nothing."""
        if recs and recs[-1][1] >= self._saved_seq and not self.save():
            return []
        return recs

    def pop(self, n):
        """Let go of the n readings that peek() gave first: they are acknowledged."""
        if self._peeked:
            life, seq = self._peeked[n - 1][:2]
            del self._peeked[:n]
        else:
            life, seq = self.life, self._ram[n - 1][0]
            del self._ram[:n]
        if life == self.life and seq >= self.acked:
            self.acked = seq + 1

    def _delete_oldest(self):
        if self._reader:
            if self._reader.damaged:
                self._log.warn(
                    "spool: %d damaged places in %s stepped over"
                    % (self._reader.damaged, self._segments[0])
                )
            self._reader.close()
            self._reader = None
        name = self._segments.pop(0)
        if not self._segments:
            self._header = None
        path = self._dir + "/" + name
        try:
            self._used -= _blocks(os.stat(path)[6])
            os.remove(path)
        except OSError as e:
            self._log.error("spool: %s cannot be removed" % name, e)


def _blocks(size):
    """Bytes of flash a file of this size takes."""
    return (size + _BLOCK - 1) // _BLOCK * _BLOCK
