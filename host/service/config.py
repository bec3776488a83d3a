"""One TOML file for the host commands, environment over it, options over both.

A section is a command, a key its option with _ for -: the option checks the value. Sections
that several commands share, and those that are no options, are structs of `keys`, which msgspec
checks. Paths of the file are as seen from its folder. Every mistake is found before anything
starts: file, line, key, what was expected."""

from __future__ import annotations

import argparse
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, convert

from ..common.errors import UserError
from ..common.options import Parser
from . import place
from .keys import SHARED
from .logs import clean

PREFIX = "QINGYUN_"
# The broker's address for boards differs from the one for this machine: never that of [broker].
_OF_BOARDS = ("provision", "--broker")
_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


S = TypeVar("S", bound=Struct)


class ConfigError(UserError):
    """Every mistake of a configuration, a line each."""


@dataclass
class Config:
    """A configuration. values: section.key → value; places: section.key → file and line, or
    variable. absent: files that were looked for, each with the reason why it does not count."""

    file: Path | None = None
    absent: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of section.key."""
        return self.values.get(name, default)

    def section(self, name: str) -> dict[str, Any]:
        """The keys and values of a section."""
        start = name + "."
        return {k[len(start) :]: v for k, v in self.values.items() if k.startswith(start)}

    def read(self, struct: type[S], name: str) -> S:
        """A section as its struct; ConfigError when a required key is missing."""
        if absent := self.lacking(name):
            raise ConfigError("\n".join(absent))
        return convert(self.section(name), struct)

    def lacking(self, section: str) -> list[str]:
        """A line for each required key that a section lacks."""
        required = [k for k, key in SHARED[section].items() if key.is_required]
        return [
            self.mistake(f"{section}.{k}", "a value")
            for k in required
            if f"{section}.{k}" not in self.values
        ]

    def nowhere(self) -> str:
        """One line: no database is named, where it was looked for, and what to do."""
        used = (f"{self.file} (no [store] db in it)",) if self.file else ()
        looked = ", ".join(("--db", "QINGYUN_STORE_DB", *self.absent, *used))
        return (
            f"no database is named; looked at {looked}; expected --db FILE, or [store] db = "
            "'FILE' in qingyun.toml"
        )

    def named(self, value: object) -> str:
        """` (PLACE names it)` if this database or folder comes from the configuration, else ""."""
        for name, where in self.places.items():
            if name.endswith((".db", ".registry")) and self.values[name] == str(value):
                return f" ({where} names it)"
        return ""

    def mistake(self, name: str, expected: str, found: Any = None) -> str:
        """One line with the place of a key, what was expected, and what was found."""
        where = self.places.get(name) or str(self.file or "configuration")
        found_text = f", found {found!r}" if found is not None else ""
        return clean(f"{where}: {name}: expected {expected}{found_text}")


Options = dict[str, list[argparse.Action]]


def options(parser: Parser) -> Options:
    """section.key → the options of which it is the default."""
    options_of: Options = {}
    for command, action in parser.options():
        longest = max(action.option_strings, key=len)
        of_boards = (command, longest) == _OF_BOARDS
        for section, keys in SHARED.items():
            for name, key in keys.items():
                if longest == key.option and not of_boards:
                    options_of.setdefault(f"{section}.{name}", []).append(action)
        own = longest.removeprefix("--").replace("-", "_")
        if longest != "--broker" or of_boards:
            options_of.setdefault(f"{command}.{own}", []).append(action)
    return options_of


def load(file: Path | None, environment: Mapping[str, str], parser: Parser) -> Config:
    """The file, with the environment over it; ConfigError with every mistake."""
    config = Config(file)
    wrong: list[str] = []
    options_of = options(parser)
    if file is not None:
        read(file, config)
        for key, value in config.values.items():
            if isinstance(value, str) and _path(key, value, options_of):
                config.values[key] = str(file.parent / value)
    names = set(options_of) | {f"{s}.{k}" for s, keys in SHARED.items() for k in keys}
    sections = {name.partition(".")[0] for name in names}
    for variable, text in sorted(environment.items()):
        if variable == place.VARIABLE or not variable.startswith(PREFIX):
            continue
        name = _of_variable(variable, names)
        if name is not None:
            config.values[name] = _from_text(name, text, options_of)
            config.places[name] = variable
        elif variable[len(PREFIX) :].partition("_")[0].lower() in sections:
            wrong.append(f"{variable}: expected {PREFIX}SECTION_KEY of a key that there is")
    for name, value in list(config.values.items()):
        if expected := _wrong(name, value, names, sections, options_of):
            secret = "password" in name or "secret" in name
            wrong.append(config.mistake(name, expected, None if secret else value))
    if wrong:
        raise ConfigError("\n".join(wrong))
    return config


def read(file: Path, config: Config) -> None:
    """Put what a file says into a configuration, unchecked."""
    try:
        text = file.read_text("utf-8-sig")  # Notepad puts a mark before it
        tables = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: expected UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: expected TOML: {error}") from None
    lines = _lines(text)
    for section, keys in tables.items():
        if not isinstance(keys, dict):
            line = lines.get(f".{section}", 1)
            raise ConfigError(f"{file}:{line}: {section}: expected it below a [section]")
        for key, value in keys.items():
            name = f"{section}.{key}"
            config.values[name] = value
            config.places[name] = f"{file}:{lines.get(name, lines.get(section, 1))}"


def _path(name: str, value: str, options_of: Options) -> bool:
    """Whether a value is a path, as its option takes it: postgresql://… is none."""
    section, _, key = name.partition(".")
    shared = SHARED.get(section, {}).get(key)
    if shared is not None:
        return shared.is_path and "://" not in value
    for action in options_of.get(name, ()):
        try:
            made = action.type(value) if callable(action.type) else value
        except (argparse.ArgumentTypeError, ValueError):
            continue  # reported with the other mistakes
        if isinstance(made, Path):
            return True
    return False


