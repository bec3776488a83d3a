"""How much of its flash a board has worn out, from how many readings it has numbered.

No board counts what it erases. Each flush of its queue erases 1.1 blocks at most, and none holds
less than a batch of readings or what five minutes brought, also while nobody takes them
(tests/firmware/spool/test_queue_figures.py, on real littlefs). Readings that are confirmed while
they wait in RAM erase a tenth of that, so this is what it is at most."""

from __future__ import annotations

from ..store.lives import Handed

# As firmware/settings/config.py has them: readings and seconds of a flush of the queue.
BATCH, FLUSH_S = 10, 300
ERASES = 1.1  # blocks in a flush
# littlefs spreads erasures over what is free. Of the smallest file system that firmware, slots and
# a full queue leave: 1 MB in blocks of 4 KB. Of a block: what data sheets of serial NOR flash give.
BLOCKS, CYCLES = 256, 100_000
WEEK_S = 7 * 86_400


def most_erases(handed: Handed, now: int) -> float:
    """How many blocks a board has erased for its queue, at most; now: Unix seconds."""
    flushes: float = handed.readings
    if handed.since is not None:
        flushes = min(flushes, handed.readings / BATCH + max(0, now - handed.since) / FLUSH_S)
    return ERASES * flushes


def worn(handed: Handed, now: int) -> float:
    """The share of what its flash is made for, in percent, at most."""
    return 100 * most_erases(handed, now) / (BLOCKS * CYCLES)


def anew(handed: Handed, now: int) -> list[int]:
    """When within the last week the board began its queue anew (Unix seconds): once where somebody
    erased its flash, with each start where it cannot be written."""
    return [t for t in handed.begun[1:] if now - WEEK_S < t <= now]
