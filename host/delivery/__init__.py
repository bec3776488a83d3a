"""Alarms to people who watch no topic: e-mail, a signed webhook, robots in groups.

host.hazard.alarms raises and clears alarms, host.commands.alarms publishes them as a topic; here
they are sent. Each channel keeps its own position in the rows of alarms."""

from __future__ import annotations


class Failed(Exception):
    """The other side did not accept the message; it will be tried again."""


class Declined(Failed):
    """The other side refused the message for good; it is tried again for a limited time."""
