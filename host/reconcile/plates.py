"""Plates of trucks, in one spelling."""

from __future__ import annotations

import unicodedata

_BETWEEN = dict.fromkeys(map(ord, " ·•.-_"))


def plate(text: str) -> str:
    """`沪a·12345`, `沪A-12345` and full-width letters as 沪A12345."""
    return unicodedata.normalize("NFKC", text).upper().translate(_BETWEEN)
