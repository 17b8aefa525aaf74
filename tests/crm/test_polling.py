"""The CRM's own list of events: followed to its end, never in circles, and nothing on it is lost."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from bot.cli.running import listen
from bot.clock import SystemClock
from bot.crm.polling import Poller
from bot.crm.wire import Wire, crm_session
from bot.doorstep import Doorstep
from bot.http.asgi import Receive, Scope, Send, answer
from bot.occurrences import INSTALLED_AT
from storage.bell import InProcessBell
from storage.database import Database
from storage.ids import IdSource
from tests.crm.conftest import Door, event, open_door
from tests.databases import fresh_sqlite
from tests.loop.staging import serving

Page = dict[str, Any]
UNKNOWN = event("evt-x", type="donor.waved")


@dataclass
class Listing:
    """A CRM that answers with the page of each cursor, and who reads it."""

    door: Door
    database: Database
    poller: Poller
    pages: dict[str, Page]
    asked: list[str] = field(default_factory=list)

    def stored(self) -> list[str]:
        return [key for _, _, key, _ in self.door.stored()]


@asynccontextmanager
async def _listing(url: str) -> AsyncIterator[Listing]:
    async def crm(scope: Scope, _receive: Receive, send: Send) -> None:
        after = parse_qs(scope["query_string"].decode()).get("after", [""])[0]
        listing.asked.append(after)
        await answer(send, 200, listing.pages[after])

    database, clock = Database.open(url), SystemClock()
    try:
        async with (
            serving(crm, listen("127.0.0.1", 0)) as origin,
            crm_session(origin, "t", 10) as session,
            open_door(url) as door,
        ):
            doorstep = Doorstep(database, InProcessBell(), clock, IdSource(clock.now, secrets.token_bytes))
            listing = Listing(door, database, Poller(Wire(session), database, doorstep, clock), {})
            yield listing
    finally:
        await database.close()


@pytest.fixture
async def listing(tmp_path: Path) -> AsyncIterator[Listing]:
    """Whoever follows the list is where it ends, at "1"."""
    async with _listing(fresh_sqlite(tmp_path / "countersign.db")) as opened:
        opened.pages[""] = {"items": [event("evt-0")], "next": None, "cursor": "1"}
        await opened.poller.poll()
        assert (opened.asked, opened.stored()) == ([""], [])
        opened.asked.clear()
        yield opened


@pytest.mark.parametrize(
    ("leads", "asked"),
    [
        ({"1": "1"}, ["1"]),
        ({"1": "2", "2": "1"}, ["1", "2"]),
        ({"1": "2", "2": "3", "3": "2"}, ["1", "2", "3"]),
    ],
    ids=["to itself", "back", "back in the middle"],
)
async def test_a_list_that_leads_back_is_left_until_the_next_time(
    listing: Listing, leads: dict[str, str], asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    for at, to in leads.items():
        listing.pages[at] = {"items": [event(f"evt-{at}")], "next": to, "cursor": to}
    await listing.poller.poll()
    assert (listing.asked, listing.stored()) == (asked, [f"evt-{at}" for at in asked])
    assert "event list leads back to where it was" in caplog.text
    last = leads[asked[-1]]
    listing.pages[last] = {"items": [event("evt-new")], "next": None, "cursor": "9"}
    await listing.poller.poll()
    assert (listing.asked[len(asked) :], listing.stored()[-1]) == ([last], "evt-new")


async def test_what_is_listed_and_cannot_be_understood_is_kept(listing: Listing) -> None:
    broken = event("evt-b", data={"donor_id": 7})
    listing.pages["1"] = {"items": [broken, {"id": 4}, event("evt-1")], "next": None, "cursor": "2"}
    await listing.poller.poll()
    assert [(kind, source) for kind, source, _, _ in listing.door.stored()] == [
        ("unreadable_event", "crm:unreadable"),
        ("unreadable_event", "crm:unreadable"),
        ("crm_event", "crm:/countersign-sandbox/crm"),
    ]


async def test_an_unknown_event_that_was_sent_and_is_listed_is_kept_once(listing: Listing) -> None:
    assert await listing.door.send(UNKNOWN, message_id="evt-x") == (202, {"status": "accepted"})
    listing.pages["1"] = {"items": [json.loads(json.dumps(UNKNOWN))], "next": None, "cursor": "2"}
    await listing.poller.poll()
    assert listing.stored() == ["evt-x"]


async def test_the_first_look_however_late_finds_what_happened_since_it_was_installed(tmp_path: Path) -> None:
    async with _listing(fresh_sqlite(tmp_path / "countersign.db")) as listing:
        installed = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
        await listing.database.write(
            lambda tx: tx.settings.put(INSTALLED_AT, installed.isoformat(), installed)
        )
        before = [event("evt-0", time="2026-11-20T08:59:59Z"), event("evt-x", type="donor.waved")]
        listing.pages[""] = {"items": before[:1], "next": "1", "cursor": "1"}
        listing.pages["1"] = {"items": "none: it breaks off here"}
        await listing.poller.poll()
        listing.pages["1"] = {"items": [*before, event("evt-1")], "next": None, "cursor": "2"}
        listing.pages["2"] = {"items": [], "next": None, "cursor": "2"}
        for _ in range(2):
            await listing.poller.poll()
        assert (listing.asked, listing.stored()) == (["", "1", "", "1", "2"], ["evt-1"])
