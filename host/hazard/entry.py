"""Entries of the ledger: five tables of HJ 1259-2022, origin of each column."""

from __future__ import annotations

import msgspec

from . import HazardError

PRODUCED, STORED, TAKEN = "产生", "入库", "出库"
OWN, OUTSIDE = "自行利用/处置", "委外利用/处置"
# Origin of a column's value; 待补: it has none yet.
SCALE, REGISTER, IMPORT, PERSON, MISSING = "秤", "登记", "导入", "人工", "待补"
ISSUED = "赋码"  # a code that this host handed out
CODE = "数字识别码"  # HJ 1276-2022; only where one was handed out or given
SYSTEM = "系统"  # who enters weighed steps

_WASTE = ("危险废物名称", "行业俗称/单位内部名称", "危险废物类别", "危险废物代码")
_CONTAINER = ("容器/包装编码", "容器/包装类型", "容器/包装数量")


def _columns(batch: str, time: str, mass: str, *more: str) -> tuple[str, ...]:
    return (batch, time, *_WASTE, mass, "计量单位", *_CONTAINER, *more, CODE)


# The first column is the batch code, the second the time; the seventh is the mass.
TABLES: dict[str, tuple[str, ...]] = {
    PRODUCED: _columns(
        *("产生批次编码", "产生时间", "产生量"),
        *("产生危险废物设施编码", "产生部门经办人", "去向"),
    ),
    STORED: _columns(
        *("入库批次编码", "入库时间", "入库量", "贮存设施编码", "贮存设施类型"),
        *("运送部门经办人", "贮存部门经办人", "产生批次编码"),
    ),
    TAKEN: _columns(
        *("出库批次编码", "出库时间", "出库量", "贮存设施编码", "贮存设施类型"),
        *("出库部门经办人", "运送部门经办人", "入库批次编码", "去向"),
    ),
    OWN: _columns(
        *("自行利用/处置批次编码", "自行利用/处置时间", "自行利用/处置量"),
        *("自行利用/处置设施编码", "自行利用/处置方式", "自行利用/处置完毕时间"),
        *("自行利用/处置部门经办人", "产生批次编码/出库批次编码"),
    ),
    OUTSIDE: _columns(
        *("委外利用/处置批次编码", "出厂时间", "委外利用/处置量"),
        *("利用/处置方式", "接收单位名称", "接收单位许可证编码"),
        *("危险废物转移联单编号", "产生批次编码/出库批次编码"),
        *("接收单位类型", "豁免管理单位", "境外单位", "出口核准通知单编号"),
    ),
}
# Empty where nobody has given one: they do not concern every entry.
OPTIONAL = (CODE, "豁免管理单位", "境外单位", "出口核准通知单编号")


class Weighed(msgspec.Struct, frozen=True):
    """The two readings whose difference is the entry: Unix seconds and gross g."""

    device: str
    channel: str
    life: str
    before_seq: int
    before_t: int
    before_g: int
    after_seq: int
    after_t: int
    after_g: int

    @property
    def event(self) -> str:
        """The name of the event, as in the export of a day."""
        return f"{self.device}/{self.channel}/{self.life}/{self.before_seq}"

    @property
    def key(self) -> tuple[str, int, int, int]:
        return self.event, self.after_seq, self.before_g, self.after_g


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row. grams: net, negative in a reversal. t: when it happened; recorded: when it was
    entered (Unix seconds), by: by whom. values: column -> value; origin: column -> its origin."""

    id: int = 0
    table: str
    batch: str
    t: int
    recorded: int
    by: str
    institution: str
    store: str
    container: str
    edition: str
    code: str
    grams: int
    values: dict[str, str] = msgspec.field(name="said")  # in stored bodies
    origin: dict[str, str]
    upstream: list[str] = []
    weighed: Weighed | None = None
    reverses: int = 0
    reason: str = ""
    file: str = ""  # that brought it, with its row: "in.xlsx:3 sha256:…"
    act: str = ""  # of a person at the platform, who says what was weighed (hazard.label.acts)
    photo: str = ""  # SHA-256 of a photograph (hazard.photographs)

    @property
    def kg_origin(self) -> str:
        return self.origin[TABLES[self.table][6]]

    def value(self, column: str) -> tuple[str, str]:
        """Value and origin of a column; ("", 待补) where it has none."""
        return self.values.get(column, ""), self.origin.get(column, MISSING)


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Entry).decode


def body(entry: Entry) -> str:
    """The stored JSON of an entry, with a place for its id, which the store gives."""
    plain = msgspec.to_builtins(msgspec.structs.replace(entry, id=0))
    del plain["id"]
    text = _encode(plain).decode()
    return '{"id":{id},' + text[1:]


def parse(text: str) -> Entry:
    """An entry from its stored JSON; HazardError where it cannot be read."""
    try:
        return _decode(text)
    except msgspec.MsgspecError as error:
        raise HazardError(f"ledger: a row cannot be read: {error}") from None
