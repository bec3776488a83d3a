"""A deploy cut at random points leaves the old firmware running, or the new one: at six, in
`make soak` at 50."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from board import files
from cable import Cable, cable, firmware
from soak import in_part

from host.update.bundle import firmware_hash

_CUTS = in_part(2, 50)
_SPEED = 10
_VERSIONS = tuple(f"9.9.{n}" for n in range(6))  # every module of each is another one


def test_cut_at_random_points(tmp_path: Path, figure: Callable[[str], None]) -> None:
    rng = random.Random(20260303)  # noqa: S311
    with cable(tmp_path, speed=_SPEED) as c:
        sources = {v: firmware(tmp_path / v, v, every=True) for v in _VERSIONS}
        hashes = {v: firmware_hash(files.firmware("sim", True, sources[v])) for v in _VERSIONS}
        deployed(c, sources[_VERSIONS[-1]])
        running = _VERSIONS[-2]
        whole = carried(c, sources[running])
        working = switched = 0
        for n in range(_CUTS):
            # Not what may lie in the folder that does not run: the whole has to be copied.
            wanted = next(v for v in (_VERSIONS * 2)[n % 6 :] if v != running)
            # A third of them where it verifies, switches and resets.
            at = int(whole * (rng.uniform(0.97, 1) if n % 3 == 0 else rng.random()))
            working += c.cut(sources[wanted], at, rng.uniform(0, 0.1), power=n % 2 == 0)
            birth = start(c)
            version = birth["version"]
            assert version in (running, wanted), f"cut {n}: {version}"
            assert birth["sha256"] == hashes[version], f"cut {n}: a mixture runs"
            switched += version == wanted
            running = version
        last = next(v for v in _VERSIONS if v != running)
        assert c.good(sources[last]).code == 0
    figure(
        f"deploy cut at {_CUTS} random points of {whole} bytes over the cable, half of them with "
        f"the power: {working} while it was at work, {_CUTS - switched} times the old firmware ran "
        f"on, {switched} times the new one; each time at its first start, whole, and publishing"
    )


def deployed(c: Cable, source: Path) -> None:
    """Put a version there. It is good when this returns."""
    c.good(source)
    c.published(c.last_boot() - 1)


def carried(c: Cable, source: Path) -> int:
    """Put a version there; how many bytes that takes over the cable."""
    before = c.board.carried
    deployed(c, source)
    return c.board.carried - before


def start(c: Cable) -> dict[str, Any]:
    """Give the board its power back; the birth message, once a reading has come too. It is
    that of the first start: none before it has failed."""
    last, starts = c.last_boot(), len(c.board.starts)
    c.board.power_on()
    birth = c.published(last)
    assert c.board.starts[starts:] == ["power_on"], c.board.log()[-2000:]
    return birth
