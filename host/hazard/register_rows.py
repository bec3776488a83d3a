"""The rows of the register: an institution, a store, a container."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from .catalogue import Code

# 重点/简化/登记: producers by the amount they generate (HJ 1259-2022).
INDUSTRIAL = ("重点", "简化", "登记")
MEDICAL, SOCIAL, SMALL, LICENSED = "医疗", "社会源", "小微", "经营单位"
CATEGORIES = (*INDUSTRIAL, MEDICAL, SOCIAL, SMALL, LICENSED)
STORE_KINDS = ("贮存库", "贮存场", "贮存池", "贮存罐区", "贮存点")  # GB 18597-2023
LIQUID = "液态"
PHASES = ("固态", LIQUID, "半固态")


@dataclass(frozen=True)
class Institution:
    """A unit that has hazardous waste. credit_code: its 统一社会信用代码; contact: who answers
    and how, for labels; "" where nobody gave it."""

    institution: str
    name: str
    town: str
    category: str
    licence: str
    credit_code: str = ""
    contact: str = ""


@dataclass(frozen=True)
class HazardStore:
    """kind: one of STORE_KINDS. capacity_g: most stock, 0: not given. temperature, door: (device,
    channel), None: no sensor. bunds: zone -> volume of its bund in ml, where given."""

    store: str
    institution: str
    site: str
    name: str
    kind: str
    capacity_g: int
    zones: tuple[str, ...]
    facility: str
    temperature: tuple[str, str] | None
    door: tuple[str, str] | None
    bunds: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Container:
    """A container of waste. since, until: its first and last day in the store.

    bin: the platform it stands on, "" for none. tare_g: mass of the container if it comes and
    goes with the waste; 0 if it stays. volume_ml: when full, 0: not given. components, harmful,
    cautions, remark: 主要成分, 有害成分, 注意事项, 备注 of its label, "" where nobody gave them."""

    container: str
    store: str
    zone: str
    bin: str
    code: Code
    name: str
    phase: str
    type: str
    tare_g: int
    group: str
    volume_ml: int
    since: dt.date
    until: dt.date
    components: str = ""
    harmful: str = ""
    cautions: str = ""
    remark: str = ""

    def holds(self, day: dt.date) -> bool:
        return self.since <= day <= self.until
