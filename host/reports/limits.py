"""To whose data a report is limited; what decides is made above, by who asks."""

from __future__ import annotations

from typing import Protocol

from ..alarms.alarm_log import Body
from ..hazard.entry import Entry
from ..hazard.papers import Record


class Limits(Protocol):
    """Whether a report may have something of a site, an alarm, an entry of the ledger, a paper."""

    def site(self, name: str) -> bool: ...
    def alarm(self, body: Body) -> bool: ...
    def entry(self, entry: Entry) -> bool: ...
    def paper(self, record: Record) -> bool: ...
