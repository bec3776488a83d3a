"""The names of frames: each frame one, whatever comes twice, late or anew."""

from __future__ import annotations

import random

import pytest

from host.lorawan.clocks import Clocks
from host.lorawan.frames import FRAMES, LIVES, Life, Named, name
from host.lorawan.uplinks import Heard, Uplink

EUI, T, HOUR = "24e124713b492010", 1_772_500_000, 3600


def frame(
    counter: int, t: int, data: bytes = b"", session: str = "s", heard: tuple[Heard, ...] = ()
) -> Uplink:
    return Uplink(EUI, session, counter, 85, data or counter.to_bytes(4, "big"), t, heard)


def named(lives: list[Life], uplink: Uplink, t: int | None = None) -> Named:
    found = name(lives, uplink, uplink.at if t is None else t, HOUR)
    assert found is not None
    return found


def test_frames_in_a_row_and_those_that_are_missing() -> None:
    lives: list[Life] = []
    first = named(lives, frame(500, T))
    assert (first.seq, first.begins, first.lost) == (0, True, 0)
    assert named(lives, frame(501, T + HOUR)).after_s == HOUR
    third = named(lives, frame(504, T + 4 * HOUR))
    assert (third.life, third.seq, third.lost, third.after_s) == (first.life, 4, 2, 0)


def test_the_same_frame_again() -> None:
    lives: list[Life] = []
    one = named(lives, frame(500, T))
    two = named(lives, frame(501, T + HOUR))
    for uplink, was in ((frame(500, T), one), (frame(501, T + HOUR + 5), two)):
        again = named(lives, uplink)
        assert (again.life.name, again.seq, again.t, again.repeated) == (
            *(was.life.name, was.seq, was.t),
            True,
        )
    # A sensor that hears no answer repeats its latest frame for long.
    assert named(lives, frame(501, T + HOUR + 3000)).repeated


def test_a_join_begins_a_life() -> None:
    lives: list[Life] = []
    old = named(lives, frame(500, T))
    new = named(lives, frame(2, T + HOUR, session="new"))
    assert new.life.name != old.life.name
    assert (new.seq, new.begins, new.lost) == (2, True, 2)
    assert named(lives, frame(500, T)).life.name == old.life.name  # delivered again


def test_a_counter_that_falls_back_begins_a_life() -> None:
    lives: list[Life] = []
    old = named(lives, frame(500, T))
    new = named(lives, frame(0, T + HOUR))
    assert new.life.name != old.life.name and (new.seq, new.begins) == (0, True)
    assert named(lives, frame(1, T + 2 * HOUR)).seq == 1
    # A sensor that begins anew each time says the same with the same counter.
    lives = []
    names = {named(lives, frame(0, T + n * HOUR, b"same")).life.name for n in range(6)}
    assert len(names) == 6 and len(lives) == LIVES


def test_frames_that_a_gateway_stored_fill_their_gap() -> None:
    lives: list[Life] = []
    life = named(lives, frame(10, T)).life
    named(lives, frame(14, T + 4 * HOUR))
    late = named(lives, frame(12, T + 5 * HOUR), T + 2 * HOUR)
    assert (late.life, late.seq, late.t, late.begins) == (life, 2, T + 2 * HOUR, False)
    assert named(lives, frame(15, T + 5 * HOUR)).seq == 5
    assert named(lives, frame(13, T + 5 * HOUR + 9), T + 3 * HOUR).seq == 3
    assert name(lives, frame(9, T + 6 * HOUR), T - HOUR, HOUR) is None
    # Two that overtook each other on the way.
    named(lives, frame(17, T + 7 * HOUR))
    assert named(lives, frame(16, T + 7 * HOUR + 1)).seq == 6


