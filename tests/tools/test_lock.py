"""Each lock has what its part of pyproject.toml asks for, on every interpreter."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sim_board import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PARTS = sorted(p.stem for p in (ROOT / "locks").glob("*.txt"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def entries(part: str) -> list[list[str]]:
    """Of each package: its requirement, then its hashes."""
    text = (ROOT / "locks" / f"{part}.txt").read_text()
    lines = (line for line in text.replace("\\\n", "").splitlines() if not line.startswith("#"))
    return [line.split(" --hash=") for line in lines]


def asked(*extras: str) -> Iterator[Requirement]:
    for line in (*PROJECT["dependencies"], *extras):
        found = Requirement(line)
        if found.name == "qingyun":
            lists = (PROJECT["optional-dependencies"][e] for e in found.extras)
            yield from asked(*(line for one in lists for line in one))
        else:
            yield found


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("python", PYTHONS)
def test_it_satisfies_the_project(part: str, python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    pins = [Requirement(first) for first, *_ in entries(part)]
    locked = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(here)
    }
    for need in asked(*PROJECT["optional-dependencies"][part]):
        version = locked.get(canonicalize_name(need.name))
        assert version, f"{need.name} is not in locks/{part}.txt: make lock"
        assert need.specifier.contains(version, prereleases=True), (
            f"{need}, not {version}: make lock"
        )


@pytest.mark.parametrize("part", PARTS)
def test_each_is_one_version_with_hashes_from_no_named_index(part: str) -> None:
    for first, *hashes in entries(part):
        assert re.fullmatch(r"[a-z0-9.-]+==[^ *]+( ; .+)?", first.strip()), first
        assert hashes, first
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64} *", h) for h in hashes), first


def test_parts_agree() -> None:
    """A part that is installed beside another changes nothing of it."""
    assert PARTS == ["bench", "boards", "demo", "dev", "service", "worker"]
    whole = {first.partition(" ;")[0].strip() for first, *_ in entries("bench")}
    for part in PARTS:
        assert {first.partition(" ;")[0].strip() for first, *_ in entries(part)} <= whole
