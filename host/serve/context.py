"""What the pages share: settings, registry, live boards, figures, sessions, templates."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import HTTPConnection

from ..alarms import alarm_log
from ..alarms.rules import Rule
from ..hazard import register, rules
from ..hazard.ledger_held import Held
from ..points import gcj02, positions
from ..registry import Registry
from ..registry import load as load_registry
from ..reports.summary import HAULED
from ..store import Store
from . import accounts, formatting
from .accounts import Account
from .day_cache import Figures, today
from .hub import Hub
from .language import Words
from .language import words as all_words
from .refusals import Refusals
from .sessions import Failures, Sessions
from .settings import Settings
from .uploads import Uploads

FOLDER = Path(__file__).parent
_ACCOUNT_S = 2.0  # seconds until a change of an account takes effect
T = TypeVar("T")


@dataclass
class Context:
    """One for each app, in request.app.state.context."""

    settings: Settings
    registry: Registry
    register: register.Register | None
    rules: list[Rule]
    hub: Hub
    figures: Figures
    templates: dict[str, Environment]  # by language
    places: dict[str, tuple[float, float]]  # site → longitude, latitude, as the map has them
    sessions: Sessions = field(default_factory=Sessions)
    failures: Failures = field(default_factory=Failures)
    refusals: Refusals = field(default_factory=Refusals)
    uploads: Uploads = field(default_factory=Uploads)
    ledger: Held = field(default_factory=Held)
    open_alarms: dict[int, tuple[alarm_log.Row, alarm_log.Row | None]] = field(default_factory=dict)
    refused: dict[str, dict[str, int]] = field(default_factory=dict)  # see read_refused()
    _accounts: dict[str, tuple[float, Account | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A store of its own for one thread, closed at the end of the block."""
        store = Store(self.settings.db)
        try:
            yield store
        finally:
            store.close()

    async def ask(self, work: Callable[[Store], T]) -> T:
        """Call work with a store in a worker thread."""

        def run() -> T:
            with self.store() as store:
                return work(store)

        return await anyio.to_thread.run_sync(run)

    async def account(self, name: str) -> Account | None:
        """The account of a name, at most _ACCOUNT_S seconds old; None if there is none."""
        now = time.monotonic()
        read_at, account = self._accounts.get(name, (-_ACCOUNT_S, None))
        if now - read_at >= _ACCOUNT_S:
            account = await self.ask(lambda store: accounts.find(store, name))
            with self._lock:
                if len(self._accounts) > 1000:
                    self._accounts.clear()
                self._accounts[name] = now, account
        return account

    def forget(self, name: str) -> None:
        """Read the account anew next time."""
        self._accounts.pop(name, None)

    def read_alarms(self) -> None:
        """Read the open alarms from the store."""
        with self.store() as store:
            self.open_alarms = alarm_log.open_alarms(alarm_log.read_open(store)[1])
        unseen = sum(1 for _, seen in self.open_alarms.values() if seen is None)
        self.hub.extra["alarms"] = {"open": len(self.open_alarms), "unseen": unseen}
        bodies = [raised.body for raised, _ in self.open_alarms.values()]
        self.hub.alarmed.are((body.site, body.level) for body in bodies)

    def read_refused(self) -> None:
        """Read of which boards more came than is taken or kept: device → what → how many."""
        with self.store() as store:
            found = store.over_limits()
            for device, n in store.refused_over().items():
                found.setdefault(device, {})["refused"] = n
            self.refused = found

    def tell_figures(self) -> None:
        """Put today's masses (t) into what viewers of the district are sent."""
        day = self.figures.day(today())
        if day is None:
            return
        hauled = day.of(HAULED)
        self.hub.extra["today"] = {
            "date": str(day.date),
            "at": round(day.at),
            "hauled_t": None if hauled.tonnes is None else float(hauled.tonnes),
            "collections": hauled.collections,
            "coverage": None if hauled.coverage is None else float(hauled.coverage),
        }


def make(settings: Settings) -> Context:
    """Read registry, rules and texts; UserError when registry or store cannot be used."""
    registered = load_registry(settings.registry)
    Store(settings.db).close()
    held = (
        register.load(settings.registry, registered)
        if register.present(settings.registry)
        else None
    )
    limits = rules.load(settings.registry) if (settings.registry / "rules.csv").exists() else []
    templates = {code: _templates(words) for code, words in all_words().items()}
    hub = Hub(registered)
    figures = Figures(settings, registered)
    places = _places(settings)
    return Context(settings, registered, held, limits, hub, figures, templates, places)


def _places(settings: Settings) -> dict[str, tuple[float, float]]:
    """Where sites are, as the tiles of the map have it."""
    found = positions.load(settings.registry).items()
    degrees = {site: (float(p.longitude), float(p.latitude)) for site, p in found}
    if settings.tiles is not None and settings.tiles.gcj02:
        degrees = {site: gcj02.from_wgs84(*place) for site, place in degrees.items()}
    return {site: (round(x, 6), round(y, 6)) for site, (x, y) in degrees.items()}  # 0.1 m


def _templates(words: Words) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=formatting.said,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    formatting.speak(environment, words)
    return environment


def context_of(request: HTTPConnection) -> Context:
    """The context of the app that a request came to."""
    context: Any = request.app.state.context
    assert isinstance(context, Context)
    return context
