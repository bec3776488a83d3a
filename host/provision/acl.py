"""The acl_file of mosquitto: which client may publish and read which topics.

The name in a client's certificate is its user name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .plan import ANCHOR, HAZARD, HOST, LORAWAN, OPERATOR, ROLLUP, SERVE

_WRITES = ("reading", "birth", "status", "state", "reply", "crash")
_READS = ("command", "stored")
_HEAD = f"""\
# Written by qingyun provision and revoke. The name in a certificate is the user name.
# A board publishes below its own site and id only, and hears only what is meant for it.

# The ingester, and commands of the host job by hand.
user {HOST}
topic readwrite qingyun/#

# Its other services, each with what it needs.
user {SERVE}
topic read qingyun/1/#
topic write qingyun/1/+/+/command

user {HAZARD}
topic read qingyun/1/+/+/status
topic read qingyun/1/+/+/state
topic write qingyun/1/+/event

user {ROLLUP}
topic write qingyun/1/+/daily

user {ANCHOR}
topic readwrite qingyun/1/anchor

user {LORAWAN}
topic write qingyun/1/+/+/reading
topic write qingyun/1/+/+/birth
topic write qingyun/1/+/+/status
topic write qingyun/1/+/+/state

# An operator at a terminal: hears everything, sends commands and updates.
user {OPERATOR}
topic read qingyun/#
topic write qingyun/1/+/+/command
topic write qingyun/1/update/#
"""
_USER = re.compile(r"user (\S+)")
_PLACE = re.compile(r"topic write qingyun/1/([^/+#]+)/[^/+#]+/reading")


def text(places: Mapping[str, Iterable[str]]) -> bytes:
    """The content of the file. places: device -> its sites."""
    parts = [_HEAD]
    for device in sorted(places):
        lines = [f"\nuser {device}\n"]
        for site in places[device]:
            lines += [f"topic write qingyun/1/{site}/{device}/{topic}\n" for topic in _WRITES]
            lines += [f"topic read qingyun/1/{site}/{device}/{topic}\n" for topic in _READS]
        parts.append("".join([*lines, "topic read qingyun/1/update/#\n"]))
    return "".join(parts).encode()


def places(acl: bytes) -> dict[str, list[str]]:
    """device -> its sites, from the content of a file made by text()."""
    sites: dict[str, list[str]] = {}
    user = ""
    for line in acl.decode(errors="replace").splitlines():
        if match := _USER.fullmatch(line):
            user = match[1]
        elif match := _PLACE.fullmatch(line):
            sites.setdefault(user, []).append(match[1])
    return sites
