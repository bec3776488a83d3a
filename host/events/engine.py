"""Classifies the steps between plateaus: deposits, lifts, returns, swaps, gaps."""

from __future__ import annotations

from ..common.local_days import local_day
from . import bins
from .fill_agreement import agrees
from .limits import (
    AWAY_S,
    BARE_G,
    DEPOSIT_G,
    LEAN_S,
    LEAST_LEARNED_G,
    REMOVED_G,
    RESIDUE_G,
)
from .model import Event, Evidence, Kind, Outcome, Plateau, Platform, add
from .state import State
from .story import Story, kg, no_truck, usual_residue


class EventClassifier:
    """Books steps one after another: changes the state and adds events to the outcome."""

    def __init__(self, platform: Platform, state: State, out: Outcome) -> None:
        self._platform = platform
        self._limits = platform.limits
        self._s = state
        self._out = out

    def open(self, p: Plateau) -> None:
        """Begin with the first plateau of a platform."""
        s = self._s
        first = p.first
        if self._absent(first.grams):
            s.lifted = Evidence(first.life, first.seq, first.t, s.bin.tare_g)
            s.blind = True
            s.bare = first
        else:
            if self._platform.wheelie and first.grams < s.bin.tare_g:
                identified = bins.identify(s, self._limits, first.grams, 0)
                if identified.other is not None:
                    bins.exchange(s, identified.other)
            s.sums.opening = s.net_g = s.left_g = first.grams - s.bin.tare_g
        s.opened = True

    def flush(self, p: Plateau) -> None:
        """Book the slow changes of the latest booked plateau as drift."""
        if self._absent(p.first.grams):
            self._s.bare = p.last
        else:
            for day, grams in p.slow.items():
                self._drift(day, grams)
        p.slow.clear()

    def step(self, a: Plateau, b: Plateau) -> None:
        """Classify the step between two consecutive plateaus."""
        s = self._s
        before, after = a.last, b.first
        if b.gap:
            self._gap(before, b)
        elif self._absent(after.grams):
            if s.lifted is None:
                self._lift(before, after)
        elif s.lifted is not None:
            self._return(b)
        else:
            self._change(before, b)

    def _absent(self, grams: int) -> bool:
        return grams < self._platform.absent_below

    def _lift(self, before: Evidence, after: Evidence) -> None:
        s = self._s
        s.lifted, s.bare = before, after if self._absent(after.grams) else None
        s.blind = False

    def _gap(self, before: Evidence, b: Plateau) -> None:
        s = self._s
        after = b.first
        if self._absent(after.grams):
            if s.lifted is None:
                self._lift(before, after)
            s.blind = True
        elif s.lifted is not None:
            s.blind = True
            self._return(b)
        else:
            identified = None
            if self._platform.wheelie and after.grams < s.bin.tare_g - self._limits.short_g:
                identified = bins.identify(
                    s, self._limits, after.grams, before.grams - s.bin.tare_g
                )
            self._blind_change(before, b, b.gap, identified)

    def _change(self, before: Evidence, b: Plateau) -> None:
        """A step while the bin stands on the platform."""
        after, limits = b.first, self._limits
        d = after.grams - before.grams
        net = before.grams - self._s.bin.tare_g
        if abs(d) < limits.step_g:
            self._slow(after.t, d)
        elif d > 0:
            why = f"a step up of {kg(d)} that stayed"
            self._book(Kind.DEPOSIT, before, b, d, Story(why))
        elif not self._platform.wheelie:
            kind = Kind.COLLECTION if -d >= limits.emptied_g else Kind.REMOVAL
            self._book(kind, before, b, -d, Story(f"a step down of {kg(-d)} that stayed"))
        elif self._emptied(after.grams, -d, net):
            # Lifted, emptied and put back between two readings.
            self._lift(before, after)
            self._return(b)
        else:
            why = f"a step down of {kg(-d)}, the bin not seen away"
            doubt = 0
            if -d >= REMOVED_G:
                why += "; taken out by hand, or half of it emptied"
                doubt = -d
            self._book(Kind.REMOVAL, before, b, -d, Story(why, "", doubt))

    def _emptied(self, after: int, gone: int, net: int) -> bool:
        """Whether an emptying explains a drop, although no reading shows the bin away."""
        left = after - self._s.bin.tare_g
        if left < -self._limits.short_g:
            return True
        return gone >= self._limits.emptied_g and left <= usual_residue(net)

    def _return(self, b: Plateau) -> None:
        """A bin stands on the platform again: identify it, and book what is missing."""
        s, limits = self._s, self._limits
        before, after = s.lifted, b.first
        assert before is not None
        net = before.grams - s.bin.tare_g
        d = after.grams - before.grams
        identified = None
        if abs(d) > limits.same_g:
            identified = bins.identify(s, limits, after.grams, net)
        if s.blind:
            self._blind_change(before, b, "lifted or put back within a gap", identified)
        elif identified is not None and identified.other is not None:
            self._swap(before, b, identified)
        elif d <= -limits.emptied_g:
            self._collect(
                before,
                b,
                identified.doubt_g if identified else 0,
                identified.why if identified else "",
            )
        elif d >= limits.emptied_g:
            why = f"{kg(d)} more than when it was lifted"
            self._book(Kind.DEPOSIT, before, b, d, Story(why, "while the bin was lifted"))
        else:
            why = f"away for {after.t - before.t} s, came back with {kg(d, sign=True)}"
            self._event(Kind.RETURNED, before, b, 0, Story(why))
            self._slow(after.t, d)
        s.lifted, s.bare, s.blind = None, None, False

    def _collect(self, before: Evidence, b: Plateau, doubt: int, hint: str) -> None:
        s = self._s
        after = b.first
        gone, left = before.grams - after.grams, after.grams - s.bin.tare_g
        before_net = gone + left
        away = after.t - before.t
        if s.bare is not None:
            why = f"the bin was away for {away} s and came back {kg(gone)} lighter"
        else:
            why = f"{kg(gone)} gone at once, {kg(left)} left; the bin was not seen away"
        slowly = before_net - s.left_g - s.brought_g
        least = self._limits.emptied_g
        for reason, grams in no_truck(gone, before_net, slowly, least, seen=s.bare is not None):
            why += f"; {reason}"
            doubt = max(doubt, grams)
        if left <= usual_residue(before_net):
            bins.learn(s.bin, left)
        else:
            why += f"; {kg(left)} stayed in it"
            if left <= DEPOSIT_G:  # it may have been put in before the scale was at rest
                learned = s.bin.residue_g if s.bin.residue_g > LEAST_LEARNED_G else 0
                doubt = max(doubt, left - learned)
        if away > AWAY_S:
            why += "; away longer than an emptying takes"
        if hands := self._hands(before):
            why += f"; {kg(hands)} of it came right before, or were hands on the bin"
            doubt = max(doubt, hands)
        if s.bare is not None and s.bare.grams > BARE_G:
            why += f"; the platform was not bare: {kg(s.bare.grams)}"
            doubt = max(doubt, gone)
        self._book(Kind.COLLECTION, before, b, gone, Story(why, hint, doubt))

    def _hands(self, before: Evidence) -> int:
        """Grams deposited so shortly before a lift that they may have been hands on the bin."""
        put_in = self._s.put_in
        return put_in[1] if put_in is not None and before.t - put_in[0] <= LEAN_S else 0

    def _swap(self, before: Evidence, b: Plateau, identified: bins.Found) -> None:
        """Book the waste of the bin that left, and the residue of the one that came as drift."""
        assert identified.other is not None
        s = self._s
        off = bins.zero(s) or 0
        net = before.grams - off - s.bin.tare_g
        bins.exchange(s, identified.other)
        brought = b.first.grams - off - s.bin.tare_g
        if net >= self._limits.step_g:
            doubt = max(identified.doubt_g, self._hands(before))
            story = Story(identified.why, "swapped for another bin", doubt)
            self._book(Kind.COLLECTION, before, b, net, story)
        else:
            self._slow(before.t, -net)
        self._slow(b.first.t, brought)

    def _blind_change(
        self, before: Evidence, b: Plateau, gap: str, identified: bins.Found | None = None
    ) -> None:
        """A change within a gap: a collection only where fill and weight agree."""
        s = self._s
        net = before.grams - s.bin.tare_g
        if identified is not None and identified.other is not None:
            bins.exchange(s, identified.other)
            gap += "; another bin"
        left = b.first.grams - s.bin.tare_g
        gone = net - left
        if gone >= self._limits.emptied_g and agrees(before.fill, b.fill, net, left):
            why = f"{kg(gone)} gone in a gap ({gap}), and the fill fell with it"
            if left <= RESIDUE_G:
                bins.learn(s.bin, left)
            story = Story(why, "in a gap, by weight and fill", gone)
            self._book(Kind.COLLECTION, before, b, gone, story)
        else:
            self._unattributed(before, b, -gone, gap)

    def _unattributed(self, before: Evidence, b: Plateau, grams: int, gap: str) -> None:
        s = self._s
        if abs(grams) >= self._limits.report_g:
            s.sums.unattributed += grams
            s.net_g += grams
            s.brought_g += grams
            why = f"nobody saw it: {gap}"
            if grams <= -self._limits.emptied_g and before.fill is not None:
                silent = b.fill is None
                why += (
                    "; the fill sensor did not tell"
                    if silent
                    else "; the fill sensor does not agree"
                )
            self._event(Kind.UNATTRIBUTED, before, b, grams, Story(why, gap))
        else:
            self._slow(b.first.t, grams)  # too small to report: drift

    def _slow(self, t: int, grams: int) -> None:
        if grams:
            self._drift(local_day(t), grams)

    def _drift(self, day: int, grams: int) -> None:
        self._s.sums.drift += grams
        self._s.net_g += grams
        add(self._out.slow, day, grams)

    def _book(self, kind: Kind, before: Evidence, b: Plateau, grams: int, story: Story) -> None:
        s = self._s
        if kind is Kind.DEPOSIT:
            s.sums.deposited += grams
            s.net_g += grams
            s.brought_g += grams
            s.put_in = b.first.t, grams
        elif kind is Kind.COLLECTION:
            s.sums.collected += grams
            s.net_g -= grams
            s.left_g, s.brought_g = b.first.grams - s.bin.tare_g, 0
        else:
            s.sums.removed += grams
            s.net_g -= grams
            s.brought_g -= grams
        if s.was_frozen and before.t == s.was_frozen:
            still = "the scale stood still to the gram before"
            note = "; ".join(filter(None, (story.note, still)))
            story = Story(story.why, note, max(story.doubt_g, grams))
            s.was_frozen = 0
        self._event(kind, before, b, grams, story)

    def _event(self, kind: Kind, before: Evidence, b: Plateau, grams: int, story: Story) -> None:
        event = Event(
            kind,
            before.t,
            b.first.t,
            grams,
            before,
            b.first,
            story.note,
            story.why,
            self._s.bare,
            (before.fill, b.fill),
            story.doubt_g,
        )
        self._out.events.append(event)
