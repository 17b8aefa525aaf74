"""A running demo in a real browser: the five steps of the README, a phone, no mouse, another demo beside it.

All share one demo, which takes longer to start than most of them take.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser

JANE, MARGARET, ELEANOR, HELEN = "donor-0001", "donor-0003", "donor-0004", "donor-0015"
DONE = re.compile("Written to the CRM")
WIDTH = 375


def test_from_a_gift_to_a_task_in_the_crm(shared_demo, visit: Callable) -> None:
    workspace = visit(shared_demo, "/")
    page = workspace.page
    expect(page.get_by_role("button", name="You are Olivia Hart")).to_be_visible()

    controls = workspace.controls()
    controls.get_by_label("Amount").fill("2,500")
    controls.get_by_role("button", name="Record the gift").click()
    card = workspace.card("Thank-you call to Jane Doe for $2,500")
    expect(card).to_contain_text("Jane Doe gave $2,500")
    expect(card).to_contain_text("AI-generated, check before use")

    card.get_by_role("button", name="Why?").click()
    why = page.get_by_role("dialog")
    expect(why).to_contain_text("Jane Doe gave $2,500")
    expect(why).to_contain_text("From the audit record")
    page.keyboard.press("Escape")
    expect(why).to_have_count(0)

    assert "Thank-you call to Jane Doe for $2,500" not in shared_demo.tasks(JANE)
    workspace.press(card, "Approve")
    expect(card).to_contain_text(DONE)
    expect(card).to_contain_text("Olivia Hart")
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)

    with page.context.expect_page() as opened:
        card.get_by_role("link", name="CRM record").click()
    record = opened.value
    task = record.locator("article.card").filter(has_text="Thank-you call to Jane Doe for $2,500")
    expect(task).to_contain_text("Created by countersign for Olivia Hart")


def test_a_button_that_is_not_yours_changes_nothing_and_says_so(shared_demo, visit: Callable) -> None:
    workspace = visit(shared_demo)
    shared_demo.happen("gift", ELEANOR, amount_minor=310000)
    card = workspace.card("Eleanor Whitfield for $3,100")
    expect(card).to_be_visible()
    workspace.become("Mara Lindqvist")
    workspace.press(card, "Approve")
    expect(workspace.page.locator(".message.ephemeral").last).to_contain_text(
        "This decision is for Olivia Hart"
    )
    expect(card.get_by_role("button", name="Approve")).to_be_visible()
    assert shared_demo.tasks(ELEANOR) == []


def test_the_model_the_crm_and_slack_break_and_are_repaired(shared_demo, visit: Callable) -> None:
    workspace = visit(shared_demo)
    controls = workspace.controls()
    controls.get_by_text("Break something").click()
    model = controls.get_by_role("region", name="The model").get_by_role("switch", name="Down")
    crm = controls.get_by_role("region", name="The CRM").get_by_role("switch", name="Down")
    slack = controls.get_by_role("region", name="Slack").get_by_role("switch", name="Down")

    model.click()
    expect(model).to_be_checked()
    shared_demo.happen("gift", MARGARET, amount_minor=410000)
    card = workspace.card("Margaret Okafor for $4,100")
    expect(card).to_contain_text("Written without AI")
    model.click()
    expect(model).not_to_be_checked()

    crm.click()
    expect(crm).to_be_checked()
    workspace.press(card, "Approve")
    expect(card).to_contain_text("approved this")
    expect(card).not_to_contain_text(DONE)
    assert shared_demo.tasks(MARGARET) == []
    crm.click()
    expect(card).to_contain_text(DONE)
    assert shared_demo.tasks(MARGARET) == ["Thank-you call to Margaret Okafor for $4,100"]

    slack.click()
    expect(slack).to_be_checked()
    shared_demo.happen("gift", MARGARET, amount_minor=420000)
    expect(controls.get_by_text("The bot has it").or_(controls.get_by_text("1 broken")).first).to_be_visible()
    assert workspace.card("Margaret Okafor for $4,200").count() == 0
    slack.click()
    expect(workspace.card("Margaret Okafor for $4,200")).to_be_visible()


def test_a_reply_is_answered_while_a_gift_waits_for_thanks(shared_demo, visit: Callable) -> None:
    workspace = visit(shared_demo)
    shared_demo.happen("gift", HELEN, amount_minor=110000)
    expect(workspace.card("Helen Marlow for $1,100")).to_be_visible()
    shared_demo.happen("reply", HELEN)
    card = workspace.card("Answer Helen Marlow's reply")
    expect(card.get_by_role("button", name="Approve")).to_be_visible()


def test_a_summary_is_private_until_it_is_shared(shared_demo, visit: Callable) -> None:
    workspace = visit(shared_demo, "/?as=U0FIONA00&channel=C0FUNDRAS")
    box = workspace.page.get_by_role("textbox", name="Message #fundraising")
    box.fill("/donor summary Theodore Pemberton")
    box.press("Enter")
    private = workspace.page.locator(".message.ephemeral").filter(has_text="Recent history")
    expect(private).to_contain_text("Thanks for the $75,000 gift are overdue")
    workspace.press(private, "Share in channel")
    shared = workspace.page.locator(".message:not(.ephemeral)").filter(has_text="Shared by")
    expect(shared).to_contain_text("Theodore Pemberton")
    workspace.press(private, "Share in channel")
    expect(workspace.page.locator(".message.ephemeral").last).to_contain_text("already")
    expect(shared).to_have_count(1)


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
    expect(card).to_contain_text(DONE)


def test_a_taken_port_is_named_in_one_sentence(shared_demo, own_demo) -> None:
    port = shared_demo.origin.rpartition(":")[2]
    assert own_demo.refused("--port", port) == 1
    assert own_demo.complaints() == (
        f"Port {port} on 127.0.0.1 is not free. Stop the program that uses it, or choose another port."
        " (make demo PORT=8001)\n"
    )


def test_a_second_demo_leaves_the_state_of_the_first_alone(shared_demo, own_demo) -> None:
    own_demo.data = shared_demo.data
    before = sorted(path.name for path in shared_demo.data.iterdir())
    assert own_demo.refused("--fresh", "--port", "0") == 1
    assert own_demo.complaints().splitlines()[-1] == (
        f"Another demo is running with its state in {shared_demo.data}. Stop it, or run this one beside it"
        ' (make demo PORT=8001 ARGS="--data .demo-2").'
    )
    assert sorted(path.name for path in shared_demo.data.iterdir()) == before
