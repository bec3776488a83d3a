"""Plates of trucks, in one spelling."""

from __future__ import annotations

import unicodedata


def plate(text: str) -> str:
    """`沪a·12345`, `沪A—12345` and full-width letters as 沪A12345; "" without a letter or digit."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(c for c in plain if c.isalnum())
