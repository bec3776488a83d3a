"""Qingyun (清运): the host job that turns field readings into daily tonnage."""

from importlib.metadata import version

__version__ = version("qingyun")
