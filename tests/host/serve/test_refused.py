"""The page says of which boards more came than is taken or kept, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_board import ROOT
from starlette.testclient import TestClient

from host.readings.messages import Reading
from host.serve import accounts
from host.serve.app import app
from host.serve.settings import Settings
from host.store import Batch, Refused, Store, growth, quarantine

T0 = 1_790_006_400


def test_what_goes_over_is_shown(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(growth.MOST, growth.GAPS, 1)
    monkeypatch.setattr(quarantine, "BYTES", 0)
    odd = [Reading("9c4e01ab", 2 * n, 0, T0, None, {"w1": n}, {}) for n in range(5)]
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in odd]), T0)
    store.add(Batch(refused=[Refused("x/<b>/y", b"{", "not JSON", sender="<b>")]), T0)
    for what in growth.OVER:
        growth.went_over(store.database, [("qy-jt01", 1, what, 0, 98_765)])
    token = accounts.add_token(store, "test", "viewer", "test")
    made = app(Settings(Path(store.where), ROOT / "registry"))
    made.state.shared.read_refused()
    client = TestClient(made, "http://127.0.0.1", headers={"authorization": f"Bearer {token}"})
    for language, gaps, kept in (
        ("zh", "3 条读数未接收：序号断档过多", "另有 3 条被拒消息过多，未保留"),
        ("en", "3 readings not taken: too many gaps in seq", "3 more messages were refused"),
    ):
        district = client.get(f"/?lang={language}").text
        assert '<a href="/sites/fs-01">qy-fs01</a>' in district
        assert "&lt;b&gt; <span" in district
        site = client.get(f"/sites/fs-01?lang={language}").text
        for text in (district, site):
            assert gaps in text
            assert kept in text
        assert client.get(f"/sites/jt-01?lang={language}").text.count("98765") == len(growth.OVER)
        assert "98765" not in site
