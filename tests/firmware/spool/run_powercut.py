"""Under MicroPython: the power is cut at every program and every erase of a run of the queue.

micropython run_powercut.py SEED RECORDS

The flash is in RAM. Before each operation a copy of it gets that operation half done –
half a program, half an erase, or a program whose second half is noise – and a board
starts from the copy, while the run itself goes on undisturbed."""

import os
import sys

import vfs
from health.log import Log
from ram_flash import RamFlash
from spool.queue import Queue

BLOCKS = 48
NAMES = ["w1", "w2", "w3", "w4"]
BATCH = 10


class Dice:
    """Numbers that follow from the seed."""

    def __init__(self, seed):
        self.x = seed * 2654435761 + 1

    def __call__(self, n):
        self.x = (self.x * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.x >> 8) % n


def body(seq):
    return bytes([seq & 0xFF, (seq >> 8) & 0xFF] + [(seq * 7 + i) & 0xFF for i in range(10)])


def open_spool(where):
    return Queue(where, NAMES, os.urandom, Log(None, lambda line: None), 64 << 10, BATCH, 1 << 30)


class Run:
    """The queue in use, and what must hold at any moment of it."""

    def __init__(self, seed):
        self.dice = Dice(seed)
        self.flash = RamFlash(BLOCKS)
        vfs.VfsLfs2.mkfs(self.flash)
        vfs.mount(vfs.VfsLfs2(self.flash), "/run")
        self.spool = open_spool("/run/q")
        self.life = self.spool.state.life
        self.synced = 0  # every seq below was on the flash, or confirmed
        self.confirmed = 0  # every seq below the host has
        self.shown = 0  # every seq below may have been seen by somebody
        self.making_room = False
        self.cuts = self.worst = 0
        self.flash.on_cut = self.check

    def put(self):
        s = self.spool
        s.put(60 * s.state.next_seq, body(s.state.next_seq))
        s.tick(0)
        if not s._ram:
            self.synced = s.state.next_seq

    def send(self, most, confirm):
        recs = self.spool.peek(most)
        if recs:
            self.shown = max(self.shown, recs[-1][1] + 1)
            self.spool.sent(recs)
            if confirm:
                # Known to be safe before the queue hears of it.
                self.confirmed = max(self.confirmed, recs[-1][1] + 1)
                self.spool.confirm(*recs[-1][:2])
                self.synced = max(self.synced, self.confirmed)
        return len(recs)

    def restart(self):
        self.spool.flush()
        self.synced = self.spool.state.next_seq
        vfs.umount("/run")
        vfs.mount(vfs.VfsLfs2(self.flash), "/run")
        self.spool = open_spool("/run/q")

    def play(self, records):
        """Stretches online and offline, host confirmations that lag, restarts."""
        while self.spool.state.next_seq < records:
            kind = self.dice(6)
            for _ in range(10 + self.dice(50)):
                self.put()
                if kind < 3:
                    self.send(16, True)
                elif kind == 3:
                    self.send(4, self.dice(3) == 0)
            if kind == 4:
                self.restart()
            if kind != 5:
                self.spool.rewind()
                while self.send(16, True):
                    pass

    def fill_up(self):
        """Without cuts until it is nearly full, then on over the moment that makes room."""
        self.flash.on_cut = None
        segments = self.spool._segments
        while segments._used + 16384 <= 64 << 10 or segments._size < 15900:
            self.put()
        self.making_room = True
        self.flash.on_cut = self.check
        while not self.spool.state.dropped:
            self.put()

    def check(self, torn):
        """A board starts from this flash."""
        self.cuts += 1
        flash = RamFlash(BLOCKS, torn)
        vfs.mount(vfs.VfsLfs2(flash), "/cut")
        s = open_spool("/cut/q")
        assert s.state.life == self.life, "another life"
        assert s.state.next_seq >= self.shown, ("handed out again", s.state.next_seq, self.shown)
        seqs = drain(s, self.life)
        low = max(self.confirmed, self.spool.first())
        if self.making_room and seqs and seqs[0] > low:
            assert seqs[0] - low <= 820, ("more than one segment gone", low, seqs[0])
            low = seqs[0]
        have = set(seqs)
        for seq in range(low, self.synced):
            assert seq in have, ("synced and lost", seq, self.synced, self.cuts)
        lost = self.spool.state.next_seq - max(s.state.next_seq, self.synced)
        there = [x for x in range(self.synced, self.spool.state.next_seq) if x not in have]
        there = [x for x in there if x >= self.confirmed]
        self.worst = max(self.worst, len(there))
        assert len(there) <= BATCH, ("more than a batch lost", len(there), lost)
        # And it goes on.
        start = s.state.next_seq
        for _ in range(13):
            s.put(60 * s.state.next_seq, body(s.state.next_seq))
            s.tick(0)
        s.flush()
        assert drain(s, self.life) == list(range(start, start + 13)), "does not go on"
        vfs.umount("/cut")


def drain(s, life):
    """Every seq that is left, in order; each with the body it was made with."""
    seqs = []
    recs = s.peek(32)
    while recs:
        for r in recs:
            assert r[0] == life and r[5] == body(r[1]), ("not what was put", r)
            assert not seqs or r[1] > seqs[-1], ("out of order", r[1], seqs[-1])
            seqs.append(r[1])
        s.sent(recs)
        s.confirm(*recs[-1][:2])
        recs = s.peek(32)
    return seqs


run = Run(int(sys.argv[1]))
run.play(int(sys.argv[2]))
records, cuts = run.spool.state.next_seq, run.cuts
if len(sys.argv) > 3:
    run.fill_up()
f = run.flash
print(records, run.cuts, run.cuts - cuts, run.worst, f.programs, f.erases)
