"""A parser of arguments that can list its options, which argparse keeps private."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

from .errors import UsageError

_UNDECODED = re.compile("[\ud800-\udfff]")  # what Python makes of a byte that is no character


class _Either:
    """Options of which one may be given; Parser.add_mutually_exclusive_group() makes it."""

    def __init__(self, parser: Parser, group: Any) -> None:
        self._parser = parser
        self._group = group

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        return self._parser.keep(self._group.add_argument(*args, **kwargs))


class Parser(argparse.ArgumentParser):
    """Used like argparse.ArgumentParser; its subcommands are parsers of this class too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._kept: list[argparse.Action] = []
        self._commands: argparse.Action | None = None
        super().__init__(*args, **kwargs)

    def keep(self, action: argparse.Action) -> argparse.Action:
        """Record an option and return it."""
        self._kept.append(action)
        return action

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        return self.keep(super().add_argument(*args, **kwargs))

    def add_mutually_exclusive_group(self, **kwargs: Any) -> Any:
        return _Either(self, super().add_mutually_exclusive_group(**kwargs))

    def add_subparsers(self, **kwargs: Any) -> Any:
        self._commands = super().add_subparsers(**kwargs)
        return self._commands

    def options(self, command: str = "") -> Iterator[tuple[str, argparse.Action]]:
        """(command, option) of every subcommand; those of `alarms update` belong to alarms."""
        if command:
            yield from ((command, a) for a in self._kept if a.option_strings and a.dest != "help")
        subparsers: Any = self._commands.choices if self._commands else {}
        for name, parser in subparsers.items():
            yield from parser.options(command or name)


def check_text(args: argparse.Namespace, parser: Parser) -> None:
    """UsageError for a text of another encoding than this process takes arguments in: no store
    could keep it. The name of a file may have any bytes."""
    names = {a.dest: a.option_strings[0] for _, a in parser.options() if a.option_strings}
    for name, value in vars(args).items():
        for text in _texts(value):
            if _UNDECODED.search(text):
                expected = "text in the encoding of this shell (most often UTF-8; see `locale`)"
                raise UsageError(f"{names.get(name, name)}: expected {expected}, found {text!r}")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
