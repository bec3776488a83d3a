"""Collects the test functions of the mp_*.py files beside this one; MicroPython runs them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from interpreter import RunMicroPython

HERE = Path(__file__).parent
MODULES = sorted(p.stem for p in HERE.glob("mp_*.py"))


def names_in(module: str) -> list[str]:
    tree = ast.parse((HERE / f"{module}.py").read_text())
    return sorted(
        n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")
    )


@pytest.mark.parametrize("module", MODULES)
def test_module(module: str, run_micropython: RunMicroPython, tmp_path: Path) -> None:
    result = run_micropython("tests/firmware/check.py", module, tmp_path, heap="2m")
    passed = [line[3:] for line in result.stdout.splitlines() if line.startswith("ok ")]
    expected = names_in(module)
    assert expected, f"{module} has no tests"
    assert passed == expected, result.stdout + result.stderr
