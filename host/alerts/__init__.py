"""Alarms to people who watch no topic: e-mail and a signed webhook.

host.commands.alarms publishes the event topic; each channel keeps its own position in the rows of
alarms."""

from __future__ import annotations


class Failed(Exception):
    """The other side did not accept the message; it will be tried again."""


class Declined(Failed):
    """The other side refused the message for good; it is tried again for a limited time."""
