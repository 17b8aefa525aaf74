"""What the README promises somebody who watches for the first time: its five steps, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

JANE, MARGARET, ELEANOR, HELEN = "donor-0001", "donor-0003", "donor-0004", "donor-0015"
DONE = re.compile("Written to the CRM")


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
