"""What is sent to workers itself, and not by its name.

Dask unpacks a function by the name of its module, on the scheduler and on the worker. A scheduler
that lacks the module refuses the task; a worker that lacks it is lost with all its other tasks
(findings/dask-worker-without-module.sh). A function within a function has no name, so it goes over
whole. It imports nothing of ours before it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Call = Callable[[str, str, Sequence[Any]], tuple[Any, str]]


def caller() -> Call:
    """call(module, name, arguments): (what a function of a module gives, ""), or (None, why it
    cannot be called there)."""

    def call(module: str, name: str, arguments: Sequence[Any]) -> tuple[Any, str]:
        import importlib  # noqa: PLC0415  on the other machine

        try:
            function = getattr(importlib.import_module(module), name)
        except ImportError as error:
            package = (error.name or str(error)).partition(".")[0]
            return None, f"lacks the package {package}"
        return function(*arguments), ""

    return call
