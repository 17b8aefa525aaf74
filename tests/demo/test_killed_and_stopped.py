"""Ending the demo in every way: power cuts, Ctrl-C, and starting it again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

JANE = "donor-0001"
DONE = re.compile("Written to the CRM")


def test_what_was_open_is_decided_and_what_was_approved_is_written_after_a_kill(
    own_demo, visit: Callable
) -> None:
    own_demo.start()
    workspace = visit(own_demo)
    own_demo.happen("gift", JANE, amount_minor=510000)
    first = workspace.card("Jane Doe for $5,100")
    expect(first).to_be_visible()
    own_demo.kill()

    own_demo.start()
    expect(workspace.page.get_by_text("Reconnecting")).to_have_count(0)
    workspace.press(first, "Approve")
    expect(first).to_contain_text(DONE)

    own_demo.happen("gift", JANE, amount_minor=520000)
    second = workspace.card("Jane Doe for $5,200")
    expect(second).to_be_visible()
    own_demo.switch("crm", api_down=True)
    workspace.press(second, "Approve")
    expect(second).to_contain_text("approved this")
    own_demo.kill()

    own_demo.start()
    expect(second).to_contain_text(DONE)
    titles = [title for title in own_demo.tasks(JANE) if title.startswith("Thank-you call")]
    assert sorted(titles) == [
        "Thank-you call to Jane Doe for $5,100",
        "Thank-you call to Jane Doe for $5,200",
    ]


def test_ctrl_c_ends_it_at_once_with_pages_open_and_without_a_model(own_demo, visit: Callable) -> None:
    own_demo.start("--socket-mode", "--no-model")
    workspace = visit(own_demo)
    visit(own_demo, "/crm")
    workspace.controls()
    own_demo.happen("gift", JANE, amount_minor=530000)
    expect(workspace.card("Jane Doe for $5,300")).to_contain_text("Written without AI")

    assert own_demo.interrupt() == 0
    assert own_demo.complaints() == "", "nor does it complain that pages had to be cut off after a wait"
