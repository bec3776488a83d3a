"""Collects the test functions of the mp_*.py files of firmware and simulator; MicroPython
runs them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from interpreter import RunMicroPython

TESTS = Path(__file__).parents[1]
MODULES = sorted(m for part in ("firmware", "boards") for m in (TESTS / part).rglob("mp_*.py"))


def names_in(module: Path) -> list[str]:
    return sorted(
        n.name
        for n in ast.parse(module.read_text()).body
        if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")
    )


def check(module: Path, run_micropython: RunMicroPython, scratch: Path, bits: int) -> None:
    result = run_micropython(
        "tests/firmware/check.py", module.with_suffix(""), scratch, heap="2m", bits=bits
    )
    passed = [line[3:] for line in result.stdout.splitlines() if line.startswith("ok ")]
    expected = names_in(module)
    assert expected, f"{module} has no tests"
    assert passed == expected, result.stdout + result.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_module(module: Path, run_micropython: RunMicroPython, tmp_path: Path) -> None:
    check(module, run_micropython, tmp_path, 64)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_module_on_32_bits(
    module: Path, run_micropython: RunMicroPython, needs_32_bits: None, tmp_path: Path
) -> None:
    check(module, run_micropython, tmp_path, 32)
