"""The rules of the registry, as they apply to stores and containers of hazardous waste."""

from __future__ import annotations

from pathlib import Path

from ..alarms import rules
from ..alarms.rules import Rule
from .register import CATEGORIES, STORE_KINDS, HazardStore, Register


def load(folder: Path) -> list[Rule]:
    """The rules of rules.csv; RegistryError names the first mistake."""
    return rules.load(folder, {"category": CATEGORIES, "kind": STORE_KINDS})


def of_store(rule: Rule, register: Register, store: HazardStore) -> bool:
    """Whether a store meets those parts of the scope of a rule that are about stores."""
    institution = register.institutions[store.institution]
    return rule.fits(
        {
            "category": institution.category,
            "kind": store.kind,
            "store": store.store,
            "site": store.site,
            "institution": institution.institution,
            "town": institution.town,
        }
    )


def of_container(rule: Rule, register: Register, name: str) -> bool:
    """Whether a container meets those parts of the scope of a rule that are about containers."""
    if not rule.scope or (container := register.container(name)) is None:
        return True
    code = container.code
    return rule.fits({"code": code.code, "hw": code.category, "phase": container.phase})
