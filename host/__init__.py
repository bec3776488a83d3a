"""Qingyun (清运): the host job that turns field readings into daily tonnage."""

from .common.project import version

__version__ = version()  # the firmware's too
