"""Making things happen, watching records change live, and breaking what is around the bot."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("[data-ready=true]")
    expect(page.get_by_label("To whom")).not_to_have_value("")


def suggestions(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Donors").get_by_role("option")


def happened(page: Page) -> Locator:
    return page.locator(".happened li").first


def test_a_gift_happens_with_the_keyboard_alone(crm, page):
    open_page(page, crm.address + "/crm")
    page.get_by_label("To whom").focus()
    page.keyboard.type("thomas")
    expect(suggestions(page).and_(page.locator("[aria-selected=true]"))).to_contain_text("Thomas Doe")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("1,250.50")
    page.keyboard.press("Enter")
    expect(happened(page)).to_contain_text("Thomas Doe gave USD 1,250.50.")
    expect(happened(page)).to_contain_text("The bot has it")
    happened(page).get_by_role("link", name="Open the record").click()
    expect(page.get_by_role("region", name="Giving", exact=True)).to_contain_text("$1,250.50")
    assert [gift["amount"]["minor"] for gift in crm.api.get("/donors/donor-0002/gifts").json()["items"]] == [
        125050
    ]


def test_escape_gives_the_chosen_donor_back(crm, page):
    open_page(page, crm.address + "/crm")
    field = page.get_by_label("To whom")
    field.fill("thomas")
    expect(suggestions(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(field).to_have_value("Jane Doe")
    expect(suggestions(page)).to_have_count(0)


def test_an_open_record_changes_live_and_marks_what_is_new(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0001")
    expect(page.get_by_label("To whom")).to_have_value("Jane Doe")
    page.get_by_role("button", name="Record the gift").click()
    expect(page.locator(".foldable tr.is-fresh")).to_have_count(1)
    page.get_by_label("Death recorded").check()
    page.get_by_role("button", name="Record the death").click()
    expect(page.locator(".record .flag.is-fresh")).to_have_text("Deceased")
    history = page.get_by_role("region", name="Change history")
    expect(history).to_contain_text("By somebody in the simulated CRM")
    expect(history.locator("li.is-fresh .change").first).to_be_visible()
    page.get_by_label("Opt-out").check()
    page.get_by_role("button", name="Opt out of e-mail").click()
    expect(page.get_by_role("region", name="Consents")).to_contain_text("Unsubscribe link")


def test_what_the_bot_writes_appears_with_before_after_and_who(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0001")
    version = crm.api.get("/donors/donor-0001").headers["ETag"]
    answer = crm.api.patch(
        "/donors/donor-0001", json={"lifecycle_stage": "cultivation"}, headers={"If-Match": version}
    )
    assert answer.status_code == 200
    line = page.get_by_role("region", name="Change history").locator("li").first
    expect(line.locator("del")).to_contain_text("stewardship")
    expect(line.locator("ins")).to_contain_text("cultivation")
    expect(line).to_contain_text("By countersign (Olivia Hart)")
    expect(page.locator(".stages [aria-current=step]")).to_have_text("Cultivation")
    expect(page.locator("#live")).to_contain_text("changed from stewardship to cultivation")


MET = "Interactions and notes"


@pytest.mark.parametrize(
    ("choice", "button", "words", "says", "section", "shows"),
    [
        ("Reply", "Send the reply", "Call <b>me</b>", "Jane Doe wrote back.", MET, "Call <b>me</b>"),
        ("Meeting held", "Complete the meeting", "Asked for plans", "Met Jane Doe.", MET, "Asked for plans"),
        ("Pledge renewed", "Renew the pledge", "", "Jane Doe pledged", "Pledges", "4 instalments"),
        ("Note added", "Add the note", "Prefers letters", "A note was added", MET, "Prefers letters"),
    ],
)
def test_everything_else_happens_too(crm, page, choice, button, words, says, section, shows):
    open_page(page, crm.address + "/crm/donors/donor-0001")
    page.get_by_label(choice, exact=True).check()
    expect(page.locator(".happen .watch")).to_contain_text("Watch for:")
    if words:
        page.get_by_label("Words").fill(words)
    page.get_by_role("button", name=button).click()
    expect(happened(page)).to_contain_text(says)
    expect(page.get_by_role("region", name=section, exact=True)).to_contain_text(shows)


def test_a_campaign_is_paused_and_the_page_follows(crm, page):
    open_page(page, crm.address + "/crm#campaigns")
    page.get_by_label("Campaign paused").check()
    expect(page.get_by_label("To whom")).to_be_hidden()
    page.get_by_role("button", name="Pause or resume the campaign").click()
    expect(happened(page)).to_contain_text("Keep the Light is paused.")
    expect(page.locator(".campaigns li").first).to_contain_text("Paused")
    expect(page.get_by_label("Campaign", exact=True)).to_contain_text("Keep the Light (paused)")


@pytest.mark.parametrize("amount", ["abc", "-5", "0"])
def test_an_amount_that_is_none_is_said_and_nothing_happens(crm, page, amount):
    open_page(page, crm.address + "/crm/donors/donor-0001")
    page.get_by_label("Amount").fill(amount)
    page.get_by_role("button", name="Record the gift").click()
    expect(page.get_by_role("alert").first).to_have_text("The amount is not a number above zero.")
    assert len(crm.api.get("/donors/donor-0001/gifts").json()["items"]) == 2


def test_what_the_crm_refuses_is_said_in_its_own_words(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0005")
    expect(page.get_by_label("To whom")).to_have_value("Jane Dough")
    page.get_by_role("button", name="Record the gift").click()
    expect(page.get_by_role("alert").first).to_have_text("donor-0005 was merged into donor-0001.")


def test_switches_break_the_crm_slack_and_the_model_and_everything_is_put_back(crm, page):
    open_page(page, crm.address + "/crm/control")
    page.locator(".break > summary").click()
    for group, switch in (("The CRM", "Down"), ("Slack", "Rate limited"), ("The model", "Talks nonsense")):
        flip = page.get_by_role("region", name=group).get_by_role("switch", name=switch)
        expect(flip).to_have_attribute("aria-checked", "false")
        flip.click()
        expect(flip).to_have_attribute("aria-checked", "true")
    assert crm.api.get("/ping").status_code == 503
    assert (crm.neighbours.slack["rate_limited"], crm.neighbours.model["garbage"]) == (True, True)
    expect(page.get_by_text("3 broken")).to_be_visible()
    page.get_by_role("button", name="Put everything back").click()
    expect(page.get_by_text("All well")).to_be_visible()
    assert crm.api.get("/ping").status_code == 200
    assert crm.neighbours.slack == {"down": False, "slow_api_ms": 0, "rate_limited": False, "http_500": False}
    assert crm.neighbours.model == {"down": False, "slow_ms": 0, "garbage": False}


def test_the_switches_of_a_system_that_is_not_there_are_hidden(crm, page):
    crm.neighbours.has_model = False
    open_page(page, crm.address + "/crm/control")
    page.locator(".break > summary").click()
    expect(page.get_by_role("region", name="Slack")).to_be_visible()
    expect(page.get_by_role("region", name="The model")).to_have_count(0)


def test_a_switch_moved_in_one_window_moves_in_the_other(crm, page, context):
    other = context.new_page()
    for opened in (page, other):
        open_page(opened, crm.address + "/crm/control")
        opened.locator(".break > summary").click()
    page.get_by_role("switch", name="Slow (4 s)").first.click()
    expect(
        other.get_by_role("region", name="The CRM").get_by_role("switch", name="Slow (4 s)")
    ).to_have_attribute("aria-checked", "true")


def test_the_panel_stands_alone_and_opens_records_in_a_new_window(crm, page, context):
    page.set_viewport_size({"width": 340, "height": 800})
    open_page(page, crm.address + "/crm/control")
    expect(page.get_by_text("Simulated CRM")).to_be_visible()
    page.get_by_role("button", name="Record the gift").click()
    with context.expect_page() as opened:
        happened(page).get_by_role("link", name="Open the record").click()
    expect(opened.value.get_by_role("heading", name="Jane Doe", exact=True)).to_be_visible()


def test_after_a_lost_connection_the_page_catches_up(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0001")
    expect(page.locator(".connection")).to_have_text("Live")
    feed = crm.app.state.crm.feed
    page.route("**/crm/sim/stream", lambda route: route.abort())
    feed.close()
    expect(page.locator(".connection")).to_have_text("Connecting…")
    version = crm.api.get("/donors/donor-0001").headers["ETag"]
    crm.api.patch("/donors/donor-0001", json={"tags": ["while-away"]}, headers={"If-Match": version})
    page.unroute("**/crm/sim/stream")
    expect(page.locator(".flags")).to_contain_text("while-away")
    expect(page.locator(".connection")).to_have_text("Live")


def test_a_window_that_nobody_sees_gives_its_connection_back_and_catches_up_later(crm, page):
    streams: list[str] = []
    page.on("request", lambda request: streams.append(request.url) if "stream" in request.url else None)
    open_page(page, crm.address + "/crm/donors/donor-0001")
    expect(page.locator(".connection")).to_have_text("Live")
    show_window(page, is_hidden=True)
    version = crm.api.get("/donors/donor-0001").headers["ETag"]
    crm.api.patch("/donors/donor-0001", json={"tags": ["unseen"]}, headers={"If-Match": version})
    show_window(page, is_hidden=False)
    expect(page.locator(".flags")).to_contain_text("unseen")
    assert len(streams) == 2


def show_window(page: Page, *, is_hidden: bool) -> None:
    page.evaluate(
        """(isHidden) => {
            Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        is_hidden,
    )
