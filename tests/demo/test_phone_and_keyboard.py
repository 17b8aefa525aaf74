"""The demo on a phone, and without a mouse."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

JANE = "donor-0001"
WIDTH = 375


def _fits(page: Page) -> bool:
    wide: bool = page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    return wide


def test_everything_fits_a_phone(shared_demo, visit: Callable, context: BrowserContext) -> None:
    workspace = visit(shared_demo)
    page = workspace.page
    page.set_viewport_size({"width": WIDTH, "height": 812})
    shared_demo.happen("gift", JANE, amount_minor=610000)
    card = workspace.card("Jane Doe for $6,100")
    for name in ("Approve", "Edit…", "Why?"):
        expect(card.get_by_role("button", name=name)).to_be_in_viewport()
    assert _fits(page)
    card.get_by_role("button", name="Why?").click()
    expect(page.get_by_role("dialog")).to_contain_text("From the audit record")
    assert _fits(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    for address in ("/crm", f"/crm/donors/{JANE}", "/crm/control"):
        page.goto(shared_demo.origin + address)
        expect(page.locator("#app, #panel").first).to_have_attribute("data-ready", "true")
        assert _fits(page)


def test_a_decision_with_the_keyboard_alone(shared_demo, visit: Callable) -> None:
    workspace = visit(shared_demo)
    page = workspace.page
    shared_demo.happen("gift", JANE, amount_minor=620000)
    # Jane's gifts that nobody thanked for yet share one card, whichever came before.
    card = workspace.card(re.compile(r"Jane Doe for .*\$6,200"))
    expect(card.get_by_role("button", name="Approve")).to_be_visible()
    page.get_by_role("textbox", name="Message #portfolio-olivia").focus()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        focused = page.evaluate("document.activeElement.textContent")
        if focused == "Approve":
            break
    page.keyboard.press("Enter")
    confirm = page.locator("dialog.confirm button").last
    expect(confirm).to_be_visible()
    for _ in range(4):
        if confirm.evaluate("e => e === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card).to_contain_text(re.compile("Written to the CRM"))
