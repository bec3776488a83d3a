"""Many days on all cores, and what became of them."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sim_board import compiled

from accuracy import ours
from accuracy.baselines import BASELINES, baseline_day
from accuracy.kinds import FAMILIES
from accuracy.ours import Day
from accuracy.scene import Scene
from accuracy.score import Score, differently, score

OURS = "Qingyun"


@dataclass(frozen=True)
class Job:
    family: str
    seed: int
    folder: Path
    baselines: bool = True
    keep: bool = False
    converter: str = ""

    def scene(self) -> Scene:
        made = FAMILIES[self.family](self.seed)
        made.converter = self.converter
        if made.has_instruments:
            made.faults = 0.0  # they are those of an HX711
        return made


@dataclass(frozen=True)
class Result:
    """scores: method -> score of the day."""

    family: str
    seed: int
    scores: dict[str, Score]
    readings: int
    frames: int


def play(job: Job) -> Result:
    """One day through everything."""
    scene = job.scene()
    folder = job.folder / f"{job.family}-{job.seed}"
    try:
        day, counts = ours.play(scene, folder)
    finally:
        if not job.keep:
            shutil.rmtree(folder, ignore_errors=True)
    scores = {OURS: score(scene, day)}
    if scene.faults:
        scores[OURS].from_faults_g = differently(day, _without_faults(job))
    if job.baselines and all(bin_.channel for bin_ in scene.bins):  # they need a scale
        for name, method in BASELINES.items():
            scores[name] = score(scene, baseline_day(scene, counts, method))
    return Result(job.family, job.seed, scores, day.readings, int(day.info["frames"]))


def _without_faults(job: Job) -> Day:
    """The same day with a converter in order."""
    scene = job.scene()
    scene.faults = 0.0
    folder = job.folder / f"{job.family}-{job.seed}-twin"
    try:
        return ours.play(scene, folder)[0]
    finally:
        if not job.keep:
            shutil.rmtree(folder, ignore_errors=True)


def play_all(
    families: Iterable[str],
    seeds: Iterable[int],
    folder: Path,
    *,
    baselines: bool = True,
    keep: bool = False,
    workers: int | None = None,
    converter: str = "",
    done: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Every family with every seed, on all cores; in order of family and seed."""
    wanted = list(seeds)
    jobs = [Job(f, s, folder, baselines, keep, converter) for s in wanted for f in families]
    compiled()  # once, before several want it
    with multiprocessing.get_context("spawn").Pool(workers or os.cpu_count()) as pool:
        results = list(_each(pool.imap_unordered(play, jobs), done))
    order = {name: i for i, name in enumerate(FAMILIES)}
    return sorted(results, key=lambda r: (order[r.family], r.seed))


def _each(results: Iterable[Result], done: Callable[[Result], None]) -> Iterator[Result]:
    for result in results:
        done(result)
        yield result
