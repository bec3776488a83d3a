"""A deploy cut at random points leaves the old firmware running, or the new one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from cable import Cable, cable, firmware

_CUTS = 50
_SPEED = 10
_VERSIONS = ("9.9.1", "9.9.2", "9.9.3")


def test_cut_at_50_points(tmp_path: Path, figure: Callable[[str], None]) -> None:
    rng = random.Random(20260303)  # noqa: S311
    with cable(tmp_path, speed=_SPEED) as c:
        sources = {v: firmware(tmp_path / v, v, every=True) for v in _VERSIONS}
        hashes = {v: deployed(c, sources[v]) for v in _VERSIONS}
        running = _VERSIONS[-1]
        started = time.monotonic()
        c.good(sources[running])
        whole = time.monotonic() - started
        began = deployed_after(c)
        working = switched = 0
        for n in range(_CUTS):
            wanted = rng.choice([v for v in _VERSIONS if v != running])
            working += c.cut(sources[wanted], rng.uniform(0.1, whole), power=n % 2 == 0)
            birth = began()
            version = birth["version"]
            assert version in (running, wanted), f"cut {n}: {version}"
            assert birth["sha256"] == hashes[version], f"cut {n}: a mixture runs"
            switched += version == wanted
            running = version
        last = next(v for v in _VERSIONS if v != running)
        assert c.good(sources[last]).code == 0
    figure(
        f"deploy cut at {_CUTS} random points of {whole:.1f} s, half of them with the power: "
        f"{working} while it was at work, {_CUTS - switched} times the old firmware ran on, "
        f"{switched} times the new one; each time at its first start, whole, and publishing"
    )


def deployed(c: Cable, source: Path) -> str:
    """Put a version there; the hash that it tells. It is good when this returns."""
    readings = c.count("reading")
    c.good(source)
    c.heard.wait("reading", readings + 1)
    return str(c.heard.json("birth")[-1]["sha256"])


def deployed_after(c: Cable) -> Callable[[], dict[str, object]]:
    """A function that gives the board its power back; the birth message, once a reading
    has come too, of the first start."""

    def start() -> dict[str, object]:
        births, readings, starts = c.count("birth"), c.count("reading"), len(c.board.starts)
        c.board.power_on()
        birth = c.birth(births + 1)
        c.heard.wait("reading", readings + 1)
        assert c.board.starts[starts:] == ["power_on"], c.board.log()[-2000:]
        return birth

    return start
