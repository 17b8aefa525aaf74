"""What people do: clicking, writing, commands, threads, and what the page says when the app fails."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OLIVIA, MARA = "U0OLIVIA0", "U0MARA000"
PORTFOLIO, MANAGERS = "C0OLIVIA0", "C0MANAGER"


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _card() -> list[dict[str, Any]]:
    sure = {
        "title": _plain("Approve this?"),
        "text": _plain("A task is created."),
        "confirm": _plain("Yes, approve"),
        "deny": _plain("Not yet"),
    }
    approve = {
        "type": "button",
        "action_id": "approve",
        "style": "primary",
        "text": _plain("Approve"),
        "value": "e-1",
        "confirm": sure,
    }
    stages = [{"text": _plain(name), "value": name} for name in ("cultivation", "stewardship")]
    stage = {"type": "static_select", "action_id": "stage", "placeholder": _plain("Stage"), "options": stages}
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Gift of *$25,000* from Jane Doe"}},
        {"type": "actions", "block_id": "decide", "elements": [approve, stage]},
    ]


async def test_an_approval_is_confirmed_sent_and_the_card_changes_in_place(workspace: Any) -> None:
    ts = await workspace.post(PORTFOLIO, "Gift from Jane Doe", blocks=_card())
    page = await workspace.visit()
    approve = page.get_by_role("button", name="Approve")
    await approve.click()
    await page.get_by_role("button", name="Not yet").click()
    await expect(approve).to_be_focused()
    await approve.click()
    await page.get_by_role("button", name="Yes, approve").click()

    sent = await workspace.app.next("block_actions")
    action = sent["actions"][0]
    assert (
        sent["user"]["id"],
        sent["container"]["message_ts"],
        action["action_id"],
        action["block_id"],
        action["value"],
    ) == (OLIVIA, ts, "approve", "decide", "e-1")

    done = [{"type": "section", "text": {"type": "mrkdwn", "text": f"Approved by <@{OLIVIA}>"}}]
    await workspace.client.chat_update(channel=PORTFOLIO, ts=ts, text="Approved", blocks=done)
    await expect(page.locator(".message")).to_contain_text("Approved by @Olivia Hart(edited)")
    await expect(approve).to_have_count(0)


async def test_a_choice_in_a_menu_is_sent_with_the_keyboard_alone(workspace: Any) -> None:
    await workspace.post(PORTFOLIO, "Gift", blocks=_card())
    page = await workspace.visit()
    menu = page.get_by_role("button", name="Stage: nothing chosen")
    await menu.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("option")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    sent = await workspace.app.next("block_actions")
    assert sent["actions"][0]["selected_option"]["value"] == "stewardship"
    assert sent["state"]["values"]["decide"]["stage"]["selected_option"]["value"] == "stewardship"
    await expect(page.get_by_role("button", name="Stage: stewardship")).to_be_focused()


async def test_a_click_that_the_app_refuses_is_marked_and_explained(workspace: Any) -> None:
    async def refuse(payload: dict[str, Any]) -> int:
        return 500 if payload.get("type") == "block_actions" else 200

    workspace.app.answer = refuse
    await workspace.post(PORTFOLIO, "Gift", blocks=_card())
    page = await workspace.visit()
    await page.get_by_role("button", name="Approve").click()
    await page.get_by_role("button", name="Yes, approve").click()
    button = page.locator("[data-action=approve]")
    await expect(button).to_have_attribute("data-state", "failed")
    await expect(button).to_have_attribute("title", "This app responded with Status Code 500.")
    await expect(button.locator(".btn-mark")).to_be_visible()
    await expect(page.locator(".composer-problem")).to_contain_text(
        "This app responded with Status Code 500."
    )


async def test_writing_with_a_mention_and_a_new_line(workspace: Any) -> None:
    page = await workspace.visit()
    box = page.get_by_role("textbox", name="Message #portfolio-olivia")
    await box.focus()
    await page.keyboard.type("Thanks @mar")
    await expect(page.get_by_role("option", name="Mara Lindqvist")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.type("& all")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("2 < 3")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message-text")).to_contain_text("Thanks @Mara Lindqvist & all2 < 3")
    await expect(box).to_have_value("")
    stored = (await workspace.client.conversations_history(channel=PORTFOLIO))["messages"][0]["text"]
    assert stored == f"Thanks <@{MARA}> &amp; all\n2 &lt; 3"


async def test_a_command_is_completed_run_and_answered_for_one_person(workspace: Any) -> None:
    async def answer(payload: dict[str, Any]) -> dict[str, str]:
        return (
            {"response_type": "ephemeral", "text": f"Reading *{payload['text']}*"}
            if "command" in payload
            else {}
        )

    workspace.app.answer = answer
    page, other = await workspace.visit(OLIVIA), await workspace.visit(MARA)
    box = page.get_by_role("textbox", name="Message #portfolio-olivia")
    await box.focus()
    await page.keyboard.type("/do")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("/donor ")
    await expect(page.locator(".usage")).to_contain_text("summary <name>")
    await page.keyboard.type("summary Jane Doe")
    await page.keyboard.press("Enter")
    sent = await workspace.app.next("command")
    assert (sent["command"], sent["text"], sent["channel_id"]) == ("/donor", "summary Jane Doe", PORTFOLIO)
    await expect(page.locator(".message.ephemeral")).to_contain_text("Only visible to you")
    await expect(page.locator(".message.ephemeral strong")).to_have_text("summary Jane Doe")
    await expect(other.locator(".message")).to_have_count(0)


async def test_an_unknown_command_is_explained_and_the_text_stays(workspace: Any) -> None:
    page = await workspace.visit()
    box = page.get_by_role("textbox", name="Message #portfolio-olivia")
    await box.fill("/donate now")
    await box.press("Enter")
    await expect(page.locator(".composer-problem")).to_contain_text(
        "/donate is not a command of this workspace."
    )
    await expect(box).to_have_value("/donate now")


async def test_a_thread_is_opened_answered_and_counted(workspace: Any) -> None:
    ts = await workspace.post(PORTFOLIO, "Gift from Jane Doe")
    page = await workspace.visit()
    await page.locator(".message").hover()
    await page.get_by_role("button", name="Reply in thread").click()
    reply = page.get_by_role("textbox", name="Reply…")
    await expect(reply).to_be_focused()
    await reply.fill("I will call her")
    await reply.press("Enter")
    await expect(page.locator(".thread-panel .message")).to_have_count(2)
    await expect(page.get_by_role("button", name="1 reply")).to_be_visible()
    assert f"thread={ts}" in page.url
    await workspace.post(PORTFOLIO, "Noted.", thread_ts=ts)
    await expect(page.locator(".thread-panel .message").last).to_contain_text("Noted.")
    await expect(page.get_by_role("button", name="2 replies")).to_be_visible()
    await expect(page.locator(".conversation .message")).to_have_count(1)
    await reply.press("Escape")
    await expect(page.locator(".thread-panel")).to_be_hidden()


async def test_unread_counts_go_up_elsewhere_and_away_on_opening(workspace: Any) -> None:
    page = await workspace.visit()
    await workspace.post(MANAGERS, "Weekly digest")
    place = page.locator(f"[data-channel={MANAGERS}]")
    await expect(place.locator(".badge")).to_have_text("1")
    await expect(page.locator("#live")).to_contain_text("Countersign in #fundraising-managers: Weekly digest")
    await place.click()
    await expect(page.get_by_text("Weekly digest", exact=True).first).to_be_visible()
    await expect(page.get_by_role("separator", name="New")).to_be_visible()
    await expect(place.locator(".badge")).to_have_count(0)
    again = await workspace.visit()
    await expect(again.locator(f"[data-channel={MANAGERS}] .badge")).to_have_count(0)


async def test_the_app_says_what_it_is_doing_and_then_answers_piece_by_piece(workspace: Any) -> None:
    ts = await workspace.post(PORTFOLIO, "Shall I summarise?")
    page = await workspace.visit(query=f"channel={PORTFOLIO}&thread={ts}")
    await expect(page.get_by_role("textbox", name="Reply…")).to_be_visible()
    await workspace.client.assistant_threads_setStatus(
        channel_id=PORTFOLIO, thread_ts=ts, status="is reading the record…"
    )
    line = page.locator(".thread-panel .status-line")
    await expect(line).to_have_text("Countersign is reading the record…")
    stream = await workspace.client.chat_stream(
        channel=PORTFOLIO,
        thread_ts=ts,
        recipient_team_id="T0HARBOUR",
        recipient_user_id=OLIVIA,
        buffer_size=1,
    )
    await stream.append(markdown_text="Jane gave **14** ")
    last = page.locator(".thread-panel .message").last
    await expect(last).to_contain_text("Jane gave 14")
    await expect(last).to_have_class("message streaming")
    await expect(line).to_have_text("")
    await stream.append(markdown_text="times.")
    await stream.stop()
    await expect(last).to_contain_text("Jane gave 14 times.")
    await expect(last).not_to_have_class("message streaming")


async def test_the_person_is_kept_in_the_address_and_switched_from_the_side_bar(workspace: Any) -> None:
    page = await workspace.visit()
    await page.get_by_role("button", name="You are Olivia Hart").click()
    await page.get_by_role("option", name="Mara Lindqvist").click()
    await expect(page.get_by_role("button", name="You are Mara Lindqvist")).to_be_visible()
    assert f"as={MARA}" in page.url
    assert f"channel={PORTFOLIO}" in page.url


async def test_breaking_slack_is_a_switch_that_everybody_sees(workspace: Any) -> None:
    page, other = await workspace.visit(OLIVIA), await workspace.visit(MARA)
    await page.get_by_role("button", name="Break Slack").click()
    await page.get_by_role("checkbox", name="Rate limited").check()
    await expect(other.get_by_role("button", name="Rate limited")).to_be_visible()
