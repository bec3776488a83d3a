"""Which function measures a kind of rule at a collection point."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..alarms.rules import Rule
from . import bin_measures, board_measures
from .scene import Measured, Scene

Measure = Callable[[Scene, Rule], Iterator[Measured]]
MEASURES: dict[str, Measure] = {
    "offline": board_measures.offline,
    "unheard": board_measures.unheard,
    "safe": board_measures.safe,
    "clock": board_measures.clock,
    "queue": board_measures.queue,
    "battery": board_measures.battery,
    "wear": board_measures.wear,
    "lives": board_measures.lives,
    "certificate": board_measures.certificate,
    "data": board_measures.data,
    "data_ends": board_measures.data_ends,
    "fault": bin_measures.fault,
    "full": bin_measures.full,
    "filling": bin_measures.filling,
    "load": bin_measures.load,
    "density": bin_measures.density,
    "away": bin_measures.away,
    "outside": bin_measures.outside,
    "lifted": bin_measures.lifted,
    "rise": bin_measures.rise,
    "uncollected": bin_measures.uncollected,
    "unlike": bin_measures.unlike,
    "verified": bin_measures.verified,
}
