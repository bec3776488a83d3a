"""What happened between plateaus: deposits, lifts, returns, swaps, gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from host.events.model import (
    EMPTIED_G,
    REPORT_G,
    RESIDUE_G,
    RESIDUE_SHARE,
    SAME_G,
    SHORT_G,
    STEP_G,
    Event,
    Evidence,
    Kind,
    Plateau,
    Platform,
    Sums,
)


@dataclass(frozen=True)
class Outcome:
    """Events in order, the mass balance over all of them, and the covered seconds."""

    events: list[Event]
    sums: Sums
    covered: list[tuple[int, int]]


class Engine:
    """State of one platform: which bin stands on it (its tare), or that it was lifted.

    take() is given one settled run after another; between two runs nobody saw what
    happened, so whatever changed is unattributed and never a collection."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._tare = platform.tare_g if platform.wheelie else 0
        self._spares = list(platform.spares)
        self._last: Evidence | None = None  # the weight now
        self._lifted: Evidence | None = None  # the weight before the bin was lifted
        self._blind = False  # a gap since it was lifted
        self.events: list[Event] = []
        self.sums = Sums()

    def take(self, plateaus: list[Plateau]) -> None:
        """Go through one run."""
        for i, p in enumerate(plateaus):
            if self._last is None:
                self._open(p.first)
            elif i == 0:
                self._gap(self._last, p.first)
            else:
                self._step(self._last, p.first)
            self._drift(p.last.grams - p.first.grams, p.first.grams)
            self._last = p.last
        standing = self._lifted or self._last  # a lifted bin still holds what it held
        if standing is not None:
            self.sums.closing = standing.grams - self._tare

    def _absent(self, grams: int) -> bool:
        return grams < self._platform.absent_below

    def _open(self, first: Evidence) -> None:
        if self._absent(first.grams):
            self._lifted = replace(first, grams=self._tare)
            self._blind = True
            return
        if self._platform.wheelie and first.grams - self._tare < -SHORT_G:
            self._exchange(first.grams, 0)
        self.sums.opening = first.grams - self._tare

    def _drift(self, grams: int, at: int) -> None:
        if not self._absent(at):
            self.sums.drift += grams

    def _gap(self, before: Evidence, after: Evidence) -> None:
        if self._absent(after.grams):
            if self._lifted is None:
                self._lifted = before
            self._blind = True
        elif self._lifted is not None:
            self._blind = True
            self._return(after)
        else:
            self._unattributed(before, after, after.grams - before.grams, "gap in the data")

    def _step(self, before: Evidence, after: Evidence) -> None:
        if self._absent(after.grams):
            if self._lifted is None:
                self._lifted = before
        elif self._lifted is not None:
            self._return(after)
        else:
            self._change(before, after)

    def _change(self, before: Evidence, after: Evidence) -> None:
        """A step with the bin in place."""
        d = after.grams - before.grams
        if d >= STEP_G:
            self._book(Kind.DEPOSIT, before, after, d)
        elif d > -STEP_G:
            self.sums.drift += d
        elif not self._platform.wheelie:
            self._book(Kind.COLLECTION, before, after, -d)
        elif after.grams < self._tare - SHORT_G or d <= -EMPTIED_G:
            # Lifted, emptied and back before it could be seen empty.
            self._lifted = before
            self._return(after)
        else:
            self._book(Kind.REMOVAL, before, after, -d)

    def _return(self, after: Evidence) -> None:
        """A bin stands there again: which one, and what is gone."""
        before = self._lifted
        assert before is not None
        blind, self._lifted, self._blind = self._blind, None, False
        net = before.grams - self._tare
        d = after.grams - before.grams
        swapped = abs(d) > SAME_G and self._exchange(after.grams, net)
        left = after.grams - self._tare
        if blind:
            self._unattributed(before, after, left - net, "lifted or put back within a gap")
        elif swapped:
            # The bin that left took its waste with it; the new one brings its residue.
            self.sums.drift += left
            if net >= STEP_G:
                self._book(Kind.COLLECTION, before, after, net, "swapped for another bin")
            else:
                self.sums.drift -= net
        elif d <= -EMPTIED_G:
            self._book(Kind.COLLECTION, before, after, -d)
        elif d >= EMPTIED_G:
            self._book(Kind.DEPOSIT, before, after, d, "while the bin was lifted")
        else:
            self.sums.drift += d
            self.events.append(Event(Kind.RETURNED, before.t, after.t, 0, before, after))

    def _exchange(self, gross: int, net: int) -> bool:
        """Whether another bin came back, by its tare; takes it over if so.

        What the own bin explains is the own bin: a residue of up to RESIDUE_SHARE of
        what it held is as usual as a clean bin of another tare is rare."""
        most = max(RESIDUE_G, net * RESIDUE_SHARE // 1000)
        if -SHORT_G <= gross - self._tare <= most:
            return False
        fitting = [t for t in self._spares if -SHORT_G <= gross - t <= RESIDUE_G]
        if not fitting:
            return False
        tare = min(fitting, key=lambda t: (abs(gross - t), t))
        self._spares.remove(tare)
        self._spares.append(self._tare)
        self._tare = tare
        return True

    def _unattributed(self, before: Evidence, after: Evidence, grams: int, note: str) -> None:
        self.sums.unattributed += grams
        if abs(grams) >= REPORT_G:
            event = Event(Kind.UNATTRIBUTED, before.t, after.t, grams, before, after, note)
            self.events.append(event)

    def _book(
        self, kind: Kind, before: Evidence, after: Evidence, grams: int, note: str = ""
    ) -> None:
        if kind is Kind.DEPOSIT:
            self.sums.deposited += grams
        elif kind is Kind.COLLECTION:
            self.sums.collected += grams
        else:
            self.sums.removed += grams
        self.events.append(Event(kind, before.t, after.t, grams, before, after, note))
