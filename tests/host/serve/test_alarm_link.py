"""The link of a message: it asks to sign in, and leads to the alarm, which says who was told."""

from __future__ import annotations

import time

from playwright.sync_api import Browser
from served_page import PASSWORD, Served

from host.store import Store
from host.store import delivery as rows

TOLD_T = 1_772_500_000  # 2026-03-03 09:06 in Shanghai


def told(served: Served, alarm: int, *channels: str) -> None:
    """As delivery notes it."""
    store = Store(served.district.db)
    for channel, how in zip(channels, (rows.SENT, rows.GIVEN_UP), strict=True):
        standing = rows.standing(store, channel, int(time.time()))
        rows.done(store, standing, [alarm], TOLD_T, how)
    store.close()


def test_the_link_of_a_message_signs_in_and_leads_to_its_alarm(
    browser: Browser, served: Served
) -> None:
    """Without scripts: what comes after a # would be lost at the form."""
    with served.http("viewer") as client:
        items = client.get("/api/1/alarms").json()["items"]
        alarm = next(a["alarm"] for a in items if not a["acknowledged"])
        assert client.get("/alarms/999999").status_code == 404
        assert client.get("/alarms/x").status_code == 404
        assert "<form class" not in client.get(f"/alarms/{alarm}").text  # that role may not
    told(served, alarm, "李工", "<b>夜班</b>")
    context = browser.new_context(base_url=served.url, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/alarms/{alarm}")
    page.wait_for_url("**/signin?*")
    page.fill("[name=name]", "operator")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/alarms/{alarm}")
    (article,) = page.locator("article.alarm").all()
    assert article.get_attribute("id") == f"a{alarm}"
    at = "2026-03-03 09:06"  # of TOLD_T
    assert article.locator("p.told").inner_text() == (
        f"已通知： <b>夜班</b> {at} （未送达，已放弃）、李工 {at}"
    )
    assert article.locator("form").count() == 1
    context.close()
