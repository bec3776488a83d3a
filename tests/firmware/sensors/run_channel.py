"""A channel sampled for a while, as the sampler does it: what it told, and what it shows then."""


class PlayedChannel:
    """told: value and quality of each reading."""

    def __init__(self, clock, ch):
        self.clock = clock
        self.ch = ch
        self.told = []

    def play(self, seconds):
        clock = self.clock
        ch = self.ch
        end = clock.ms() + int(1000 * seconds)
        while clock.ms() < end:
            now = clock.ticks_ms()
            if clock.ticks_diff(now, ch.due) >= 0:
                ch.sample(now)
            if ch.news:
                self.told.append((ch.value(), ch.quality()))
                ch.mark_reported()
            clock.move_us(10000)
        return ch.value(), ch.quality()
