"""Qingyun (清运): the host job that turns field readings into daily tonnage."""

__version__ = "0.1.0"
