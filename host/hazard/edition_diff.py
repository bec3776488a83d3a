"""What another edition of the national catalogue changes, and what of a registry it concerns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from ..alarms.rules import Rule
from .catalogue import Catalogue, Code
from .register import Container, Register


def differences(old: Mapping[str, Code], new: Mapping[str, Code]) -> list[str]:
    """A line for each code that is gone, added, or has another category's name, hazard letters or
    wording."""
    lines = [f"{code}: gone: {old[code].description}" for code in old if code not in new]
    lines += [f"{code}: added: {new[code].description}" for code in new if code not in old]
    for code in old:
        if code in new:
            lines += [f"{code}: {text}" for text in changes(old[code], new[code])]
    return lines


def changes(old: Code, new: Code) -> list[str]:
    """How one code differs between editions."""
    pairs = (
        ("category", old.category_name, new.category_name),
        ("hazard", old.hazard, new.hazard),
        ("wording", old.description, new.description),
    )
    return [f"{what}: {a} → {b}" for what, a, b in pairs if a != b]


def of_container(known: Catalogue, c: Container, new: str) -> list[str]:
    """What an edition means for a container; nothing where its code stays as it is."""
    code = known.find(new, c.code.code)
    if code is None:
        gone = f"{c.code.code} is gone" if known.has(new) else f"the codes of {new} are not here"
        return [f"{gone}: find its code in {new}"]
    return changes(c.code, code) if c.code.hazard and code.hazard else []


def containers(register: Register, old: str, new: str, day: dt.date) -> list[str]:
    """A line for each container that stands on a day or later with a code of the old edition."""
    lines = []
    for c in register.containers:
        if c.code.edition == old and c.until >= day:
            found = of_container(register.catalogue, c, new)
            said = "; ".join(found) or f"stays: write edition {new}"
            lines.append(f"container {c.container} ({c.code.code}): {said}")
    return lines


def rules(known: Catalogue, limits: Iterable[Rule], old: str, new: str, day: dt.date) -> list[str]:
    """A line for each rule, valid on a day or later, whose scope names a code or a category of
    the old edition that the new one changes or, where its codes are not here, may change."""
    before, after = known.of(old), known.of(new)
    lines = []
    for rule in limits:
        if rule.until < day:
            continue
        for name, values in rule.scope:
            for value in values if name in ("code", "hw") else ():
                lines += [
                    f"rule {rule.rule} ({name}={value}): {text}"
                    for text in _of_scope(name, value, before, after, new)
                ]
    return lines


def _of_scope(
    name: str, value: str, before: Mapping[str, Code], after: Mapping[str, Code], new: str
) -> list[str]:
    if not after:
        return [f"the codes of {new} are not here: look at it"]
    if name == "code":
        if value not in after:
            return ["is gone"] if value in before else []
        return changes(before[value], after[value]) if value in before else []
    old_codes = {c for c, row in before.items() if row.category == value}
    new_codes = {c for c, row in after.items() if row.category == value}
    texts = [f"{c} is gone" for c in sorted(old_codes - new_codes)]
    return texts + [f"{c} is added" for c in sorted(new_codes - old_codes)]
