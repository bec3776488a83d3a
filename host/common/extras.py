"""Packages that not every installation has, and which extra of pyproject.toml brings them."""

from __future__ import annotations

EXTRA = {
    "psycopg": "postgres",
    "pyarrow": "archive",
    "resvg_py": "png",
    **dict.fromkeys(("fastapi", "uvicorn", "jinja2", "argon2", "multipart"), "serve"),
}


def missing(error: ModuleNotFoundError) -> str | None:
    """What to do about it in one line; None where it is a mistake of this program."""
    name = (error.name or "").partition(".")[0]
    if name not in EXTRA:
        return None
    return (
        f"{name} is missing; expected it beside the host job: make install brings it, and in a "
        f"checkout .venv/bin/pip install -e '.[{EXTRA[name]}]'"
    )