def _lines(text: str) -> dict[str, int]:
    """section and section.key → line number, found without a TOML parser."""
    lines: dict[str, int] = {}
    section = ""
    for n, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = header[1]
            lines.setdefault(section, n)
        elif key := _KEY.match(line):
            lines.setdefault(f"{section}.{key[1]}", n)
    return lines


def _of_variable(variable: str, names: set[str]) -> str | None:
    for name in names:
        if PREFIX + name.replace(".", "_").replace("-", "_").upper() == variable:
            return name
    return None


def _from_text(name: str, text: str, options_of: Options) -> Any:
    """The value of an environment variable, as TOML would give it."""
    section, _, key = name.partition(".")
    shared = SHARED.get(section, {}).get(key)
    if name in options_of and not _flag(options_of[name][0]) and shared is None:
        return text
    if shared is not None and shared.takes(text):
        return text
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return [part.strip() for part in text.split(",")] if "," in text else text


def _flag(action: argparse.Action) -> bool:
    """Whether an option has no value, or takes the broker of [broker]."""
    return action.nargs == 0 or "--publish" in action.option_strings


def _wrong(
    name: str, value: Any, names: set[str], sections: set[str], options_of: Options
) -> str | None:
    """What was expected; None if the value is right."""
    section, _, key = name.partition(".")
    if section not in sections:
        return _like("a section", section, sections)
    if name not in names:
        return _like(
            "a key", key, {n.partition(".")[2] for n in names if n.startswith(section + ".")}
        )
    shared = SHARED.get(section, {}).get(key)
    if shared is not None:
        return None if shared.takes(value) else shared.expected
    misfits = [_unfit(action, value) for action in options_of[name]]
    return None if None in misfits else misfits[0]


def _like(kind: str, word: str, words: set[str]) -> str:
    near = get_close_matches(word, words, 1)
    return f"{kind} that there is" + (f" (perhaps {near[0]})" if near else "")


def _unfit(action: argparse.Action, value: Any) -> str | None:
    """What the option expected; None if it takes the value."""
    if action.nargs == 0 or (isinstance(value, bool) and "--publish" in action.option_strings):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(value, bool | list | dict):
        return "a text or a number"
    try:
        made = action.type(str(value)) if callable(action.type) else value
    except argparse.ArgumentTypeError as error:
        return str(error).removeprefix("expected ").partition(", found")[0]
    except ValueError:
        return "a number" if action.type in (int, float) else str(action.metavar)
    unknown = action.choices is not None and made not in action.choices
    return f"one of {', '.join(map(str, action.choices or ()))}" if unknown else None


def apply(config: Config, parser: Parser) -> None:
    """Make the values the defaults of the options."""
    options_of = options(parser)
    shared = [name for name in config.values if name.partition(".")[0] in SHARED]
    own = [name for name in config.values if name not in shared]
    for name in (*shared, *own):  # a key of one command overrides a shared one
        value = config.values[name]
        for action in options_of.get(name, ()):
            if "--publish" in action.option_strings and isinstance(value, bool):
                action.default = config.get("broker.address") if value else None
            elif action.nargs == 0:
                action.default = value
            else:
                action.default = str(value)
            action.required = False


def of_command_line(argv: list[str], parser: Parser) -> Config:
    """The configuration for a command line in this folder, applied to the parser; ConfigError."""
    chosen = place.find(argv, os.environ)
    config = load(chosen.file, os.environ, parser)
    config.absent = chosen.absent
    apply(config, parser)
    return config
