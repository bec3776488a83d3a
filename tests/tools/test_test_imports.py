"""What tests share lies in tests/support or in a conftest.py: no test module imports another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sim_board import ROOT

FILES = sorted((ROOT / "tests").rglob("*.py"))


def imported(source: str) -> set[str]:
    """Every part of every name that is imported, also late and also by importlib."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names |= {str(a.value) for a in node.args if isinstance(a, ast.Constant)}
    return {part for name in names for part in name.split(".")}


def of_tests(names: set[str]) -> set[str]:
    return {n for n in names if n == "conftest" or any(f.stem == n for f in FILES if is_test(f))}


def is_test(file: Path) -> bool:
    return file.stem.startswith("test_")


@pytest.mark.parametrize(
    "line",
    [
        "from test_store import reading",
        "def late():\n    import tests.host.store.test_store as other",
        "from tests.host.store import test_store",
        "importlib.import_module('test_store')",
        "from conftest import figure",
    ],
)
def test_an_import_of_a_test_module_is_seen(line: str) -> None:
    assert of_tests(imported(line))


def test_no_test_module_is_imported() -> None:
    found = {f: of_tests(imported(f.read_text(encoding="utf-8"))) for f in FILES}
    assert {str(f.relative_to(ROOT)): names for f, names in found.items() if names} == {}
