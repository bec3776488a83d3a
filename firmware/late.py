"""Modules that are loaded for one use, and take no memory before and after it."""

import sys


def forget(*names):
    """Let go of modules; those that are not loaded are passed over."""
    for name in names:
        if name in sys.modules:
            package, _, last = name.rpartition(".")
            if package in sys.modules:
                delattr(sys.modules[package], last)
            del sys.modules[name]
