"""make audit: what it asks for, and that no answer is no success."""

from __future__ import annotations

import json
from pathlib import Path

import audit
import pytest


def test_every_lock_is_asked_for_and_no_name_twice_in_a_file(tmp_path: Path) -> None:
    packages = audit.locked()
    names = {name for name, _ in packages}
    assert {"paho-mqtt", "starlette", "uvicorn", "cryptography"} <= names
    text = "a==1 ; python_version < '3.12' \\\n    --hash=sha256:00\na==2 \\\n    --hash=x\nb==1\n"
    (tmp_path / "x.txt").write_text(text)
    (tmp_path / "y.txt").write_text("b==1\n")
    assert audit.locked(tmp_path) == [("a", "1"), ("a", "2"), ("b", "1")]
    assert audit.files(audit.locked(tmp_path)) == ["a==1\nb==1\n", "a==2\n"]


def test_no_answer_is_no_success() -> None:
    """An index without advisories answers 404; pip-audit skips the package then."""
    skipped = {"name": "h11", "skip_reason": "Dependency not found on PyPI"}
    good = {"name": "anyio", "version": "4", "vulns": []}
    bad = {"name": "h11", "version": "0.14.0", "vulns": [
        {"id": "GHSA-vqfr-h8mv-ghfj", "fix_versions": ["0.16.0"], "aliases": ["CVE-2025-43859"]}
    ]}  # fmt: skip
    assert audit.told([good]) == (
        ["audit: 1 of 1 packages asked for, 0 with advisories"],
        audit.CLEAN,
    )
    assert audit.told([good, skipped])[1] == audit.told([skipped])[1] == audit.UNKNOWN
    assert audit.told([])[1] == audit.UNKNOWN
    lines, code = audit.told([good, bad, skipped])
    assert code == audit.FOUND
    assert lines[0] == ("audit: h11 0.14.0: GHSA-vqfr-h8mv-ghfj, CVE-2025-43859; mended in 0.16.0")


def test_a_program_that_ends_without_a_document_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text("#!/bin/sh\necho trace >&2\necho 'cannot be reached' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(audit, "program", lambda: program)
    assert audit.main([("a", "1")]) == audit.UNKNOWN
    said = capsys.readouterr().out
    assert said == "audit: nothing is known of 1 packages: no answer: cannot be reached\n"
    document = {"dependencies": [{"name": "a", "version": "1", "vulns": []}]}
    program.write_text(f"#!/bin/sh\necho '{json.dumps(document)}'\n")
    assert audit.main([("a", "1")]) == audit.CLEAN
