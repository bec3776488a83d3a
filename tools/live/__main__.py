"""One site in real time, with a prompt: see docs/live.md.

    PYTHONPATH=tools python -m live [--out build/live] [--physics ideal|field]

Real firmware on MicroPython weighs what is typed; broker, ingester and page are those of
every site. Exit code 2 when a script's line was no command, or the folder is not ours; 1 when
something failed.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import demo_page
from broker import Broker, find_mosquitto
from host_job import Ingester
from run_folder import fresh_folder

from host.common.errors import UserError
from host.store import Store
from live.board import LiveBoard
from live.ending import Ending
from live.feed import Feed
from live.scene import Refused, Scene
from live.session import NotShown, Session
from live.site import DEVICE, SITE, Site, write
from live.terminal import Terminal
from live.view import Api
from live.words import parse

USER = "live"
_LOOKS_S = 0.5


class Failed(Exception):
    """One line."""


class Watch(threading.Thread):
    """Ends the session when a part of it has ended by itself."""

    def __init__(self, ended: dict[str, Callable[[], bool]]) -> None:
        super().__init__(daemon=True, name="watch")
        self.ended = ""
        self._parts = ended
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(_LOOKS_S):
            for name, ended in self._parts.items():
                if ended():
                    self.ended = name
                    signal.raise_signal(signal.SIGTERM)
                    return

    def stop(self) -> None:
        self._over.set()


def greet(say: Terminal, site: Site, broker: Broker, url: str, password: str) -> None:
    say.say(f"live: {DEVICE} at {SITE} {site.name}, now; {broker.name} at {broker.address}")
    say.say(f"page: {url}/sites/{SITE}")
    say.say(f"      user {USER}, password {password}")
    for bin_ in site.bins:
        say.say(f"bin:  {bin_.channel} {bin_.name} {bin_.stream}, {bin_.tare_g / 1000:g} kg, empty")
    say.say("try:  put 3 · lift · net off · put 2 · net on · unplug · plug · help · quit")


def live(out: Path, physics: str, say: Terminal) -> int:
    with ExitStack() as stack:
        ending = stack.enter_context(Ending())
        folder = stack.enter_context(fresh_folder(out))
        site = write(folder)
        scene = Scene(site.bins, site.spares, folder / "hand")
        broker = Broker(folder / "broker", persistence=find_mosquitto() is not None)
        with ending.held():
            stack.enter_context(broker)
        db = folder / "qingyun.db"
        Store(db, create=True).close()
        password = demo_page.passwd(db, USER)
        token = demo_page.token(db, "terminal")
        ingester = Ingester(db, site.registry, broker.address)
        options = ("--broker", broker.address, "--refresh", "2")
        page = demo_page.Page(db, site.registry, folder / "page.log", *options)
        for part in (ingester, page):
            with ending.held():
                stack.enter_context(part)
        ingester.wait_subscribed()
        page.wait()
        greet(say, site, broker, page.url, password)
        board = LiveBoard(site.config, broker.address, physics, scene, folder / "hand")
        channels = {b.name: (b.channel, b.fill_channel) for b in site.bins}
        names = {c: name for name, both in channels.items() for c in both}
        feed = Feed(Api(page.url, token, SITE, channels), names, say.say)
        with ending.held():
            stack.enter_context(board)
        stack.callback(feed.stop)
        feed.start()
        parts = {"broker": broker.ended, "ingester": ingester.ended}
        parts |= {"page": page.ended, "board": board.ended}
        watch = Watch(parts)
        stack.callback(watch.stop)
        watch.start()
        demo_page.open_browser(f"{page.url}/sites/{SITE}")
        session = Session(scene, board, broker, feed, ending, say.say)
        try:
            return converse(session, say)
        except KeyboardInterrupt:
            if watch.ended:
                raise Failed(f"the {watch.ended} has ended by itself; see {folder}") from None
            return 0


def converse(session: Session, say: Terminal) -> int:
    """Until quit or the end of what is typed. A script goes on when the page shows what
    its line has done."""
    code = 0
    if not say.interactive:
        session.wait()
    while (line := say.ask()) is not None:
        try:
            said = parse(line)
            if said.word == "quit":
                break
            if not say.interactive and said.word:
                say.say(f"> {line.strip()}")
            session.do(said)
            if not say.interactive and said.word not in ("", "help", "wait"):
                session.wait()
        except Refused as error:
            say.say(str(error))
            code = max(code, 0 if say.interactive else 2)
        except NotShown as error:
            say.say(str(error))
            code = code if say.interactive else 1
    return code


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="live", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("build/live"), help="its files")
    text = "ideal sensors, or those of the field: noise, drift, people who lean, trucks"
    parser.add_argument("--physics", choices=("ideal", "field"), default="ideal", help=text)
    args = parser.parse_args(argv)
    say = Terminal()
    try:
        code = live(args.out, args.physics, say)
    except KeyboardInterrupt:  # before there was a prompt
        code = 0
    except Refused as error:
        print(f"live: error: {error}", file=sys.stderr)
        return 2
    except (Failed, RuntimeError, NotShown, OSError, UserError) as error:
        print(f"live: error: {error}", file=sys.stderr)
        return 1
    say.say("live: everything is stopped")
    return code


if __name__ == "__main__":
    sys.exit(main())
