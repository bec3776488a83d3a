"""docs/commands.md is what the parsers say."""

from __future__ import annotations

import argparse
import shlex

import command_reference
import pytest

from host.cli import _parser

COMMANDS = {name: parser for name, _, parser in command_reference.commands(_parser())}


def test_the_page_is_what_the_parsers_say() -> None:
    shown = command_reference.PAGE.read_text(encoding="utf-8")
    assert shown == command_reference.page(), "docs/commands.md is out of date; run: make docs"


def test_every_argument_is_explained() -> None:
    for name, parser in COMMANDS.items():
        for argument in command_reference.arguments(parser):
            assert argument.help, f"qingyun {name}: {command_reference.written(argument)}"


def test_exit_codes_are_told_of_commands_that_exist() -> None:
    assert command_reference.EXIT_ONE.keys() <= COMMANDS.keys()


def test_a_page_of_other_parsers_would_differ() -> None:
    """What a section has of an argument: its name, value, default, and whether it is needed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", metavar="FILE", help="what to read")
    parser.add_argument("--count", type=int, default=3, help="how many")
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--all", action="store_true", help="each")
    either.add_argument("--kind", choices=("a", "b"), help="these alone")
    text = command_reference.section("try", "try it", parser)
    assert "usage: qingyun try FILE [--count COUNT] (--all | --kind {a,b})\n" in text
    assert "| `FILE` | what to read (required) |" in text
    assert "| `--count COUNT` | how many (default: 3) |" in text
    assert "| `--kind {a,b}` | these alone |" in text


@pytest.mark.parametrize("name", [n for n, p in COMMANDS.items() if p.epilog])
def test_the_example_of_a_command_can_be_parsed(name: str) -> None:
    words = shlex.split((COMMANDS[name].epilog or "").removeprefix("Example: "))
    assert words[0] == "qingyun"
    args = _parser().parse_args(words[1:])
    assert args.part == name.rsplit(maxsplit=1)[-1]
