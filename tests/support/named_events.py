"""Events as 0.2.0 packed them: with the names of their fields."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec


def packed(events: Sequence[msgspec.Struct]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode([_named(e) for e in events]), 1)


def _named(value: msgspec.Struct) -> dict[str, object]:
    each = {name: getattr(value, name) for name in value.__struct_fields__}
    return {k: _named(x) if isinstance(x, msgspec.Struct) else x for k, x in each.items()}
