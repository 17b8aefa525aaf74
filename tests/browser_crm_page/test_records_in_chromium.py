"""The list and the records, as a person sees them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="alert(1)"> & <b>Bold</b>'


@pytest.fixture
def crm(shared_crm):
    """These tests only read, so they read the same CRM."""
    return shared_crm


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("[data-ready=true]")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def names(page: Page) -> list[str]:
    return page.locator(".row-name").all_inner_texts()


def test_the_page_says_that_it_is_simulated_and_what_to_try(crm, page):
    open_page(page, crm.address + "/crm")
    expect(page.locator("header").get_by_text("Simulated CRM")).to_be_visible()
    expect(page.get_by_role("heading", name="Worth watching")).to_be_visible()
    expect(page.get_by_text("Let a gift arrive and approve the thank-you.")).to_be_visible()


def test_donors_are_found_by_words_in_any_order_without_accents(crm, page):
    open_page(page, crm.address + "/crm")
    expect(page.locator(".row-name")).to_have_count(5)
    page.get_by_label("Search donors").fill("alvarez zoe")
    expect(page.locator(".row-name")).to_have_count(1)
    assert names(page) == ["Zoë Älvarez"]
    page.get_by_label("Search donors").fill("nobody at all")
    expect(page.get_by_text("No donor matches.")).to_be_visible()


def test_donors_are_filtered_by_owner_stage_tier_and_mark(crm, page):
    open_page(page, crm.address + "/crm")
    for label, choice, expected in (
        ("Owner", "Omar Haddad", ["Thomas Doe"]),
        ("Stage", "Stewardship", ["Jane Doe"]),
        ("Tier", "Major", ["Jane Doe"]),
        ("Mark", "Do not contact", ["Zoë Älvarez"]),
    ):
        page.locator(".filter-selects").get_by_label(label).select_option(choice)
        expect(page.locator(".row-name")).to_have_text(expected)
    page.get_by_label("All", exact=True).check()
    expect(page.locator(".row-name")).to_have_count(5)


def test_enter_in_the_search_opens_the_best_match(crm, page):
    open_page(page, crm.address + "/crm")
    page.get_by_label("Search donors").fill("thomas")
    expect(page.locator(".row-name")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thomas Doe")).to_be_focused()
    assert page.url.endswith("/crm/donors/donor-0002")
    page.go_back()
    expect(page.get_by_role("heading", name="Worth watching")).to_be_visible()


def test_a_record_shows_everything_the_crm_knows(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0001")
    expect(page.get_by_role("heading", name="Jane Doe")).to_be_visible()
    expect(page.locator(".stages [aria-current=step]")).to_have_text("Stewardship")
    expect(page.get_by_text("jane@mail.example")).to_be_visible()
    sections = {
        "Giving": ["$1,750", "$1,500", "Keep the Light", "Acknowledged", "by Olivia Hart"],
        "Pledges": ["$1,000 pledged Sep 12, 2025", "$500 paid, 50 %"],
        "Recurring gifts": ["$100 monthly since Sep 5, 2023", "Active"],
        "Tasks": ["Send the photograph", "Olivia Hart"],
        "Interactions and notes": [
            "Lunch at the harbour",
            "Written outside the staff",
            "<script>alert(2)</script>",
        ],
        "Consents": ["E-mail", "Opted in", "Phone", "Opted out", "Reply card"],
        "Household": ["The Doe household", "Thomas Doe"],
        "Change history": ["Nothing has changed yet."],
    }
    for title, texts in sections.items():
        section = page.get_by_role("region", name=title, exact=True)
        for text in texts:
            expect(section).to_contain_text(text)


def test_the_chart_names_fiscal_years_and_has_its_figures_as_a_table(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0001")
    chart = page.get_by_role("img", name="Giving by fiscal year (July to June), USD")
    expect(chart.locator("rect")).to_have_count(2)
    page.get_by_text("Show the figures").click()
    figures = page.locator(".figures")
    expect(figures.get_by_role("row")).to_have_count(9)
    expect(figures).to_contain_text("$1,500")


def test_soft_credits_and_marks_stand_out(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0002")
    expect(page.get_by_role("region", name="Soft credits")).to_contain_text("$1,500")
    page.get_by_role("link", name=re.compile("Zoë Älvarez")).click()
    expect(page.locator(".record .flag")).to_have_text(["Deceased", "Do not contact", "Legal review"])


def test_a_merged_record_leads_to_the_one_that_lives_on(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0005")
    page.get_by_role("link", name="Open the one that lives on.").click()
    expect(page.get_by_role("heading", name="Jane Doe", exact=True)).to_be_visible()


def test_nothing_of_a_record_is_read_as_html(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-0004")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(page.get_by_text("<i>tag</i>")).to_be_visible()
    assert page.locator("#app img, #app b, #app i, #app script").count() == 0
    page.get_by_label("To whom").fill("Bold")
    expect(page.get_by_role("listbox", name="Donors").get_by_role("option")).to_contain_text([HOSTILE])
    assert page.locator("#app img, #app b, #app script").count() == 0


def test_an_unknown_donor_is_said(crm, page):
    open_page(page, crm.address + "/crm/donors/donor-9999")
    expect(page.get_by_text("There is no donor with this id.")).to_be_visible()
    page.get_by_role("link", name="Back to the donors").click()
    expect(page.get_by_role("heading", name="Worth watching")).to_be_visible()


def test_campaigns_are_shown_with_goal_and_status(crm, page):
    open_page(page, crm.address + "/crm")
    page.get_by_role("link", name="Campaigns").click()
    expect(page.locator(".campaigns li").first).to_contain_text("Keep the Light")
    expect(page.locator(".campaigns li").first).to_contain_text("$2,500 of $10,000 raised, 25 %")


@pytest.mark.parametrize("width", [320, 375, 1440])
def test_nothing_is_wider_than_the_screen(crm, page, width):
    page.set_viewport_size({"width": width, "height": 812})
    for address in (
        "/crm",
        "/crm/donors/donor-0001",
        "/crm/donors/donor-0004",
        "/crm#campaigns",
        "/crm/control",
    ):
        page.goto("about:blank")
        page.goto(crm.address + address)
        page.wait_for_selector("[data-ready=true]")
        page.wait_for_selector(".record[aria-busy=false], .home, .panel-head")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert (address, page.evaluate("document.documentElement.scrollWidth")) == (address, width)


def test_on_a_phone_a_record_takes_the_whole_screen_and_leads_back(crm, page):
    page.set_viewport_size({"width": 375, "height": 812})
    open_page(page, crm.address + "/crm")
    page.locator(".rows a", has_text="Thomas Doe").click()
    expect(page.get_by_role("heading", name="Thomas Doe")).to_be_visible()
    expect(page.locator(".rows")).to_be_hidden()
    page.get_by_role("link", name="All donors").click()
    expect(page.locator(".rows")).to_be_visible()


def test_light_and_dark_follow_the_system(crm, page):
    shades = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        open_page(page, crm.address + "/crm")
        shades.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert shades == ["rgb(245, 247, 244)", "rgb(17, 21, 22)"]
