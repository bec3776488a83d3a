"""Limits of the event engine: times in seconds, masses in grams.

Masses are for a platform with e = 50 g; `Limits.of` scales them for coarser ones."""

from __future__ import annotations

from dataclasses import dataclass

# A board sends a reading at least every 300 s; a gap is twice that and a minute.
GAP_S = 660
# Longest stay of somebody who leans on a platform, or of a bag taken out and put back.
LEAN_S = 90
# Longest stay of a small load that is gone again: two readings of a slow logger.
IMPULSE_S = 2100
# FILL_S after the start of a plateau the fill shows its bin; after a gap, within FILL_WAIT_S.
FILL_S = 60
FILL_WAIT_S = 660
# A scale outdoors does not show the same gram for so long in so many readings: it is frozen.
# (A board detects a frozen converter by its counts within minutes; this is for other boards.)
FROZEN_S = 6 * 3600
FROZEN_N = 48
FILL_MOVED = 100  # permille that the fill does not change by while the load stays the same
# A bin that is away longer is not being emptied: the platform is empty.
AWAY_S = 3600

IMPULSE_G = 5_000  # largest load that is ignored when it is gone within IMPULSE_S
LEAN_G = 10_000  # most weight of hands on a bin before it is lifted
REMOVED_G = 3_000  # least loss that is a collection although no reading shows the bin away
RESIDUE_G = 1_100  # what usually sticks to an emptied bin
RESIDUE_SHARE = 20  # or permille of what it held, if that is more
LEAST_LEARNED_G = 600  # least residue that changes a decision: RESIDUE_G - SAID_RESIDUE_G
LEARNED_N = 3  # emptyings after which the residue of a bin is known
SPARE_RESIDUE_G = 500  # most residue in a bin that comes in exchange
BARE_G = 1_000  # most that a bare platform shows, unless something lies on it
DEPOSIT_G = 6_000  # hardly any deposit is larger
LIFT_WORTH_G = 5_000  # a crew leaves a bin with less alone
LEAST_SHARE = 250  # permille of what it held that an emptying takes at least
SAID_RESIDUE_G = 500  # a residue as large may be the tare of another bin


@dataclass(frozen=True)
class Limits:
    """Masses in g that depend on the verification scale interval e."""

    step_g: int = 150  # smallest step that is a deposit
    emptied_g: int = 1_000  # smallest loss that is a collection
    same_g: int = 300  # largest difference of two weighings of one load
    short_g: int = 300  # how far below its tare a bin may weigh
    jump_g: int = 500  # no slow change is as large: without a motion its cause is not known
    report_g: int = 200  # smallest change over a gap that is reported
    close_g: int = 100  # as same_g, where the bare platform was weighed as well

    @classmethod
    def of(cls, e_g: int) -> Limits:
        """Limits for a scale with this e in g (150 g are 3 e, and so on), at least those of
        e = 50 g."""
        if e_g <= 50:
            return cls()
        return cls(3 * e_g, 20 * e_g, 6 * e_g, 6 * e_g, 10 * e_g, 4 * e_g, 2 * e_g)
