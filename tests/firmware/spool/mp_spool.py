"""The queue on real littlefs over a flash chip that can lose its power."""

import os

import vfs
from flash import Flash, PowerCut
from health.log import Log
from spool.queue import Queue

scratch = None
NAMES = ["w1", "w2", "w3", "w4"]
BODY = bytes(range(12))


class Rig:
    """A flash in a file, mounted, with a queue on it."""

    def __init__(self, name, size=512 << 10, **options):
        self.path = scratch + "/" + name
        self.size = size
        self.options = options
        self.lines = []
        self.mounted = False
        self.power_on()

    def power_on(self, cut_after=None):
        self.flash = Flash(self.path, self.size, None)
        if self.flash.fresh:
            vfs.VfsLfs2.mkfs(self.flash)
        vfs.mount(vfs.VfsLfs2(self.flash), "/spooltest")
        self.mounted = True
        self.flash.cut_after = cut_after
        self.spool = Queue(
            "/spooltest/q", NAMES, os.urandom, Log(None, self.lines.append), **self.options
        )

    def power_off(self):
        vfs.umount("/spooltest")
        self.flash.close()

    def restart(self):
        self.power_off()
        self.power_on()

    def put(self, n, step=60):
        for _ in range(n):
            s = self.spool.state.next_seq
            self.spool.put(step * s, BODY)
            self.spool.tick(step * s)

    def take(self, most=32):
        """Every (life, seq, seconds) that is left, in order."""
        out = []
        recs = self.spool.peek(most)
        while recs:
            out += [(r[0], r[1], r[4]) for r in recs]
            self.spool.sent(recs)
            self.spool.confirm(*recs[-1][:2])
            recs = self.spool.peek(most)
        return out


def test_readings_come_out_in_order_with_their_times():
    rig = Rig("order")
    rig.put(1000)
    got = rig.take()
    assert [g[1] for g in got] == list(range(1000))
    assert all(g[2] == 60 * g[1] for g in got)
    assert len(rig.spool) == 0
    rig.power_off()


def test_acknowledged_in_ram_never_touches_the_flash_but_for_the_mark():
    rig = Rig("ram")
    for _ in range(50):
        rig.put(1)
        assert len(rig.take()) == 1
    assert [n for n in os.listdir("/spooltest/q") if n.endswith(".seg")] == []
    rig.power_off()


def test_a_restart_goes_on_with_seq_and_counts_the_start():
    rig = Rig("restart")
    life = rig.spool.state.life
    rig.put(25)
    rig.spool.flush()
    rig.restart()
    assert (rig.spool.state.life, rig.spool.state.boot, rig.spool.state.next_seq) == (life, 1, 25)
    rig.put(5)
    assert [g[1] for g in rig.take()] == list(range(30))
    rig.restart()
    assert rig.spool.state.boot == 2 and rig.spool.state.next_seq == 30 and len(rig.spool) == 0
    rig.power_off()


def test_a_seq_that_was_shown_is_never_handed_out_again():
    rig = Rig("shown")
    rig.put(7, step=1)  # in RAM only
    shown = [r[1] for r in rig.spool.peek(32)]
    assert shown == list(range(7))
    rig.restart()  # power cut: the seven are lost, but their numbers are not used again
    assert rig.spool.state.next_seq == 7
    rig.power_off()


def test_an_erased_flash_is_a_new_life():
    rig = Rig("erased")
    life = rig.spool.state.life
    rig.put(3)
    rig.power_off()
    os.remove(rig.path)
    rig.power_on()
    assert (
        rig.spool.state.life != life and rig.spool.state.next_seq == 0 and rig.spool.state.boot == 0
    )
    rig.power_off()


def test_a_lost_mark_is_a_new_life_and_old_readings_keep_theirs():
    rig = Rig("mark")
    life = rig.spool.state.life
    rig.put(20)
    rig.spool.flush()
    os.remove("/spooltest/q/mark")
    rig.restart()
    assert rig.spool.state.life != life
    rig.put(3)
    got = rig.take()
    assert [(g[0] == life, g[1]) for g in got] == [(True, s) for s in range(20)] + [
        (False, s) for s in range(3)
    ]
    rig.power_off()


def test_full_drops_the_oldest_and_counts_them():
    rig = Rig("full", max_bytes=64 << 10)
    rig.put(5000)
    dropped = rig.spool.state.dropped
    assert dropped > 0
    got = [g[1] for g in rig.take()]
    assert got == list(range(dropped, 5000))
    rig.power_off()


def test_a_flash_too_small_still_takes_the_newest():
    rig = Rig("tiny", size=64 << 10, max_bytes=1 << 20)
    rig.put(5000)
    got = [g[1] for g in rig.take()]
    assert got[-1] == 4999 and got == list(range(got[0], 5000))
    assert rig.spool.state.dropped == got[0]
    rig.power_off()


def test_a_damaged_record_does_not_hide_the_next():
    rig = Rig("damage")
    rig.put(40)
    rig.spool.flush()
    name = "/spooltest/q/" + sorted(os.listdir("/spooltest/q"))[0]
    with open(name, "rb") as f:
        raw = bytearray(f.read())
    raw[200] ^= 0x40
    with open(name, "wb") as f:
        f.write(raw)
    got = [g[1] for g in rig.take()]
    assert len(got) == 39 and got == sorted(got), got
    assert any("damaged" in line for line in rig.lines)
    rig.power_off()


T0 = 1772467200


def shown(rig):
    """(dated, seconds) of every reading that is left."""
    out = []
    recs = rig.spool.peek(1)
    while recs:
        out.append((recs[0][3], recs[0][4]))
        rig.spool.sent(recs)
        recs = rig.spool.peek(1)
    return out


