"""Segments on littlefs, oldest first, with a cursor that reads ahead of what is released.

A record leaves the flash only when it was released: its segment is deleted once every
record in it is. What was read and not released comes again after rewind()."""

import os

from micropython import const

from spool import segment

_SEGMENT = const(16352)  # bytes: what four blocks of littlefs hold; the oldest are dropped by it
_BLOCK = const(4096)  # littlefs gives a file whole blocks


class SegmentStore:
    """A directory of segments; names are the channels of what is written now."""

    def __init__(self, path, names, log, max_bytes):
        self._dir = path
        self._names = names
        self._log = log
        self._max = max_bytes
        self._files = []  # [name, (life, last seq) once read to its end]
        self._at = 0  # the segment that the cursor is in
        self._reader = None
        self._peeked = []  # read, not yet passed by advance()
        self._released = {}  # life -> every seq below it is released
        self._header = None  # of the segment being written
        self._size = 0  # of that segment
        self._used = 0  # bytes of flash that all segments take
        for name in sorted(os.listdir(path)):
            if name.endswith(".seg"):
                self._files.append([name, None])
                self._used += _blocks(os.stat(path + "/" + name)[6])

    def __len__(self):
        """Segments that are there."""
        return len(self._files)

    def path(self, i):
        return self._dir + "/" + self._files[i][0]

    # Writing

    def append(self, life, recs, make_room):
        """Write what fits one segment of recs [(seq, boot, epoch, up, body)]; how many.

        make_room() is called while the space allowed is used up. OSError when the
        flash does not take it; nothing of it counts then."""
        seq, boot, epoch, up, _ = recs[0]
        h = self._header
        if h is None or self._full(recs[0]) or not h.fits(life, boot, seq, up, epoch):
            while self._files and self._used + 4 * _BLOCK > self._max:
                make_room()
            self._start(segment.Header(life, boot, seq, up, epoch, self._names))
        out = bytearray()
        n = 0
        for seq, boot, epoch, up, body in recs:
            if not self._header.fits(life, boot, seq, up, epoch):
                break
            rec = segment.pack(self._header, seq, up, body)
            if n and self._size + len(out) + len(rec) > _SEGMENT:
                break
            out += rec
            n += 1
        with open(self.path(-1), "ab") as f:
            f.write(out)
        self._used += _blocks(self._size + len(out)) - _blocks(self._size)
        self._size += len(out)
        return n

    def _full(self, rec):
        return self._size + segment.size(rec[4]) > _SEGMENT

    def seal(self):
        """Nothing more goes into the segment written last."""
        self._header = None

    def _start(self, header):
        number = int(self._files[-1][0][:8], 16) + 1 if self._files else 0
        name = "%08x.seg" % number
        raw = header.pack()
        with open(self._dir + "/" + name, "wb") as f:
            f.write(raw)
        self._files.append([name, None])
        self._used += _BLOCK
        self._size = len(raw)
        self._header = header

    # Reading

    def waiting(self):
        """True while something may stand after the cursor."""
        return bool(self._peeked) or self._at < len(self._files)

    def peek(self, most):
        """Up to `most` records at the cursor, of one segment, as
        (life, seq, boot, epoch, up, body, names)."""
        while len(self._peeked) < most:
            rec = self._next()
            if rec is not None:
                self._peeked.append(rec)
            elif self._peeked or self._at >= len(self._files):
                break
        return self._peeked[:most]

    def advance(self, n):
        """Move the cursor past the first n of what peek() gave."""
        del self._peeked[:n]

    def rewind(self):
        """Put the cursor back to the oldest record that is not released."""
        self._close()
        self._peeked = []
        self._at = 0

    def _next(self):
        """The next record that is not released; None at the end of a segment, whose
        successor the following call goes to."""
        if self._reader is None:
            if self._at >= len(self._files):
                return None
            if self._at == len(self._files) - 1:
                self._header = None  # what is being read is not written to any more
            self._reader = segment.Reader(self.path(self._at))
        r = self._reader
        h = r.header
        rec = r.next()
        while rec is not None:
            if rec[0] >= self._released.get(h.life, 0):
                return (h.life, rec[0], h.boot, h.epoch, rec[1], rec[2], h.names)
            rec = r.next()
        if r.damaged:
            name = self._files[self._at][0]
            self._log.warn("spool: %d damaged places in %s stepped over" % (r.damaged, name))
        self._files[self._at][1] = (h.life if h else None, r.last())
        self._close()
        self._at += 1
        self._sweep()
        return None

    def _close(self):
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # Letting go

    def release(self, life, seq):
        """Every record of life up to seq is safe elsewhere."""
        if seq >= self._released.get(life, 0):
            self._released[life] = seq + 1
            self._sweep()

    def _sweep(self):
        while self._files and self._at > 0:
            end = self._files[0][1]
            if end is None or (end[0] and end[1] >= self._released.get(end[0], 0)):
                return
            self._remove()

    def drop(self):
        """Give the oldest segment up; (records lost, life, last seq of them)."""
        r = segment.Reader(self.path(0))
        life = r.header.life if r.header else None
        lost = 0
        rec = r.next()
        while rec is not None:
            if rec[0] >= self._released.get(life, 0):
                lost += 1
            rec = r.next()
        last = r.last()
        r.close()
        if self._at == 0:
            self._close()
            self._peeked = []
            self._at = 1
        self._remove()
        return lost, life, last

    def _remove(self):
        path = self.path(0)
        self._files.pop(0)
        self._at -= 1
        if not self._files:
            self._header = None
        try:
            self._used -= _blocks(os.stat(path)[6])
            os.remove(path)
        except OSError as e:
            self._log.error("spool: %s cannot be removed" % path, e)


def _blocks(size):
    """Bytes of flash a file of this size takes."""
    return (size + _BLOCK - 1) // _BLOCK * _BLOCK
