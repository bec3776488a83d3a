"""Files that are sent as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from host.serve.app import BUILT, MAP, files
from host.serve.app import CURVES as CURVES_BY

CURVES = "/static/built/uPlot.min.css"


@pytest.mark.parametrize("folder_left", [False, True], ids=["nothing", "an empty folder"])
def test_without_what_draws_curves(
    folder_left: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line, and a page that does without; not a failure at each view."""
    (tmp_path / "static").mkdir()
    if folder_left:
        (tmp_path / BUILT).mkdir()
    (tmp_path / "static" / "page.css").write_text("body {}")
    client = TestClient(Starlette(routes=files(tmp_path)))
    assert client.get("/static/page.css").text == "body {}"
    assert client.get(CURVES).status_code == 404
    said = [r.getMessage().partition(":")[0] for r in caplog.records]
    assert said == ["curves are not drawn", "the map is not drawn"]


def test_with_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("static", BUILT):
        (tmp_path / name).mkdir()
    (tmp_path / BUILT / "uPlot.min.css").write_text("a {}")
    for name in (CURVES_BY, MAP):
        (tmp_path / BUILT / name).write_text("drawn = 1")
    client = TestClient(Starlette(routes=files(tmp_path)))
    assert client.get(CURVES).text == "a {}"
    assert not caplog.records
