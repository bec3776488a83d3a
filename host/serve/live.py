"""What is told of the boards of a registry, from the latest messages of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..mqtt.board_state import Board
from ..registry import Bin, Registry
from .asking import BoardKey
from .language import Words
from .live_status import Alarmed, Slopes, board_now, site_now
from .scope import Scope

if TYPE_CHECKING:
    from .hub import Hub, Seat, Viewer
    from .link import Link


@dataclass
class Live:
    """boards: each that was heard. extra: what viewers of the first page are told besides."""

    registry: Registry
    boards: Mapping[BoardKey, Board] = field(default_factory=dict)
    slopes: Slopes = field(default_factory=Slopes)
    alarmed: Alarmed = field(default_factory=Alarmed)
    extra: dict[str, Any] = field(default_factory=dict)
    devices_of: dict[str, list[str]] = field(default_factory=dict)
    bins_of: dict[str, list[Bin]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.use(self.registry)

    def use(self, registry: Registry) -> None:
        """Tell of the boards of this registry from now on."""
        devices_of: dict[str, list[str]] = {}
        bins_of: dict[str, list[Bin]] = {}
        for device in registry.devices.values():
            devices_of.setdefault(device.site, []).append(device.device)
        for bin_ in registry.bins:
            bins_of.setdefault(bin_.site, []).append(bin_)
        self.registry, self.devices_of, self.bins_of = registry, devices_of, bins_of

    def heard_sites(self) -> list[str]:
        """Sites of which at least one board was heard."""
        return list(dict.fromkeys(site for site, _ in self.boards))

    def district(self) -> dict[str, Any]:
        """Boards by state, with the masses and alarms in `extra`."""
        counts = {"online": 0, "offline": 0, "safe": 0, "updating": 0, "unknown": 0}
        for device, where in self.registry.devices.items():
            board = self.boards.get((where.site, device))
            counts[(board and board.status in counts and board.status) or "unknown"] += 1
        return {"boards": counts, **self.extra}

    def site(self, site: str, words: Words | None = None) -> dict[str, Any]:
        """A site and its boards; without words as the API sends them."""
        now = time.time()
        devices = [board_now(self, site, d, now, words) for d in self.devices_of.get(site, ())]
        return {"site": site, "now": site_now(self, site, now, words), "boards": devices}


@dataclass(frozen=True)
class Within(Mapping[BoardKey, Board]):
    """The boards of some sites among those that were heard."""

    every: Mapping[BoardKey, Board]
    registry: Registry

    def __getitem__(self, key: BoardKey) -> Board:
        if key[0] not in self.registry.sites:
            raise KeyError(key)
        return self.every[key]

    def __iter__(self) -> Iterator[BoardKey]:
        return (key for key in self.every if key[0] in self.registry.sites)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass
class Part(Live):
    """What a scope sees of a hub: nothing of it is of a board outside of its registry. told: gives
    `extra`."""

    hub: Hub = field(kw_only=True)
    scope: Scope = field(kw_only=True)
    told: Callable[[], dict[str, Any]] = field(kw_only=True, default=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.boards = Within(self.hub.boards, self.registry)

    def district(self) -> dict[str, Any]:
        self.extra = self.told()
        return super().district()

    @property
    def link(self) -> Link:
        return self.hub.link

    def link_status(self, now: float) -> dict[str, Any]:
        """As Hub.link_status()."""
        return self.hub.link_status(now)

    def join(self, topic: str, language: str, seat: Seat) -> Viewer:
        """As Hub.join(), as a viewer of this scope."""
        return self.hub.join(topic, language, seat, self.scope)

    def leave(self, viewer: Viewer) -> None:
        """As Hub.leave()."""
        self.hub.leave(viewer)

    def ask(self, site: str, device: str, do: str, **what: Any) -> Any:
        """As Hub.ask(); KeyError for a site outside of the scope."""
        return self.hub.ask(self.registry.sites[site].site, device, do, **what)

    def alarms_changed(self) -> None:
        """As Hub.alarms_changed()."""
        self.hub.alarms_changed()
