"""Series of readings as a board makes them: written by hand, or any that Hypothesis draws."""

from __future__ import annotations

from hypothesis import strategies as st

from host.events import Platform, Sample

T0 = 1_790_006_400  # midnight in Shanghai


class Series:
    """Builds samples as a board makes them: moving before a step, good after it."""

    def __init__(self, grams: int, t: int = T0) -> None:
        self.t = t
        self.grams = grams
        self.samples: list[Sample] = []
        self.boot = 0
        self.fill: int | None = None
        self._add(None)

    def _add(self, q: str | None, grams: int | None = None) -> None:
        value = self.grams if grams is None else grams
        seq = len(self.samples)
        self.samples.append(Sample(self.t, value, q, "aaaaaaaa", seq, self.boot, self.fill))

    def step(self, grams: int, after: int = 60, takes: int = 10) -> Series:
        self.rest(after)
        self._add("moving")
        self.t += takes
        self.grams += grams
        self._add(None)
        return self

    def to(self, gross: int, after: int = 60) -> Series:
        return self.step(gross - self.grams, after)

    def rest(self, seconds: int) -> Series:
        """Nothing happens; a reading every 300 s."""
        while seconds > 300:
            self.t += 300
            seconds -= 300
            self._add(None)
        self.t += seconds
        return self

    def drift(self, grams: int, every: int = 300) -> Series:
        while grams:
            d = max(-200, min(200, grams))
            grams -= d
            self.grams += d
            self.t += every
            self._add(None)
        return self

    def silence(self, seconds: int) -> Series:
        self.t += seconds
        self._add(None)
        return self

    def fault(self, why: str) -> Series:
        self.t += 60
        self.samples.append(Sample(self.t, None, why, "aaaaaaaa", len(self.samples), self.boot))
        return self


BIN = Platform(13_000, True, (14_600, 11_300), (12_100,), 50, 150_000, True)
DRUMS = Platform(0, wheelie=False)
PLATFORMS = (BIN, DRUMS)

_ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["step", "lean", "lift", "swap", "drift", "gap", "fault", "restart", "still", "fill"]
        ),
        st.integers(-20_000, 30_000),
        st.integers(8, 3_000),
    ),
    min_size=1,
    max_size=25,
)


def _played(actions: list[tuple[str, int, int]]) -> list[Sample]:
    s = Series(30_000)
    for what, grams, after in actions:
        if what == "step":
            s.step(max(grams, 11_000 - s.grams), after)
        elif what == "lean":
            s.step(grams, after).step(-grams + after // 20, after=after % 120)
        elif what == "lift":
            s.to(0, after).to(max(11_000, 13_000 + grams // 4), after=after % 100)
        elif what == "swap":
            s.to(30, after).to((14_600, 11_300, 12_100)[grams % 3] + after % 90, after=30)
        elif what == "drift":
            s.drift(grams // 20)
        elif what == "still":
            s.rest(4 * after)
        elif what == "fill":
            s.fill = grams % 1000
        else:
            if what == "fault":
                s.fault("not_ready")
            s.grams = max(0, s.grams + grams)
            s.boot += what == "restart"
            s.silence(after + (660 if what == "gap" else 0))
    return s.samples


any_series = _ACTIONS.map(_played)
