"""What the queue is at a start: by the queue state, the segments, and what was in RAM at a reset.

Loaded for that, and let go of again."""

import struct
from binascii import crc32, hexlify

from spool import queue_state, rtc_batch, segment


def recover(queue, path, segments, kept, random, log):
    """Set queue.state; the records that are in RAM, but for what the flash or the host has.

    path: of the queue state; kept: memory that survives a reset, or None."""
    state = load(path)
    first, last = _ends(segments)
    if state:
        state.boot += 1
        if last[0] == state.life:
            state.next_seq = max(state.next_seq, last[1] + 1)
    else:
        # An erased flash, or a state that cannot be trusted: a new life, so that no
        # seq is handed out twice. What older segments hold keeps its own life.
        state = queue_state.QueueState(hexlify(random(4)).decode())
    queue.state = state
    ram = _in_ram(queue, kept, last, log) if kept else []
    if len(segments):
        if first[0] == state.life:
            state.acked = max(state.acked, first[1])
    else:
        state.acked = ram[0][0] if ram else state.next_seq
    segments.release(state.life, state.acked - 1)
    return ram


def _in_ram(queue, kept, last, log):
    life, recs = unpack(kept.load())
    state = queue.state
    if recs and life != state.life:
        queue.take_stray(life, recs)
        return []
    low = max(state.acked, last[1] + 1 if last[0] == life else 0)
    ram = [r for r in recs if r[0] >= low]
    if ram:
        state.next_seq = max(state.next_seq, ram[-1][0] + 1)
        log.info("spool: %d readings kept over the reset" % len(ram))
    return ram


def _ends(segments):
    """(life, first seq) of the oldest and (life, last seq) of the newest segment."""
    first = (None, -1)
    last = (None, -1)
    if len(segments):
        r = segment.Reader(segments.path(0))
        if r.header:
            first = (r.header.life, r.header.seq)
        r.close()
        r = segment.Reader(segments.path(-1))
        while r.next() is not None:
            pass
        if r.header:
            last = (r.header.life, r.last())
        r.close()
    return first, last


def load(path):
    """The state at path, or None when absent or damaged."""
    try:
        with open(path, "rb") as f:
            raw = f.read()
    except OSError:
        return None
    size = struct.calcsize(queue_state.FORM)
    if len(raw) < size + 4 or struct.unpack("<I", raw[-4:])[0] != crc32(raw[:-4]):
        return None
    magic, life, boot, seq, acked, dropped = struct.unpack_from(queue_state.FORM, raw)
    if magic != queue_state.MAGIC:
        return None
    state = queue_state.QueueState(life.hex())
    state.boot = boot
    state.next_seq = seq
    state.acked = acked
    state.dropped = dropped
    for at in range(size, len(raw) - 4, 8):
        number, epoch = struct.unpack_from("<II", raw, at)
        state.epochs[number] = epoch
    return state


def unpack(raw):
    """(life, records); (None, []) when it holds no batch that can be trusted."""
    if raw is None or len(raw) < 13 or raw[:4] != rtc_batch.MAGIC:
        return None, []
    raw = memoryview(raw)
    if struct.unpack("<I", raw[-4:])[0] != crc32(raw[:-4]):
        return None, []
    _, life, n = struct.unpack_from(rtc_batch.HEAD, raw)
    at = struct.calcsize(rtc_batch.HEAD)
    size = struct.calcsize(rtc_batch.REC)
    recs = []
    for _ in range(n):
        seq, boot, epoch, up, length = struct.unpack_from(rtc_batch.REC, raw, at)
        at += size
        recs.append((seq, boot, epoch, up, bytes(raw[at : at + length])))
        at += length
    return life.hex(), recs
