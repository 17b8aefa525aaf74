"""The dashboard in a real browser: opened by its link, read by keyboard and by ear, on a desk and a phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import uvicorn
from playwright.async_api import Page, async_playwright

from bot.cli.running import listen
from bot.http.app import Pages, doors
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from bot.policy_in_force import PolicyInForce
from handlers.context import Context
from handlers.outcomes import LinkShown
from storage.appending import AuditEntry
from storage.bell import InProcessBell
from tests.browser_slack_page.conftest import chromium
from tests.chromium import CHROMIUM_ARGS
from tests.handlers.conftest import House
from tests.managers.conftest import START
from tests.managers.history import append
from tests.managers.test_dashboard import CARMEN, asked, settings, with_settings

__all__ = ["chromium"]

AT = START + timedelta(days=150)
NAMELESS = """() => [...document.querySelectorAll('table')].filter(t => !t.caption
  || [...t.querySelectorAll('th')].some(h => !['col', 'row'].includes(h.scope) || !h.textContent.trim())
  || [...t.tBodies[0].rows].some(r => r.cells[0].tagName !== 'TH')).length
  + [...document.querySelectorAll('svg')].filter(s => s.getAttribute('role') !== 'img'
  || !s.getAttribute('aria-label').includes(': ')).length"""


@asynccontextmanager
async def served(context: Context) -> AsyncIterator[str]:
    """Serve the pages from this process, so that its clock can be moved."""
    metrics = Metrics(context.database, InProcessBell(), context.clock, PolicyInForce())
    app = doors(None, None, Probes({}), Pages(metrics, context))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with listen("127.0.0.1", 0) as reserved:
        serving = asyncio.create_task(server.serve(sockets=[reserved]))
        try:
            yield f"http://127.0.0.1:{reserved.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def a_browser(path: str) -> AsyncIterator[tuple[Page, list[str]]]:
    """Open a page, and collect whatever it complains about."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        page = await browser.new_page(viewport={"width": 1300, "height": 900})
        complaints = list[str]()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page, complaints
        await browser.close()


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.innerText || document.activeElement.name"))


async def test_a_manager_opens_it_by_keyboard_and_reads_it_anywhere(
    house: House, entries: tuple[AuditEntry, ...], chromium: str
) -> None:
    await house.database.write(lambda tx: append(tx, [each for each in entries if each.at < AT]))
    house.clock.moment = AT
    house.chat.people = (*house.chat.people, CARMEN)
    house = with_settings(house, settings())
    shown = await asked(house, CARMEN)
    assert isinstance(shown, LinkShown)
    async with served(house.context) as origin, a_browser(chromium) as (page, complaints):
        link = origin + urlsplit(shown.url).path
        await page.goto(link)
        for _ in range(2):  # past the way to the figures, to the only button
            await page.keyboard.press("Tab")
        assert await focused(page) == "Open the dashboard"
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{origin}/dashboard")
        order = []
        for _ in range(9):
            await page.keyboard.press("Tab")
            order.append(await focused(page))
        tabs = ["Use", "Overrides", "Outcomes", "Operations"]
        assert order[:5] == ["Skip to the figures", *tabs]
        assert order[5].startswith("1 day")
        assert order[7:] == ["Show", "Figures as a file"]

        await page.locator("select[name=days]").select_option("91")
        await page.get_by_role("button", name="Show").click()
        await page.wait_for_url("**/dashboard?kind=adoption&days=91*")
        for tab in tabs:
            await page.get_by_role("link", name=tab, exact=True).click()
            assert "days=91" in page.url
            assert await page.locator("nav a[aria-current=page]").all_inner_texts() == [tab]
            for landmark in ("banner", "navigation", "main", "contentinfo"):
                assert await page.get_by_role(landmark).count() == 1, landmark
            assert await page.locator("h1").count() == 1
            assert await page.evaluate(NAMELESS) == 0
            for width in (1300, 375):
                await page.set_viewport_size({"width": width, "height": 900})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (tab, width)

        await page.goto(link)
        await page.get_by_role("button", name="Open the dashboard").click()
        assert "This link was used already" in await page.inner_text("main")
        complaints.clear()  # the browser itself says that this was refused
        await page.goto(f"{origin}/dashboard?kind=override&days=28")
        assert await page.inner_text("h1") == "What people made of the proposals"
        assert complaints == []
        house.clock.move(minutes=61)
        await page.reload()
        assert "You are not signed in, or your session is over." in await page.inner_text("main")
