"""统一社会信用代码 of an organisation (GB 32100-2015); its last character is a check."""

from __future__ import annotations

LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I, O, S, V, Z, which look like others
_WEIGHTS = [pow(3, i, len(ALPHABET)) for i in range(LENGTH - 1)]


def check_character(body: str) -> str:
    """The 18th character for the first 17, each of ALPHABET (GB 32100-2015, its annex).

    31 less the weighted sum modulo 31; 31 itself stands for 0."""
    total = sum(w * ALPHABET.index(c) for w, c in zip(_WEIGHTS, body, strict=True))
    return ALPHABET[-total % len(ALPHABET)]


def wrong(code: str) -> str | None:
    """What was expected of a code that is not right; None for one that is."""
    if len(code) != LENGTH or any(c not in ALPHABET for c in code):
        return f"{LENGTH} digits and capital letters without I O S V Z"
    check = check_character(code[:-1])
    if code[-1] != check:
        return f"a 统一社会信用代码, whose last character would be {check} (GB 32100-2015)"
    return None
