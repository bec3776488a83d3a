"""The same days by the whole path: pins, firmware, broker, ingester, store, rollup.

What it makes of them is held against what the sampling alone made, so that the many seeds
of the one may stand for the other."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from board_runs import run_boards
from broker import Broker
from host_job import Ingester
from rich.console import Console
from sim_board import BoardRun

from accuracy import ours
from accuracy.kinds import FAMILIES
from accuracy.ours import Day, Found
from accuracy.scene import DEVICE, Scene
from host.store import Store

NEAR_S = 3.0
NEAR_G = 25  # half an e
BATCH = 10  # readings, unless a configuration says otherwise (spool.batch)


@dataclass(frozen=True)
class Pair:
    """One day twice: by the sampling alone, by the whole path."""

    scene: Scene
    alone: Day
    whole: Day

    def differences(self) -> list[str]:
        """What is not the same in both; a count and a time may differ a little."""
        name = f"{self.scene.family} {self.scene.seed}"
        a, b = self.alone.found, self.whole.found
        if len(a) != len(b):
            return [f"{name}: {len(a)} events by sampling alone, {len(b)} by the whole path"]
        return [f"{name}: {x} beside {y}" for x, y in zip(a, b, strict=True) if not _same(x, y)]

    def worst_g(self) -> int:
        both = zip(self.alone.found, self.whole.found, strict=False)
        return max((abs(x.grams - y.grams) for x, y in both), default=0)


def _same(x: Found, y: Found) -> bool:
    return (
        (x.kind, x.channel) == (y.kind, y.channel)
        and abs(x.t - y.t) <= NEAR_S
        and abs(x.grams - y.grams) <= NEAR_G
    )


def pair(family: str, seed: int, folder: Path) -> Pair:
    """Play a day both ways."""
    scene = FAMILIES[family](seed)
    alone, _ = ours.play(scene, folder / f"{family}-{seed}-alone")
    return Pair(scene, alone, whole_path(scene, folder / f"{family}-{seed}"))


def whole_path(scene: Scene, folder: Path) -> Day:
    """The day by board, broker, ingester and store."""
    config, trace, _ = scene.board_files(folder)
    registry = scene.registry(folder / "registry")
    with Broker(folder / "broker") as broker:
        with Ingester(folder / "q.db", registry, broker.address) as host:
            host.wait_subscribed()
            run = BoardRun(
                config,
                trace,
                folder / "flash",
                folder / "report.json",
                broker.address,
                "field",
                scene.seed,
                faults=scene.faults,
            )
            report = run_boards([run], Console(quiet=True))[0]
            # What a board without network has in RAM goes with its supply.
            lost = BATCH * len(scene.dark)
            made = report["readings"]
            if not host.wait_for(made, 10 if lost else 90) and not host.wait_for(made - lost):
                raise RuntimeError(f"{scene.family} {scene.seed}: readings are missing")
    store = Store(folder / "q.db")
    store.compact()
    if any(stream.missing for stream in store.status()):  # it had a number, and was told
        raise RuntimeError(f"{scene.family} {scene.seed}: the store lacks a reading")
    rows = [
        {"life": r.life, "seq": r.seq, "boot": r.boot, "t": r.t, "q": r.q}
        | {name: grams / 1000 for name, grams in r.values.items()}
        for r in store.readings(DEVICE, 0, 1 << 40)
    ]
    return ours.host_day(scene, rows)


def compare(
    families: Sequence[str], seeds: Iterable[int], folder: Path, console: Console
) -> list[str]:
    """Play, print how near both are, and return what differs."""
    jobs = [(family, seed, folder) for seed in seeds for family in families]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        both = pool.starmap(pair, jobs, chunksize=1)
    events = sum(len(p.alone.found) for p in both)
    different = [line for p in both for line in p.differences()]
    console.print(
        f"whole path (pins, broker, ingester): {len(both)} days, {events} events; "
        f"{len(different)} differ, the others by at most {max(p.worst_g() for p in both)} g",
        soft_wrap=True,
    )
    return different