def test_readings_are_dated_once_the_same_start_knows_the_time():
    epoch = [0]
    rig = Rig("undated", epoch=lambda: epoch[0])
    rig.spool.put(5, BODY)
    rig.spool.flush()
    assert shown(rig) == [(False, 5)]
    rig.spool.rewind()
    epoch[0] = T0
    rig.spool.put(7, BODY)
    rig.spool.tick(8)
    assert shown(rig) == [(True, T0 + 5), (True, T0 + 7)]
    rig.spool.flush()
    epoch[0] = 0  # the next start does not know it, but when the one before began
    rig.restart()
    rig.spool.put(3, BODY)
    assert shown(rig) == [(True, T0 + 5), (True, T0 + 7), (False, 3)]
    rig.power_off()


def test_a_clock_put_right_dates_all_that_is_still_here_anew():
    epoch = [T0 + 3600]
    rig = Rig("ahead", epoch=lambda: epoch[0])
    rig.put(15, step=60)
    epoch[0] = T0
    rig.put(5, step=60)
    assert shown(rig) == [(True, T0 + 60 * i) for i in range(20)]
    rig.power_off()


class Kept:
    """Memory that survives a reset."""

    def __init__(self):
        self.raw = b""

    def load(self):
        return self.raw

    def store(self, raw):
        self.raw = bytes(raw)


def test_a_reset_without_warning_loses_nothing():
    kept = Kept()
    rig = Rig("reset", kept=kept)
    for n in range(60):
        rig.put(7)
        if n % 3 == 1:  # the host has a part of it
            recs = rig.spool.peek(4)
            rig.spool.sent(recs)
            rig.spool.confirm(*recs[-1][:2])
        first, made = rig.spool.first(), rig.spool.state.next_seq
        rig.restart()
        assert rig.spool.state.next_seq == made and rig.spool.first() <= first, (n, made)
    rig.spool.rewind()
    got = [g[1] for g in rig.take()]
    assert got == list(range(got[0], 420)) and got[0] <= first
    rig.power_off()


def test_a_batch_of_another_life_keeps_its_name():
    kept = Kept()
    rig = Rig("other", kept=kept)
    life = rig.spool.state.life
    rig.put(3)
    os.remove("/spooltest/q/mark")
    rig.restart()
    assert rig.spool.state.life != life
    assert [(g[0], g[1]) for g in rig.take()] == [(life, 0), (life, 1), (life, 2)]
    rig.power_off()


def test_a_torn_batch_is_not_trusted():
    kept = Kept()
    rig = Rig("torn", kept=kept)
    rig.put(3)
    kept.raw = kept.raw[:20] + b"x" + kept.raw[21:]
    rig.restart()
    assert rig.take() == []
    rig.power_off()


def test_power_cut_in_the_middle_loses_at_most_a_batch():
    for cut in range(1, 60, 7):
        rig = Rig("cut%d" % cut, batch=10)
        rig.flash.cut_after = cut
        try:
            while not rig.flash.off:
                rig.put(1)
        except PowerCut:
            pass  # the firmware stops here
        made = rig.spool.state.next_seq
        rig.restart()
        got = [g[1] for g in rig.take()]
        assert got == list(range(len(got))), got
        assert made - len(got) <= 10, (cut, made, len(got))
        rig.power_off()


def test_what_is_not_confirmed_stays_and_comes_again():
    rig = Rig("confirm")
    life = rig.spool.state.life
    rig.put(25)  # 20 and more on flash, the rest in RAM
    sent = []
    recs = rig.spool.peek(8)
    while recs:
        rig.spool.sent(recs)
        sent += [r[1] for r in recs]
        recs = rig.spool.peek(8)
    assert sent == list(range(25)) and len(rig.spool) == 25 and rig.spool.unconfirmed()
    rig.spool.confirm(life, 11)
    assert len(rig.spool) == 13
    rig.spool.rewind()
    assert [g[1] for g in rig.take()] == list(range(12, 25))
    assert len(rig.spool) == 0 and not rig.spool.unconfirmed()
    rig.power_off()


def test_unconfirmed_readings_survive_a_restart():
    rig = Rig("unconfirmed")
    life = rig.spool.state.life
    rig.put(25)
    rig.spool.flush()
    recs = rig.spool.peek(64)
    while recs:
        rig.spool.sent(recs)
        recs = rig.spool.peek(64)
    rig.spool.confirm(life, 4)
    rig.spool.save()
    rig.restart()
    assert rig.spool.first() == 5
    assert [g[1] for g in rig.take()] == list(range(5, 25))
    rig.power_off()


def test_readings_go_on_while_earlier_ones_wait():
    rig = Rig("interleaved")
    got = []
    for n in range(200):
        rig.put(3)
        recs = rig.spool.peek(32)
        while recs:
            rig.spool.sent(recs)
            got += [r[1] for r in recs]
            recs = rig.spool.peek(32)
        if n % 5 == 4:
            rig.spool.confirm(rig.spool.state.life, got[-1] - 2)
    assert sorted(set(got)) == list(range(600))
    rig.spool.confirm(rig.spool.state.life, 599)
    assert len(rig.spool) == 0 and rig.take() == []
    assert [n for n in os.listdir("/spooltest/q") if n.endswith(".seg")] == []
    rig.power_off()


def test_without_flash_readings_go_out_as_another_life():
    rig = Rig("dead")
    life = rig.spool.state.life
    rig.put(3, step=1)
    rig.take()

    rig.flash.off = True
    rig.put(30, step=1)
    got = rig.take()
    assert len(got) == 30 and all(g[0] != life for g in got)
    assert any("going on without flash" in line for line in rig.lines)
    rig.flash.off = False
    rig.restart()
    assert rig.spool.state.life == life and rig.spool.state.next_seq == 3
    rig.power_off()
