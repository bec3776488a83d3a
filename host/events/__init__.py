"""From a series of stable gross weights to deposits, collections, swaps and gaps.

Forward in one pass, a reading at a time (stream): readings make plateaus, settle forgets
those that did not stay, engine books what happened between the others, states tells what
the platform is and what is wrong with it. A State is a value: saved, it goes on as if
nothing had been; replay finds the one to go on from when a reading comes late."""

from .model import (
    Event,
    Evidence,
    Flag,
    Kind,
    Outcome,
    Platform,
    Sample,
    Status,
    Sums,
    Transition,
)
from .processor import LateError, advance, derive, finish
from .sample_columns import Series
from .state import State, fresh, load, save

# Raised whenever the same readings give other events: figures are then computed anew.
RULES = 1

__all__ = [
    "RULES",
    "Event",
    "Evidence",
    "Flag",
    "Kind",
    "LateError",
    "Outcome",
    "Platform",
    "Sample",
    "Series",
    "State",
    "Status",
    "Sums",
    "Transition",
    "advance",
    "derive",
    "finish",
    "fresh",
    "load",
    "save",
]
