"""Modals, the Home tab, the keyboard, small screens and colour schemes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OLIVIA = "U0OLIVIA0"
PORTFOLIO = "C0OLIVIA0"


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _input(block_id: str, label: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label),
        "element": element | {"action_id": "v"},
        **more,
    }


def _modal(title: str = "Edit") -> dict[str, Any]:
    channels = [{"text": _plain(name), "value": name} for name in ("phone", "mail")]
    blocks = [
        _input("what", "What should happen", {"type": "plain_text_input"}),
        _input("due", "Due", {"type": "datepicker", "initial_date": "2026-12-01"}),
        _input("at", "Remind at", {"type": "datetimepicker"}, optional=True),
        _input("how", "Channels", {"type": "checkboxes", "options": channels}, optional=True),
        _input(
            "count", "How many letters", {"type": "number_input", "is_decimal_allowed": False}, optional=True
        ),
    ]
    return {
        "type": "modal",
        "callback_id": "edit",
        "notify_on_close": True,
        "title": _plain(title),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": blocks,
    }


async def _open_modal(workspace: Any, view: dict[str, Any]) -> Page:
    button = {"type": "button", "action_id": "edit", "text": _plain("Edit")}
    await workspace.post(PORTFOLIO, "card", blocks=[{"type": "actions", "elements": [button]}])
    page: Page = await workspace.visit()
    await page.get_by_role("button", name="Edit").click()
    sent = await workspace.app.next("block_actions")
    await workspace.client.views_open(trigger_id=sent["trigger_id"], view=view)
    await expect(page.get_by_role("dialog")).to_be_visible()
    return page


async def test_a_modal_checks_its_inputs_and_sends_what_was_entered(workspace: Any) -> None:
    page = await _open_modal(workspace, _modal())
    what = page.get_by_role("textbox", name="What should happen")
    await expect(what).to_be_focused()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("[data-block=what] .input-error")).to_have_text(
        "Please complete this required field."
    )
    await what.fill("Call Jane")
    await page.get_by_role("textbox", name="How many letters").fill("2.5")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("[data-block=what] .input-error")).to_have_text("")
    await expect(page.locator("[data-block=count] .input-error")).to_have_text("Please enter a whole number.")
    await page.get_by_role("textbox", name="How many letters").fill("2")
    await page.get_by_label("Remind at").fill("2026-12-01T09:30")
    await page.get_by_role("checkbox", name="mail").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    sent = await workspace.app.next("view_submission")
    values = {block: entry["v"] for block, entry in sent["view"]["state"]["values"].items()}
    assert values == {
        "what": {"type": "plain_text_input", "value": "Call Jane"},
        "due": {"type": "datepicker", "selected_date": "2026-12-01"},
        "at": {"type": "datetimepicker", "selected_date_time": 1_796_135_400},
        "how": {
            "type": "checkboxes",
            "selected_options": [{"text": {"type": "plain_text", "text": "mail"}, "value": "mail"}],
        },
        "count": {"type": "number_input", "value": "2"},
    }


async def test_the_apps_errors_stand_beside_their_inputs_and_entries_survive_an_update(
    workspace: Any,
) -> None:
    async def refuse(payload: dict[str, Any]) -> dict[str, Any]:
        is_submission = payload.get("type") == "view_submission"
        return {"response_action": "errors", "errors": {"what": "Name the person."}} if is_submission else {}

    workspace.app.answer = refuse
    page = await _open_modal(workspace, _modal())
    what = page.get_by_role("textbox", name="What should happen")
    await what.fill("Call")
    await what.press("Enter")
    await expect(page.locator("[data-block=what] .input-error")).to_have_text("Name the person.")
    await expect(what).to_be_focused()
    sent = await workspace.app.next("view_submission")
    await workspace.client.views_update(view_id=sent["view"]["id"], view=_modal("Edit again"))
    await expect(page.get_by_role("heading", name="Edit again")).to_be_visible()
    await expect(what).to_have_value("Call")


async def test_views_are_stacked_and_escape_goes_back_one(workspace: Any) -> None:
    async def push(payload: dict[str, Any]) -> dict[str, Any]:
        second = {
            "type": "modal",
            "title": _plain("Second"),
            "submit": _plain("Save it"),
            "blocks": [
                {
                    "type": "input",
                    "label": _plain("Deeper"),
                    "element": {"type": "plain_text_input", "action_id": "deeper"},
                    "optional": True,
                }
            ],
        }
        return {"response_action": "push", "view": second} if payload.get("type") == "view_submission" else {}

    workspace.app.answer = push
    page = await _open_modal(workspace, _modal("First"))
    await page.get_by_role("textbox", name="What should happen").fill("Call")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Second")).to_be_visible()
    await page.get_by_role("textbox", name="Deeper").click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("heading", name="First")).to_be_visible()
    await expect(page.get_by_role("textbox", name="What should happen")).to_have_value("Call")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    closed = await workspace.app.next("view_closed")
    assert closed["view"]["callback_id"] == "edit"
    await expect(page.get_by_role("button", name="Edit")).to_be_focused()


async def test_the_focus_stays_inside_a_modal(workspace: Any) -> None:
    page = await _open_modal(workspace, _modal())
    for _ in range(14):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.closest('dialog') !== null")
    for _ in range(3):
        await page.keyboard.press("Shift+Tab")
        assert await page.evaluate("document.activeElement.closest('dialog') !== null")


async def test_a_modal_waits_for_the_app_and_says_when_it_failed(workspace: Any) -> None:
    gate = asyncio.Event()

    async def slow(payload: dict[str, Any]) -> int:
        if payload.get("type") != "view_submission":
            return 200
        await gate.wait()
        return 500

    workspace.app.answer = slow
    page = await _open_modal(workspace, _modal())
    await page.get_by_role("textbox", name="What should happen").fill("Call")
    save = page.get_by_role("button", name="Save")
    await save.click()
    await expect(save).to_have_attribute("aria-busy", "true")
    gate.set()
    await expect(page.locator(".modal-problem")).to_have_text("We had some trouble connecting. Try again?")
    await expect(save).to_have_attribute("aria-busy", "false")


async def test_the_home_tab_shows_what_the_app_publishes_and_its_buttons_work(workspace: Any) -> None:
    page = await workspace.visit(query="app=home")
    await expect(
        page.get_by_role("heading", name="Countersign has not prepared a Home tab yet")
    ).to_be_visible()
    opened = await workspace.app.next("app_home_opened")
    assert (opened["user"], opened["tab"]) == (OLIVIA, "home")
    review = {"type": "button", "action_id": "review", "text": _plain("Review"), "value": "e-7"}
    blocks = [
        {"type": "header", "text": _plain("3 decisions wait")},
        {"type": "actions", "elements": [review]},
    ]
    await workspace.client.views_publish(user_id=OLIVIA, view={"type": "home", "blocks": blocks})
    await expect(page.get_by_role("heading", name="3 decisions wait")).to_be_visible()
    await page.get_by_role("button", name="Review").click()
    sent = await workspace.app.next("block_actions")
    assert (sent["container"]["type"], sent["actions"][0]["value"]) == ("view", "e-7")
    await page.get_by_role("tab", name="Home").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("textbox", name="Message Countersign")).to_be_visible()
    await page.get_by_role("tab", name="About").click()
    await expect(page.get_by_text("Look a donor up before a meeting")).to_be_visible()


async def test_suggested_prompts_are_sent_with_one_press(workspace: Any) -> None:
    page = await workspace.visit(query="app=messages")
    opened = await workspace.app.next("app_home_opened")
    await workspace.client.assistant_threads_setSuggestedPrompts(
        channel_id=opened["channel"],
        thread_ts="",
        prompts=[{"title": "My queue", "message": "What waits for me?"}],
    )
    await page.get_by_role("button", name="My queue").click()
    await expect(page.locator(".message-text")).to_have_text("What waits for me?")


async def test_shortcuts_of_the_app_are_offered_for_a_message(workspace: Any) -> None:
    async def boot(route: Route) -> None:
        response = await route.fetch()
        shortcuts = [
            {
                "name": "Save as a note",
                "callback_id": "save_note",
                "type": "message",
                "description": "In the CRM",
            }
        ]
        await route.fulfill(response=response, json=await response.json() | {"shortcuts": shortcuts})

    ts = await workspace.post(PORTFOLIO, "She likes the phone")
    page = await workspace.visit(before=lambda tab: tab.route("**/sim/boot**", boot))
    await page.locator(".message").hover()
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("option", name="Save as a note").click()
    sent = await workspace.app.next("message_action")
    assert (sent["callback_id"], sent["message_ts"]) == ("save_note", ts)


async def test_the_channel_list_is_walked_with_arrow_keys(workspace: Any) -> None:
    page = await workspace.visit(query="channel=C0GENERAL")
    await page.locator(".place[aria-current]").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="portfolio-olivia", level=1)).to_be_visible()
    await page.keyboard.press("End")
    await expect(page.locator(".place").last).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_everything_without_sideways_scrolling(workspace: Any, scheme: str) -> None:
    wide_row = [{"type": "raw_text", "text": f"A rather wide cell {n}"} for n in range(8)]
    buttons = [
        {"type": "button", "action_id": f"b{n}", "text": _plain(name)}
        for n, name in enumerate(("Approve", "Edit", "Defer", "Decline"))
    ]
    blocks = [
        {"type": "table", "rows": [wide_row, wide_row]},
        {"type": "section", "text": _plain("Donaudampfschifffahrtsgesellschaft" * 4)},
        {"type": "actions", "elements": buttons},
    ]
    await workspace.post(PORTFOLIO, "wide", blocks=blocks)
    page = await workspace.visit(width=375, height=812, scheme=scheme)
    await expect(page.get_by_role("button", name="Decline")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 375
    assert await page.evaluate("(s => s.scrollWidth <= s.clientWidth)(document.querySelector('#messages'))")
    heights = await page.eval_on_selector_all(
        ".actions .btn, .send, .composer-tool, .menu-button",
        "nodes => nodes.map(n => n.getBoundingClientRect().height)",
    )
    assert min(heights) >= 40
    await page.get_by_role("button", name="Open the side bar").click()
    await expect(page.get_by_role("button", name="fundraising", exact=True)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Open the side bar")).to_be_focused()
    ground = await page.evaluate("getComputedStyle(document.querySelector('.main')).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 25, 26)"}[scheme]


async def test_the_crm_controls_appear_only_when_there_is_a_crm(workspace: Any) -> None:
    without = await workspace.visit()
    await expect(without.get_by_role("link", name="Open the CRM")).to_be_visible()
    await expect(without.get_by_role("button", name="Demo controls")).to_be_hidden()

    async def strip(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body="<button>Make a gift</button>")

    page = await workspace.visit(before=lambda tab: tab.route("**/crm/control", strip))
    await page.get_by_role("button", name="Demo controls").click()
    frame = page.frame_locator("iframe[title='Controls of the simulated CRM']")
    await expect(frame.get_by_role("button", name="Make a gift")).to_be_visible()
    await page.get_by_role("button", name="Close the demo controls").click()
    await expect(page.locator("iframe")).to_be_hidden()


async def test_what_the_app_offers_is_chosen_by_typing_and_by_keyboard_alone(workspace: Any) -> None:
    select = {"type": "external_select", "min_query_length": 2, "placeholder": _plain("Name or id")}
    page = await _open_modal(workspace, _modal() | {"blocks": [_input("who", "Donor", select)]})
    people = {"Jane Doe, Portland": "donor-1", "Jane Dorset, Boston": "donor-2"}

    async def offer(payload: dict[str, Any]) -> dict[str, Any] | int | None:
        if payload.get("type") != "block_suggestion":
            return None
        if payload["value"] == "trouble":
            return 500
        found = [name for name in people if payload["value"].casefold() in name.casefold()]
        return {"options": [{"text": _plain(name), "value": people[name]} for name in found]}

    workspace.app.answer = offer
    await page.get_by_role("button", name="Donor: nothing chosen").press("Enter")
    box, status = page.get_by_role("combobox"), page.locator(".menu-empty")
    await expect(box).to_be_focused()
    await expect(status).to_have_text("Type at least 2 letters")
    await box.press_sequentially("j")
    await expect(status).to_have_text("Type at least 2 letters")
    await box.fill("xy")
    await expect(status).to_have_text("No results")
    await box.fill("trouble")
    await expect(status).to_have_text("The app did not answer. Type again in a moment.")
    await box.fill("jane do")
    await expect(page.get_by_role("option")).to_have_text(list(people))
    await box.press("ArrowDown")
    await box.press("Enter")
    await expect(page.get_by_role("button", name="Donor: Jane Dorset, Boston")).to_be_focused()
    await page.get_by_role("button", name="Save").click()
    sent = await workspace.app.next("view_submission")
    chosen = sent["view"]["state"]["values"]["who"]["v"]["selected_option"]
    assert chosen == {"text": _plain("Jane Dorset, Boston"), "value": "donor-2"}
