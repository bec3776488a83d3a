"""Days of the accuracy bench through the event engine, beside a walk through every reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from accuracy import ours
from accuracy.kinds import FAMILIES
from accuracy.scene import E_KG, MAX_KG

from host.events import Outcome, Platform, Sample, State, advance, finish, fresh
from host.events.fast_path import FastPath


def _walked(
    platform: Platform, samples: list[Sample], *, transitions: bool = True
) -> tuple[State, Outcome, Outcome]:
    state, out = advance(platform, fresh(platform), samples, transitions=transitions)
    return state, out, finish(platform, state)


@pytest.mark.parametrize("family", ["traffic", "leaning", "gaps", "frozen"])
def test_a_day_as_reading_by_reading(family: str, tmp_path: Path) -> None:
    """State, events and their evidence, coverage, drift, transitions and flags."""
    scene = FAMILIES[family](90_003)
    _, _, counts = scene.board_files(tmp_path)
    ours.sample_day(scene, tmp_path, counts)
    rows = list(ours.readings(tmp_path / "readings.jsonl"))
    spares = tuple(b.tare_g for b in scene.spares)
    for bin_ in scene.bins:
        wheelie = bin_.container == "wheelie"
        own = spares if wheelie else ()
        e_g, max_g = round(1000 * E_KG), 1000 * MAX_KG
        platform = Platform(bin_.tare_g, wheelie, own, (), e_g, max_g)
        samples = ours.samples(rows, bin_.channel)
        fast = _walked(platform, samples)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FastPath, "skip", lambda _, i: i)
            plain = _walked(platform, samples)
        assert fast == plain
        assert fast[1].covered
        plain[1].transitions = []
        assert _walked(platform, samples, transitions=False) == plain
