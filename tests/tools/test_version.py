"""Host job, firmware and documents have one version, written in firmware/identity.py."""

from __future__ import annotations

import re

import yaml
from board import files
from sim_board import ROOT

from host import __version__
from host.common import project


def test_all_say_the_same() -> None:
    topics = yaml.safe_load((ROOT / "docs/asyncapi.yaml").read_text(encoding="utf-8"))
    latest = re.search(r"^## \[(\d\S+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert latest is not None
    said = {
        "host": __version__,
        "make deploy": files.version(),
        "docs/asyncapi.yaml": topics["info"]["version"],
        "CHANGELOG.md": latest[1],
    }
    assert said == dict.fromkeys(said, project.version())
