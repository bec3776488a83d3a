"""Alarms to people who watch no topic: e-mail and a signed webhook.

The topic is told by host.commands.alarms; each way has a place of its own in the rows."""

from __future__ import annotations


class Failed(Exception):
    """It was not taken; it will be tried again."""


class Declined(Failed):
    """The other side has said that it will not take this: tried again, but not for ever."""
