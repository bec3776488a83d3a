"""Derives deposits, collections, swaps and gaps from stable gross weights of a platform.

One pass forward, a reading at a time: processor makes plateaus, settle drops those that did
not stay, engine books the steps between the others, states derives status and flags. A State
can be saved and continued; replay finds the one to continue from when a reading is late."""

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
from .silences import Silences
from .state import State, fresh, load, save

# Raised whenever the same readings give other events: figures are then computed anew.
RULES = 3

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
    "Silences",
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
