"""Names that only one module uses become short before it is compiled, and nothing else changes."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from host.common import project
from host.update.short_names import BY_KEYWORD, called, shorten

TREES = {p: ast.parse(p.read_text()) for p in (project.ROOT / "firmware").rglob("*.py")}
MODULE = '''"""Text stays: _counted."""
from micropython import const
_LIMIT = const(3)
_made = None

class Scale:
    def __init__(self, channel, _a):
        self._counted = channel  # _counted in a comment
        self._n = _a
        self.open = False

    def weigh(self, channel, retain=False):
        global _made
        _made = [channel for _ in range(_LIMIT)]
        return self._twice(channel) + self._n + (5 if retain else 0)

    def _twice(self, value):
        try:
            return value._mpy * 2
        except AttributeError as e:
            def inner(value):
                return value
            return inner(2 * value) * bool(e)

DO = {"_twice": Scale._twice}
'''


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(source.replace("from micropython import const", "const = int"), names)  # noqa: S102
    return names


def test_it_does_the_same() -> None:
    short = shorten(MODULE)
    for names in (run(MODULE), run(short)):
        scale = names["Scale"](7, 11)
        assert scale.weigh(4, retain=True) == 8 + 11 + 5
        assert names["DO"]["_twice"](scale, 21) == 42
        assert not scale.open


def test_what_is_renamed_and_what_is_not() -> None:
    short = shorten(MODULE)
    code = ast.unparse(ast.parse(short))  # without comments
    assert "._counted" not in code and "def _twice" not in code and "channel" not in code
    assert '"""Text stays: _counted."""' in short
    for kept in ("_LIMIT", "._n", "._mpy", ".open", "retain=False", "'_twice':"):
        assert kept in code, kept
    lines = short.splitlines()
    assert len(lines) == len(MODULE.splitlines())
    assert lines[5].startswith("class Scale") and "# _counted in a comment" in lines[7]


def test_a_class_of_another_module_keeps_its_private_names() -> None:
    assert "self._wdt" in shorten(
        "from b import B\nclass A(B):\n    def f(self):\n        self._wdt = 1\n"
    )


def test_module_names() -> None:
    assert called("net/link.py") == "net.link"
    assert called("net/__init__.py") == "net"
    assert called("main.py") == "main"


@pytest.mark.parametrize("name", ["net/tls", "settings/config", "commands/calibration"])
def test_a_module_is_still_what_it_was(name: str) -> None:
    text = (project.ROOT / "firmware" / f"{name}.py").read_text()
    before, after = (ast.parse(t) for t in (text, shorten(text)))
    kinds = [[type(n) for n in ast.walk(tree)] for tree in (before, after)]
    assert kinds[0] == kinds[1]


def test_no_call_names_a_parameter_that_is_renamed() -> None:
    """Where one does, the parameter belongs into BY_KEYWORD."""
    nodes = [n for tree in TREES.values() for n in ast.walk(tree)]
    ours = {a.arg for n in nodes if isinstance(n, ast.FunctionDef) for a in n.args.args}
    named = {n.arg for n in nodes if isinstance(n, ast.keyword) and n.arg}
    assert named & ours <= BY_KEYWORD


def test_no_module_uses_a_private_name_of_another() -> None:
    for path, tree in TREES.items():
        nodes = list(ast.walk(tree))
        begun = {
            n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
        }
        begun |= {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
        used = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
        private = {n for n in used - begun if n.startswith("_") and not n.startswith("__")}
        assert private <= {"_mpy"}, path  # sys.implementation._mpy