def test_a_counter_of_16_bits_goes_on() -> None:
    lives: list[Life] = []
    life = named(lives, frame(65_534, T)).life
    assert named(lives, frame(0, T + 2 * HOUR)).seq == 2
    assert named(lives, frame(1, T + 3 * HOUR)).seq == 3
    late = named(lives, frame(65_535, T + 4 * HOUR), T + HOUR)
    assert (late.life, late.seq) == (life, 1)
    # One of 32 bits that is reset does not.
    lives = []
    named(lives, frame(70_000, T))
    assert named(lives, frame(3, T + HOUR)).begins
    lives = []
    named(lives, frame(40_000, T))
    assert named(lives, frame(3, T + HOUR)).begins


@pytest.mark.parametrize("seed", range(5))
def test_each_frame_has_one_name_and_each_missing_one_is_counted(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    lives: list[Life] = []
    counter, session, lost = 0, 0, 0
    names: dict[tuple[int, int, int], tuple[str, int]] = {}
    seqs: dict[str, set[int]] = {}
    reset = 0
    recent: list[tuple[tuple[int, int, int], Uplink]] = []
    for n in range(1500):
        if rng.random() < 0.01:
            counter, reset = 0, reset + 1
            session += rng.random() < 0.5
        key, uplink = (session, reset, counter), frame(counter, T + n * HOUR, session=str(session))
        counter += 1
        if rng.random() < 0.1 and names:  # before the first one nobody knows
            continue
        recent = [*recent[-150:], (key, uplink)]
        recent = [x for x in recent if x[0][1] > reset - LIVES]  # of lives that are remembered
        for again, what in [(key, uplink), *rng.choices(recent, k=rng.randrange(4))]:
            found = named(lives, what)
            assert names.setdefault(again, (found.life.name, found.seq)) == (
                *(found.life.name, found.seq),
            )
            lost += found.lost
            seqs.setdefault(found.life.name, set()).add(found.seq)
    assert len(set(names.values())) == len(names)
    assert lost == sum(max(s) + 1 - len(s) for s in seqs.values())
    assert FRAMES > 16 and max(len(life.frames) for life in lives) <= FRAMES


def test_the_clock_of_the_server_is_trusted_and_that_of_a_gateway_that_agreed() -> None:
    clocks = Clocks()
    right, wrong, gps = Heard("right", T), Heard("wrong", T - 8 * HOUR), Heard("gps", T, True)
    live = frame(1, T, heard=(right, wrong))
    assert clocks.learn(live) and not clocks.learn(live)
    assert clocks.agreed == {"right": True, "wrong": False}
    assert clocks.time_of(live) == T
    stored = frame(2, T + 9 * HOUR, heard=(Heard("right", T + HOUR),))
    clocks.learn(stored)
    assert clocks.time_of(stored) == T + HOUR
    lies = frame(3, T + 9 * HOUR, heard=(Heard("wrong", T + HOUR),))
    clocks.learn(lies)
    assert clocks.time_of(lies) == T + 9 * HOUR
    assert clocks.time_of(frame(4, T + 9 * HOUR, heard=(gps,))) == T
    ahead = frame(5, T, heard=(Heard("right", T + HOUR),))
    clocks.learn(ahead)
    assert clocks.agreed["right"] is False and clocks.time_of(ahead) == T
    # What a gateway says against the order of the counters is not believed either.
    lives: list[Life] = []
    named(lives, frame(10, T))
    assert named(lives, frame(11, T + HOUR), T - 9 * HOUR).t == T + HOUR


def test_very_many_frames_that_come_again_have_the_names_that_they_had() -> None:
    lives: list[Life] = []
    runs = [("s", n) for n in range(100)] + [("s", n) for n in range(100)]
    runs += [("new", n) for n in range(100)]
    sent = [frame(c, T + i * HOUR, session=s) for i, (s, c) in enumerate(runs)]
    names = [(n.life.name, n.seq) for n in (named(lives, f) for f in sent)]
    assert len(set(names)) == 300 and len(lives) == 3
    again = [named(lives, f) for f in sent]
    assert [(n.life.name, n.seq) for n in again] == names
    assert not any(n.lost or n.begins for n in again) and len(lives) == 3
