"""What a command does, and when the page shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from broker import Broker

from live.board import LiveBoard
from live.ending import Ending
from live.feed import Feed, Say, text
from live.scene import DOOR, THERMOMETER, WIFI, Place, Refused, Scene
from live.view import View
from live.words import Said
from live.words import text as help_text

WAITS_S = 100.0  # the temperature takes longest
_NEAR = {"w": 0.1, "f": 0.05, "c": 0.3, "d": 0.1}  # so near, and it is what was done
_BEHIND_S = 3  # the board's clock may be behind by so much
_LOOKS_S = 0.2


class NotShown(Exception):
    """One line: what did not come."""


@dataclass
class Session:
    """do() a command; wait() for what it leads to."""

    scene: Scene
    board: LiveBoard
    broker: Broker
    feed: Feed
    ending: Ending
    say: Say
    _brokered: bool = True
    _awaited: set[str] = field(default_factory=set)  # channels that were changed

    def __post_init__(self) -> None:
        self._words: dict[str, Callable[[Said], str]] = {
            **{"put": self._put, "take": self._take, "lift": self._lift, "return": self._lift},
            **{"swap": self._swap, "fill": self._fill, "door": self._door, "warm": self._warm},
            **{"net": self._net, "unplug": self._unplug, "plug": self._plug},
            **{"broker": self._switch_broker, "help": self._help},
        }

    def do(self, said: Said) -> None:
        """Refused when that cannot be done now; NotShown when a wait is in vain."""
        if said.word == "wait":
            self.wait()
        elif said.word:
            with self.ending.held():
                answer = self._words[said.word](said)
            self.say(answer)

    # The bins

    def _place(self, said: Said) -> Place:
        place = self.scene.place(said.bin, said.word)
        self._awaited.add(place.bin.channel)
        return place

    def _put(self, said: Said) -> str:
        place = self._place(said)
        self.scene.put(place, round(1000 * said.number))
        return f"put {said.number:g} kg into {_name(place)}: {place.waste_g / 1000:g} kg in it"

    def _take(self, said: Said) -> str:
        place = self._place(said)
        self.scene.take(place, round(1000 * said.number))
        return f"took {said.number:g} kg out of {_name(place)}: {place.waste_g / 1000:g} kg in it"

    def _lift(self, said: Said) -> str:
        place = self._place(said)
        held = place.waste_g / 1000
        emptied = said.word == "lift"
        self.scene.lift(place, emptied=emptied)
        how = f"emptied of {held:g} kg" if emptied else f"with its {held:g} kg"
        return f"{_name(place)} is lifted, and put back {how}"

    def _swap(self, said: Said) -> str:
        place = self._place(said)
        comes = self.scene.swap(place)
        return f"{comes.name} ({comes.tare_g / 1000:g} kg, empty) comes in place of {_name(place)}"

    def _fill(self, said: Said) -> str:
        place = self.scene.place(said.bin, said.word)
        self._awaited.add(place.bin.fill_channel)
        self.scene.fill(place, said.number)
        return f"{_name(place)} is filled to {said.number:g} %"

    # What is around them

    def _door(self, said: Said) -> str:
        self._awaited.add(DOOR)
        self.scene.set(DOOR, said.choice == "open")
        return text(DOOR, self.scene.shown(DOOR))

    def _warm(self, said: Said) -> str:
        self._awaited.add(THERMOMETER)
        self.scene.set(THERMOMETER, said.number)
        return f"{said.number:g} °C; a board measures it once a minute"

    def _net(self, said: Said) -> str:
        self.scene.set(WIFI, said.choice == "on")
        if said.choice == "on":
            return "the network is there; the board looks for it again and sends what waits"
        return "the network is cut; the board goes on weighing and keeps its readings"

    def _unplug(self, _said: Said) -> str:
        if self.board.process is None:
            raise Refused("unplug: it is unplugged already; expected plug")
        self.board.unplug()
        return "the board has no power; what it had written is on its flash"

    def _plug(self, _said: Said) -> str:
        if self.board.process is not None:
            raise Refused("plug: it has power already; expected unplug")
        self.board.plug()
        self.scene.touch()
        return "the board has power, and starts"

    def _switch_broker(self, said: Said) -> str:
        if self._brokered == (said.choice == "on"):
            other = "off" if self._brokered else "on"
            raise Refused(f"broker: it is {said.choice} already; expected broker {other}")
        if said.choice == "on":
            self.broker.start()
            self.scene.touch()
        else:
            self.broker.stop()
        self._brokered = said.choice == "on"
        return f"the broker is {said.choice}"

    def _help(self, _said: Said) -> str:
        return help_text(list(self.scene.places))

    # What comes of it

    def wait(self) -> None:
        """Until the bins stand, and the page shows what was changed; where the board is not
        heard, until the board itself has seen it. NotShown after WAITS_S."""
        until = time.monotonic() + WAITS_S
        while self.scene.moving:
            time.sleep(_LOOKS_S)
        awaited = self._awaited or set(self.scene.places)
        if self.board.process is None:
            true = not self._brokered or self.feed.wait(
                lambda view: view.status == "offline", WAITS_S
            )
        elif not self._brokered or not self.scene.network:
            true = self._seen_by_board(awaited, until)
        else:
            scales = set(self.scene.places)
            left = max(1.0, until - time.monotonic())
            true = self.feed.wait(lambda v: self._shown(v, awaited | scales), left)
            if true:
                self._awaited.clear()
        if not true:
            raise NotShown(f"wait: what was done is not seen after {WAITS_S:.0f} s")

    def _seen_by_board(self, awaited: Iterable[str], until: float) -> bool:
        """By what it prints at its serial port."""
        while time.monotonic() < until:
            state = self.board.console()
            bad = state.get("q", {})
            found = {c: None if c in bad else state.get(c) for c in awaited}
            offline = not self._brokered or self.feed.view.status == "offline"
            if offline and all(self._near(c, v) for c, v in found.items()):
                return True
            time.sleep(_LOOKS_S)
        return False

    def _shown(self, view: View, awaited: Iterable[str]) -> bool:
        if view.status != "online":
            return False
        for channel in awaited:
            if not self._near(channel, view.shown.get(channel)):
                return False
            if channel in self.scene.places:  # its events are made of what is in the store
                t, kg = view.last.get(channel, (0, None))
                if t < self.scene.changed - _BEHIND_S or not self._near(channel, kg):
                    return False
        return True

    def _near(self, channel: str, value: float | None) -> bool:
        near = _NEAR[channel[0]]
        return value is not None and abs(value - self.scene.shown(channel)) <= near


def _name(place: Place) -> str:
    return f"{place.bin.channel} {place.bin.name}"
