"""Optional packages, and the extra of pyproject.toml that installs each."""

from __future__ import annotations

EXTRA = {
    "psycopg": "postgres",
    "pyarrow": "archive",
    "resvg_py": "png",
    **dict.fromkeys(("fastapi", "uvicorn", "jinja2", "argon2", "multipart"), "serve"),
}


def missing(error: ModuleNotFoundError) -> str | None:
    """One line that says which package is missing and how to install it; None for any other
    module."""
    name = (error.name or "").partition(".")[0]
    if name not in EXTRA:
        return None
    return (
        f"{name} is missing; expected it beside the host job: make install brings it, and in a "
        f"checkout .venv/bin/pip install -e '.[{EXTRA[name]}]'"
    )
