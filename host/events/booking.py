"""Books the steps between plateaus in order, each as soon as no later reading can change it."""

from __future__ import annotations

from .engine import EventClassifier
from .model import Plateau, Platform
from .settle import horizon, mature, undecided

EVER = 1 << 62


def book_certain(
    platform: Platform, pending: list[Plateau], classifier: EventClassifier, now: int
) -> None:
    """Book every step that readings later than `now` (Unix seconds) cannot change."""
    if len(pending) > 2:
        mature(pending, platform, now)
    classifier.flush(pending[0])
    while len(pending) > 1 and now > horizon(pending[0], pending[1], platform):
        if undecided(pending, platform):
            return
        _book_first(pending, classifier)


def book_all(platform: Platform, pending: list[Plateau], classifier: EventClassifier) -> None:
    """Book every step, as if nothing followed, or nothing that follows had to do with them."""
    mature(pending, platform, EVER)
    while len(pending) > 1:
        _book_first(pending, classifier)
    if pending:
        classifier.flush(pending[0])


def _book_first(pending: list[Plateau], classifier: EventClassifier) -> None:
    classifier.flush(pending[0])
    classifier.step(pending[0], pending[1])
    del pending[0]
    classifier.flush(pending[0])
