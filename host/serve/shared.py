"""What an app has once: settings, registry, live boards, figures, sessions, templates. Pages ask
through a context, which is what one scope sees of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..alarms import alarm_log
from ..alarms.rules import Rule
from ..common.errors import UserError
from ..hazard import register, rules
from ..hazard.ledger_held import Held
from ..points import gcj02, positions
from ..points.positions import Position
from ..reconcile import trucks
from ..registry import Registry
from ..registry import load as load_registry
from ..store import Store
from . import accounts, formatting
from .accounts import Account
from .context import Context, counts, masses
from .day_cache import Figures, today
from .hub import Hub
from .language import Words
from .language import words as all_words
from .live import Part
from .part_figures import PartFigures
from .refusals import Refusals
from .scope import NOTHING, Scope, resolve
from .sessions import Failures, Sessions
from .settings import Settings
from .uploads import Uploads

FOLDER = Path(__file__).parent
_ACCOUNT_S = 2.0  # seconds until a change of an account takes effect
_MOST_VIEWS = 500
_LATELY_S = 3600.0
_log = logging.getLogger("qingyun.serve")
T = TypeVar("T")
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Known:
    """The registry as it was read. stamp: of its files then. trucks: plate → contractor. positions:
    site → its place in WGS 84; places: site → longitude, latitude, as the tiles of the map have
    it."""

    registry: Registry
    register: register.Register | None
    rules: list[Rule]
    stamp: Stamp
    positions: dict[str, Position]
    trucks: dict[str, str]
    places: dict[str, tuple[float, float]]

    @staticmethod
    def load(settings: Settings) -> Known:
        """UserError names the first mistake."""
        folder = settings.registry
        stamp = stamp_of(folder)
        registered = load_registry(folder)
        held = register.load(folder, registered) if register.present(folder) else None
        limits = rules.load(folder) if (folder / "rules.csv").exists() else []
        where = positions.load(folder)
        owned = trucks.load(folder, registered)
        return Known(registered, held, limits, stamp, where, owned, _places(settings, where))


def _places(settings: Settings, where: dict[str, Position]) -> dict[str, tuple[float, float]]:
    """Where sites are, as the tiles of the map have it, to 0.1 m."""
    degrees = {site: p.degrees for site, p in where.items()}
    if settings.tiles is not None and settings.tiles.gcj02:
        degrees = {site: gcj02.from_wgs84(*place) for site, place in degrees.items()}
    return {site: (round(x, 6), round(y, 6)) for site, (x, y) in degrees.items()}


def stamp_of(folder: Path) -> Stamp:
    """What changes when somebody edits the registry: (file, when changed, bytes)."""
    found = []
    for file in sorted(folder.glob("*.csv")):
        try:
            seen = file.stat()
        except OSError:  # an editor has just put it aside
            continue
        found.append((file.name, seen.st_mtime_ns, seen.st_size))
    return tuple(found)


@dataclass
class Shared:
    """One for each app, in app.state.shared. problem: why the registry as it stands is not used."""

    settings: Settings
    known: Known
    hub: Hub
    figures: Figures
    templates: dict[str, Environment]  # by language
    sessions: Sessions = field(default_factory=Sessions)
    failures: Failures = field(default_factory=Failures)
    refusals: Refusals = field(default_factory=Refusals)
    uploads: Uploads = field(default_factory=Uploads)
    ledger: Held = field(default_factory=Held)
    open_alarms: dict[int, tuple[alarm_log.Row, alarm_log.Row | None]] = field(default_factory=dict)
    refused: dict[str, dict[str, int]] = field(default_factory=dict)  # see read_refused()
    problem: str = ""
    _views: dict[Scope, Context] = field(default_factory=dict)
    _accounts: dict[str, tuple[float, Account | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reading: anyio.Lock = field(default_factory=anyio.Lock)
    _tried: Stamp = ()

    def seen_by(self, scope: Scope) -> Context:
        """What a scope sees now."""
        view = self._views.get(scope)
        if view is None:
            if len(self._views) >= _MOST_VIEWS:
                self._views.clear()
            view = self._views[scope] = self._view(scope)
        return view

    def _view(self, scope: Scope) -> Context:
        seen = resolve(scope, self.known.registry, self.known.register)
        hub = self.hub
        part = Part(seen.registry, hub.boards, hub.slopes, hub.alarmed, hub=hub, scope=scope)
        figures = self.figures if scope.whole else PartFigures(self.figures, seen.registry)
        return Context(self, seen, part, figures, self.known.rules)

    async def ready(self, scope: Scope) -> Context:
        """What a scope sees, once the registry was read anew if it has changed, and the figures of
        the scope are as those of the district."""
        await self.renew()
        view = self.seen_by(scope)
        if scope != NOTHING and isinstance(view.figures, PartFigures):
            view.figures.asked_at = time.monotonic()
            if view.figures.behind:
                await self.ask(view.figures.renew)
        return view

    async def read_on(self) -> None:
        """Read a part of what scopes that were asked of lately are behind the district."""
        now = time.monotonic()
        for view in list(self._views.values()):
            part = view.figures
            if isinstance(part, PartFigures) and now - part.asked_at < _LATELY_S and part.behind:
                await self.ask(part.renew)

    async def renew(self) -> None:
        """Read the registry if somebody has changed it. One with a mistake is not used: what was
        read before stays, and the pages say so."""
        stamp = stamp_of(self.settings.registry)
        if stamp == self.known.stamp:
            self.problem = ""
        if stamp in (self.known.stamp, self._tried):
            return
        async with self._reading:
            if stamp in (self.known.stamp, self._tried):
                return
            self._tried = stamp
            try:
                known = await anyio.to_thread.run_sync(Known.load, self.settings)
            except UserError as error:
                self.problem = str(error).splitlines()[0]
                _log.warning("registry: %s; what was read before is used", self.problem)
                return
            if known.registry != self.known.registry:
                self.hub.use(known.registry)
                self.figures.use(known.registry)
            self.known, self.problem = known, ""
            self._views.clear()
            _log.info("registry: read anew")

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
            account = await self.ask(partial(accounts.find, name=name))
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
        self.hub.extra["alarms"] = counts(self.open_alarms)
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
        if day is not None:
            self.hub.extra["today"] = masses(day)


def make(settings: Settings) -> Shared:
    """Read registry, rules and texts; UserError when registry or store cannot be used."""
    known = Known.load(settings)
    Store(settings.db).close()
    templates = {code: _templates(words) for code, words in all_words().items()}
    hub, figures = Hub(known.registry), Figures(settings, known.registry)
    shared = Shared(settings, known, hub, figures, templates)
    hub.part_of = lambda scope: shared.seen_by(scope).hub
    return shared


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
