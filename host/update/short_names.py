"""Short names for what only one module of the firmware uses, before it is compiled.

On a board each different name takes some 16 bytes of the heap for good, and the table of names
doubles when it is full. So names that begin with an underscore, and parameters, become `_a`, `a`
and so on, the same ones in every module. Lines and columns of what is left stay in their lines:
a traceback names file and line as before."""

from __future__ import annotations

import ast
import itertools
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

# Parameters without a default that calls name. One with a default keeps its name: calls from
# elsewhere – umqtt.simple, a prompt at a cable – may name it.
BY_KEYWORD = frozenset({"qos", "retain"})
_EXCEPTIONS = frozenset({"Exception", "BaseException", "ValueError", "OSError"})
_Function = ast.FunctionDef | ast.Lambda
_Edit = tuple[int, int, str, str]  # line, column in bytes, the name there, the name instead


def called(name: str) -> str:
    """What tracebacks call a module: the name that its import brings already, so that it takes
    no room of its own. "net/link.py" is net.link."""
    parts = PurePosixPath(name).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def shorten(source: str) -> str:
    """A module with short names; it does the same."""
    tree = ast.parse(source)
    lines = source.encode().splitlines(keepends=True)
    nodes = list(ast.walk(tree))
    edits = [*_parameters(nodes)]
    # A class of another module may have names of its own for what is begun here.
    if not any(isinstance(n, ast.ClassDef) and not _stands_alone(n) for n in nodes):
        edits += _private(nodes, _instead(nodes, _constants(tree)), lines)
    for line, column, old, new in sorted(set(edits), reverse=True):
        raw = lines[line - 1]
        end = column + len(old.encode())
        if raw[column:end] != old.encode():
            raise ValueError(f"line {line}: expected {old!r} at column {column}")
        lines[line - 1] = raw[:column] + new.encode() + raw[end:]
    return b"".join(lines).decode()


def _letters(before: str) -> Iterator[str]:
    for size in itertools.count(1):
        for letters in itertools.product(string.ascii_letters, repeat=size):
            yield before + "".join(letters)


def _stands_alone(node: ast.ClassDef) -> bool:
    return all(isinstance(base, ast.Name) and base.id in _EXCEPTIONS for base in node.bases)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and len(name) > 2


def _constants(tree: ast.Module) -> set[str]:
    """Names of `_NAME = const(…)`: the compiler leaves them out."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "const"
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _instead(nodes: Sequence[ast.AST], constants: set[str]) -> dict[str, str]:
    """Private name that begins in this module → short name; the shortest go to the commonest."""
    uses = Counter[str]()
    begun = set[str]()
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            uses[name] += 1
            if isinstance(node.ctx, ast.Store):
                begun.add(name)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            begun.add(node.name)
    begun -= constants
    wanted = [name for name, _ in uses.most_common() if name in begun and _is_private(name)]
    free = (name for name in _letters("_") if name not in uses and name not in begun)
    return dict(zip(wanted, free, strict=False))


def _private(
    nodes: Sequence[ast.AST], short: dict[str, str], lines: list[bytes]
) -> Iterator[_Edit]:
    """Each use of a private name that begins in this module."""
    for node in nodes:
        match node:
            case ast.Attribute(attr=name) if name in short:
                line, end = node.end_lineno or 0, node.end_col_offset or 0
                yield line, end - len(name), name, short[name]
            case ast.Name(id=name) if name in short:
                yield node.lineno, node.col_offset, name, short[name]
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if name in short:
                at = lines[node.lineno - 1].index(name.encode(), node.col_offset)
                yield node.lineno, at, name, short[name]
            case ast.Global(names=names):
                for name in short.keys() & set(names):
                    at = lines[node.lineno - 1].index(name.encode())
                    yield node.lineno, at, name, short[name]


def _parameters(tree: Sequence[ast.AST]) -> Iterator[_Edit]:
    """Each use of a parameter in its function. Other local names leave no trace."""
    for function in tree:
        if not isinstance(function, ast.FunctionDef):
            continue
        nodes = list(ast.walk(function))
        within = [n for part in function.body for n in ast.walk(part) if isinstance(n, ast.Name)]
        bound = _bound(nodes)
        taken = {n.id for n in nodes if isinstance(n, ast.Name)} | bound.keys()
        free = (name for name in _letters("") if name not in taken)
        for arg in _without_default(function.args):
            name = arg.arg
            # What is bound a second time within may be another variable.
            if len(name) < 2 or name == "self" or name in BY_KEYWORD or bound[name] > 1:
                continue
            new = next(free)
            yield arg.lineno, arg.col_offset, name, new
            for node in within:
                if node.id == name:
                    yield node.lineno, node.col_offset, name, new


def _without_default(args: ast.arguments) -> Iterator[ast.arg]:
    """Parameters that every call gives."""
    by_place = [*args.posonlyargs, *args.args]
    yield from by_place[: len(by_place) - len(args.defaults)]
    yield from (a for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is None)


def _bound(nodes: list[ast.AST]) -> Counter[str]:
    """How often a name is bound by anything but an assignment."""
    bound = Counter[str]()
    for node in nodes:
        match node:
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound[name] += 1
            case ast.ExceptHandler(name=str(name)):
                bound[name] += 1
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                bound.update((a.asname or a.name).split(".")[0] for a in aliases)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                bound.update(names)
    return bound
