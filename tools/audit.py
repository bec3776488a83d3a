"""What is known of the packages of locks/: advisories, by pip-audit in an environment of its own.

pip-audit says “no known vulnerabilities” and ends with 0 also where the index knows none of the
packages; here that is said, and is no success."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "locks"
ENVIRONMENT = ROOT / "build" / "audit"
WANTED = "pip-audit>=2.10,<3"
TIMEOUT_S = 15
CLEAN, FOUND, UNKNOWN = 0, 1, 3
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def locked(folder: Path = LOCKS) -> list[tuple[str, str]]:
    """(name, version) of every package of every lock, once; a Python may have its own version."""
    found = (
        m.groups() for path in folder.glob("*.txt") for m in _LOCKED.finditer(path.read_text())
    )
    return sorted({(name, version) for name, version in found})


def files(packages: Iterable[tuple[str, str]]) -> list[str]:
    """The packages as requirements, no name twice in one: pip-audit refuses that."""
    made: list[dict[str, str]] = []
    for name, version in packages:
        of = next((names for names in made if name not in names), None)
        if of is None:
            made.append(of := {})
        of[name] = version
    return ["".join(f"{n}=={v}\n" for n, v in names.items()) for names in made]


def told(found: Iterable[dict[str, Any]]) -> tuple[list[str], int]:
    """What pip-audit found, as lines, and the exit code."""
    found = list(found)
    lines, skipped = [], [d["name"] for d in found if "skip_reason" in d]
    bad = [d for d in found if d.get("vulns")]
    for d in bad:
        for v in d["vulns"]:
            names = ", ".join([v["id"], *v.get("aliases", ())])
            fixed = " or ".join(v.get("fix_versions", ())) or "no version yet"
            lines.append(f"audit: {d['name']} {d['version']}: {names}; mended in {fixed}")
    if skipped:
        lines.append(f"audit: the index knows nothing of {len(skipped)}: {' '.join(skipped)}")
    asked = len(found) - len(skipped)
    lines.append(f"audit: {asked} of {len(found)} packages asked for, {len(bad)} with advisories")
    return lines, FOUND if bad else UNKNOWN if skipped or not asked else CLEAN


def program() -> Path:
    """pip-audit, installed where it is not there yet; SystemExit, one line, where it cannot be."""
    path = ENVIRONMENT / "bin" / "pip-audit"
    if not path.exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        pip = [ENVIRONMENT / "bin" / "python", "-m", "pip", "install", "-q", WANTED]
        done = subprocess.run(list(map(str, pip)), capture_output=True, text=True)
        if done.returncode or not path.exists():
            raise SystemExit(f"audit: {WANTED} cannot be installed: {last(done.stderr)}")
    return path


def last(said: str) -> str:
    """The last line of what a program said."""
    return (said.strip().splitlines() or ["it said nothing"])[-1]


def asked(audit: Path, requirements: Path, *options: str) -> list[dict[str, Any]] | str:
    """What it found of a file; the reason where the service could not be asked."""
    command = [audit, "-r", requirements, "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", str(TIMEOUT_S), *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    try:
        dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return last(done.stderr)
    return dependencies


def main(packages: Iterable[tuple[str, str]], *options: str) -> int:
    """Print what is known of the packages; options: for pip-audit."""
    packages = list(packages)
    audit = program()
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for text in files(packages):
            requirements = Path(folder) / "requirements.txt"
            requirements.write_text(text)
            answer = asked(audit, requirements, *options)
            if isinstance(answer, str):
                print(f"audit: nothing is known of {len(packages)} packages: no answer: {answer}")
                return UNKNOWN
            found += answer
    lines, code = told(found)
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main(locked(), *sys.argv[1:]))
