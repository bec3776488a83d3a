"""What the engine takes for what: times in seconds, masses in grams.

The masses are those of a platform with e = 50 g; `Limits.of` scales them up for coarser
ones."""

from __future__ import annotations

from dataclasses import dataclass

# A board speaks at least every 300 s; twice that and a minute of silence is a gap.
GAP_S = 660
# Longest stay of somebody who leans on a platform, or of a bag taken out and put back.
LEAN_S = 90
# Longest stay of something small that is gone again: two rows of a slow logger.
IMPULSE_S = 2100
# After a gap the fill sensor has so long to show the bin as it is now.
FILL_S = 60
FILL_WAIT_S = 660
# No scale outdoors stays the same to the gram for so long, in so many readings. (A board
# sees within minutes, by its counts, that a converter is frozen; this is for the others.)
FROZEN_S = 6 * 3600
FROZEN_N = 48
FILL_MOVED = 100  # permille that the fill does not change by while the load stays the same
# A bin that is away for longer is not being emptied: the platform is empty.
AWAY_S = 3600

IMPULSE_G = 5_000  # largest of what is forgotten when it is gone within IMPULSE_S
LEAN_G = 10_000  # nobody throws as much into a bin half a minute before it is lifted
REMOVED_G = 3_000  # least that is a collection when the bin was not seen away
RESIDUE_G = 1_100  # what usually sticks to an emptied bin
RESIDUE_SHARE = 20  # per mille of what it held, where that is more
LEAST_LEARNED_G = 600  # residue above which knowing it matters: RESIDUE_G - SAID_RESIDUE_G
LEARNED_N = 3  # emptyings after which what stays in a bin is known for its own
SPARE_RESIDUE_G = 500  # what is in a bin that comes in exchange
BARE_G = 1_000  # a bare platform never shows more, unless something lies on it
DEPOSIT_G = 6_000  # hardly anybody brings more at once
SAID_RESIDUE_G = 500  # a residue as large may be another bin's tare: worth a doubt


@dataclass(frozen=True)
class Limits:
    """Masses that depend on how coarse a scale is."""

    step_g: int = 150  # smallest step that is a deposit
    emptied_g: int = 1_000  # smallest loss that is a collection
    same_g: int = 300  # two weights of the same thing, weighed twice
    short_g: int = 300  # how far below its tare a bin may seem to be
    jump_g: int = 500  # no slow change is as fast: without a motion seen, nobody knows
    report_g: int = 200  # smallest change over a gap that is told
    close_g: int = 100  # two weights of the same thing, the bare platform weighed too

    @classmethod
    def of(cls, e_g: int) -> Limits:
        """For a scale with this e: 150 g are 3 e, and so on; never below those of 50 g."""
        if e_g <= 50:
            return cls()
        return cls(3 * e_g, 20 * e_g, 6 * e_g, 6 * e_g, 10 * e_g, 4 * e_g, 2 * e_g)
