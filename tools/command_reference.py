"""docs/commands.md, made from the parsers of `qingyun` and the Makefile.

    python tools/command_reference.py [--check]

Without --check the page is written. With it nothing is written, and the exit code is 1 when
the page differs. The text of argparse's own help differs between versions of Python, so the
page is made from the parser objects.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from arguments import Parser

from host.cli import _parser

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "commands.md"

HEAD = """\
# Commands

This page is made from the command line parsers by `make docs`; a test fails
when it differs from them.
[operations](operations.md) explains when to use which command.

## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | done, but something was found or failed |
| 2 | wrong use or bad input; nothing was changed, and one line says what was expected |
| 130 | stopped by Ctrl-C |

These commands also end with 1 when they worked:

| command | 1 means |
| --- | --- |
"""
EXIT_ONE = {
    "calibrate": "the calibration was not saved",
    "quarantine": "the quarantine is not empty, or `retry` left a message there",
    "ledger update": "a message for a person was printed",
    "ledger balance": "a balance does not close within the tolerance of its scales",
    "ledger verify": "a row of the ledger was changed, removed or inserted",
    "label print": "the printer was off, closed, or did not take all of a label",
    "alarms update": "an alarm was raised or cleared (without `--every`)",
    "alarms deliver": "a channel did not take its alarms; they wait (without `--every`)",
    "alarms show": "an alarm is open (without `--all` and `--json`)",
    "transfers match": "a document and a weighing do not agree, or one of them is absent",
    "watch": "a board is not online, or none was heard (with `--once` or `--for`)",
    "update": "a board did not take the bundle, or the rollout was halted",
}
CONFIGURED = """\

## Options before the command

They stand between `qingyun` and the command, for example `qingyun --config qingyun.toml check`.
Most options of a command can also stand in the configuration file, see
[configuration](operations.md#configuration).

"""
WIDTH = 96
# A part of a client id that is drawn at each start.
DRAWN = re.compile(r"(qingyun-watch-)[0-9a-f]{6}\b")


def subcommands(parser: argparse.ArgumentParser) -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """What each subcommand is for, and its parser; empty for a command without parts."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}
            return {name: (texts[name], sub) for name, sub in action.choices.items()}
    return {}


def commands(
    parser: argparse.ArgumentParser, prefix: str = ""
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """(name, what it is for, parser) of every command and each of its parts, in their order."""
    for name, (text, sub) in subcommands(parser).items():
        yield prefix + name, text, sub
        yield from commands(sub, f"{prefix}{name} ")


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments and options of a parser; not --help, and not its subcommands."""
    other = (argparse._HelpAction, argparse._SubParsersAction)
    return [action for action in parser._actions if not isinstance(action, other)]


def value(action: argparse.Action) -> str:
    """How the value of an argument is written: FILE, {a,b}; "" for a switch."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    if action.metavar is not None:
        return action.metavar
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest.upper()


def written(action: argparse.Action) -> str:
    """An argument as it is typed: its option, if it is one, and its value."""
    option = action.option_strings[-1] if action.option_strings else ""
    return " ".join(filter(None, (option, value(action))))


def optional(action: argparse.Action) -> bool:
    """Whether an argument may be left out."""
    return not action.required if action.option_strings else action.nargs in ("?", "*")


def usage(name: str, parser: argparse.ArgumentParser) -> str:
    """Arguments first, then options, in lines of at most WIDTH characters; [ ] may be left out,
    of a | b only one can be given."""
    groups = {id(a): g for g in parser._mutually_exclusive_groups for a in g._group_actions}
    words: list[str] = []
    done: set[int] = set()
    for action in sorted(arguments(parser), key=lambda a: bool(a.option_strings)):
        group = groups.get(id(action))
        if group is None:
            words.append(f"[{written(action)}]" if optional(action) else written(action))
        elif id(group) not in done:
            done.add(id(group))
            either = " | ".join(map(written, group._group_actions))
            words.append(f"({either})" if group.required else f"[{either}]")
    if subcommands(parser):
        words.append("PART …")
    lines = [f"usage: qingyun {name}"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append(" " * len("usage:"))
        lines[-1] += f" {word}"
    return "\n".join(lines)


def default(action: argparse.Action) -> str:
    """(default: …) of an option whose help does not say it; else ""."""
    none = action.default is None or isinstance(action.default, bool) or action.default == []
    if none or not action.option_strings or action.default in (argparse.SUPPRESS, ""):
        return ""
    return "" if "(default" in (action.help or "") else f"(default: {action.default})"


def meaning(action: argparse.Action) -> str:
    """The help text of an argument with its default, on one line."""
    if isinstance(action, argparse._VersionAction):
        return "the version"
    text = (action.help or "") % {"default": action.default}
    choices = ""
    if action.choices is not None and action.metavar is not None:
        choices = "one of " + ", ".join(map(str, action.choices))
    parts = (text, choices, default(action), "" if optional(action) else "(required)")
    return DRAWN.sub(r"\1…", " ".join(" ".join(filter(None, parts)).split()))


def cell(text: str) -> str:
    """Text within a table."""
    return text.replace("|", r"\|")


def section(name: str, text: str, parser: argparse.ArgumentParser) -> str:
    """One command: what it is for, usage, example, and a row for each argument."""
    level = "##" if " " not in name else "###"
    lines = [f"{level} qingyun {name}", "", text[0].upper() + text[1:] + ".", ""]
    lines += ["```", usage(name, parser)]
    if parser.epilog:
        lines.append(parser.epilog[0].lower() + parser.epilog[1:])
    lines += ["```", ""]
    if found := arguments(parser):
        lines += ["| argument | meaning |", "| --- | --- |"]
        lines += [f"| `{cell(written(a))}` | {cell(meaning(a))} |" for a in found]
        lines.append("")
    return "\n".join(lines)


def make_targets(makefile: Path) -> str:
    """A row for each target that the Makefile describes, in its order."""
    found = re.findall(r"^([a-z-]+):.*## (.*)$", makefile.read_text(encoding="utf-8"), re.M)
    rows = [f"| `make {name}` | {cell(text)} |" for name, text in found]
    head = "## make\n\nIn a checkout. `[NAME=value]` may be left out.\n\n| target | what it does |"
    return "\n".join((head, "| --- | --- |", *rows, ""))


def page() -> str:
    """The whole page."""
    parser = _parser()
    found = list(commands(parser))
    out = HEAD + "".join(f"| `qingyun {name}` | {text} |\n" for name, text in EXIT_ONE.items())
    out += CONFIGURED + "| option | meaning |\n| --- | --- |\n"
    out += "".join(f"| `{cell(written(a))}` | {cell(meaning(a))} |\n" for a in arguments(parser))
    out += "\n## All commands\n\n| command | what it does |\n| --- | --- |\n"
    for name, text, _ in found:
        out += f"| [qingyun {name}](#qingyun-{name.replace(' ', '-')}) | {cell(text)} |\n"
    sections = [section(name, text, sub) for name, text, sub in found]
    return "\n".join((out, *sections, make_targets(ROOT / "Makefile")))


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser("command_reference", __doc__)
    text = "write nothing; exit code 1 when the page differs"
    parser.add_argument("--check", action="store_true", help=text)
    args = parser.parse_args(argv)
    made = page()
    same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == made
    if args.check:
        if not same:
            print(f"{PAGE.relative_to(ROOT)}: differs from the parsers; run: make docs")
        return 0 if same else 1
    if not same:
        PAGE.write_text(made, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {'as it was' if same else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
