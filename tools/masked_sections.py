"""Checks that code with interrupts masked does nothing but move pins and read ticks.

    python tools/masked_sections.py FOLDER...

A section begins with `irq = mask()` and ends with `unmask(irq)` in the same block (`mask` and
`unmask` may also be `disable_irq` and `enable_irq`). Within it each statement is a call of a
local name with constants, or the assignment of one to a local name: no branch, at which the
interpreter may let another thread run (the ESP32 port offers its lock every 32 branches), no
other call, no arithmetic that could allocate."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

MASK = ("mask", "disable_irq")
UNMASK = ("unmask", "enable_irq")


def _called(node: ast.AST) -> str | None:
    """The last part of the name that a statement calls."""
    if not isinstance(node, ast.Expr | ast.Assign) or not isinstance(node.value, ast.Call):
        return None
    function = node.value.func
    if isinstance(function, ast.Attribute):
        return function.attr.lstrip("_")
    return function.id.lstrip("_") if isinstance(function, ast.Name) else None


def _is_simple(node: ast.stmt) -> bool:
    """A call of a local name with constants, its result dropped or given a local name."""
    if isinstance(node, ast.Assign) and not all(isinstance(t, ast.Name) for t in node.targets):
        return False
    if not isinstance(node, ast.Expr | ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    call = node.value
    plain = all(isinstance(a, ast.Constant) for a in call.args) and not call.keywords
    return isinstance(call.func, ast.Name) and plain


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def problems(source: str, name: str) -> Iterator[str]:
    """A line for each statement that does not belong into a section, and for sections that do
    not end in their block."""
    for block in _blocks(ast.parse(source)):
        began: ast.stmt | None = None
        for node in block:
            called = _called(node)
            if called in MASK:
                began = node
            elif called in UNMASK:
                if began is None:
                    yield f"{name}:{node.lineno}: interrupts are unmasked, but not masked before"
                began = None
            elif began is not None and not _is_simple(node):
                yield (
                    f"{name}:{node.lineno}: with interrupts masked: expected the call of a local "
                    f"name with constants, found {ast.unparse(node).splitlines()[0]!r}"
                )
        if began is not None:
            yield f"{name}:{began.lineno}: interrupts are masked, but not unmasked in this block"


def main(folders: Sequence[str]) -> int:
    found = [
        line
        for folder in folders
        for path in sorted(Path(folder).rglob("*.py"))
        for line in problems(path.read_text(encoding="utf-8"), str(path))
    ]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
