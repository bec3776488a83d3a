"""The daily letter that holds the anchor, or says what is wrong with ledger and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate

from ..common.local_days import clock
from ..hazard.anchors import Anchor

MOST = 50  # faults that are told


def letter(
    anchor: Anchor, faults: Sequence[str], sender: str, to: Sequence[str], now: int
) -> EmailMessage:
    """now: Unix seconds. faults: as hazard.anchors.verify() gives them."""
    made = EmailMessage()
    made["From"], made["To"] = sender, ", ".join(to)
    said = f"不符 {len(faults)} 处 / {len(faults)} faults" if faults else "完好 / whole"
    made["Subject"] = f"[清运] 台账校验 ledger verified: {said}"
    made["Date"] = formatdate(now)
    made["Auto-Submitted"] = "auto-generated"
    rows = "，".join(
        f"{name} {n}"
        for name, (n, _) in zip(("台账", "告警", "联单磅单"), anchor.stood, strict=True)
    )
    lines = [f"{clock(now)}  {rows}", *faults[:MOST]]
    if len(faults) > MOST:
        lines.append(f"… {len(faults) - MOST}")
    if faults:
        lines.append("保存数据库，与备份核对，不要删除旧备份。Keep the database and every backup.")
    lines.append(
        "保存此信；以后可用它核对：Keep this letter; later: qingyun ledger verify --against"
    )
    made.set_content("\n".join(lines) + f"\n\n{anchor}\n")
    return made
