"""What a label of HJ 1276-2022 says, from a ledger entry and the register."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...common.quantity import kg
from .. import HazardError
from ..entry import CODE, Entry
from ..register import Register
from .issue import day_of

NAME, CATEGORY, WASTE, PHASE = "废物名称", "废物类别", "废物代码", "废物形态"
COMPONENTS, HARMFUL, CAUTIONS = "主要成分", "有害成分", "注意事项"
UNIT, CONTACT, DAY, MASS, REMARK = (
    *("产生/收集单位", "联系人和联系方式", "产生日期", "废物重量", "备注"),
)
HAZARDS = "危险特性"
# Letters of the catalogue, in the order in which they stand on a label.
MARKS = {"T": "毒性", "C": "腐蚀性", "I": "易燃性", "R": "反应性", "In": "感染性"}


@dataclass(frozen=True)
class Content:
    """A label. fields: by their names, "" where nobody gave one; hazards: letters of MARKS;
    qr: what its QR code says; grams: net; volume_ml: of the container, 0: not given."""

    code: str
    fields: dict[str, str]
    hazards: tuple[str, ...]
    qr: str
    grams: int
    volume_ml: int

    def blanks(self) -> list[str]:
        """Fields that are empty lines on it, to be filled in by hand. 备注 may be empty."""
        empty = [name for name, value in self.fields.items() if not value and name != REMARK]
        return empty if self.hazards else [*empty, HAZARDS]


def of(register: Register, entry: Entry, qr_prefix: str = "") -> Content:
    """The label of an entry that has a code; HazardError for one without.

    qr_prefix: before the code in the QR code, such as the address of a page."""
    code = entry.values.get(CODE, "")
    if not code:
        raise HazardError(
            f"ledger: entry {entry.id} has no {CODE}: qingyun label code {entry.id} gives it one"
        )
    said = entry.values
    container = register.container(entry.container)
    unit = register.institutions.get(entry.institution)
    found = register.catalogue.find(entry.edition, entry.code)
    letters = set(re.split(r"[/,，、\s]+", found.hazard)) if found else set()
    fields = {
        NAME: said.get("行业俗称/单位内部名称") or said.get("危险废物名称", ""),
        CATEGORY: said.get("危险废物类别", ""),
        WASTE: entry.code,
        PHASE: container.phase if container else "",
        COMPONENTS: container.components if container else "",
        HARMFUL: container.harmful if container else "",
        CAUTIONS: container.cautions if container else "",
        UNIT: unit.name if unit else "",
        CONTACT: unit.contact if unit else "",
        DAY: f"{day_of(entry):%Y-%m-%d}",
        MASS: f"{kg(entry.grams)} kg",
        REMARK: container.remark if container else "",
    }
    return Content(
        code,
        fields,
        tuple(letter for letter in MARKS if letter in letters),
        qr_prefix + code,
        entry.grams,
        container.volume_ml if container else 0,
    )
