"""The CRM's own list of events: followed to its end, never in circles, and nothing on it is lost."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import delete

from bot.cli.running import listen
from bot.crm.polling import Poller
from bot.crm.wire import Wire, crm_session
from bot.doorstep import Doorstep
from bot.http.asgi import Receive, Scope, Send, answer
from bot.occurrences import INSTALLED_AT
from storage.bell import InProcessBell
from storage.database import Database
from storage.ids import IdSource
from storage.schema import SETTINGS
from tests.crm.conftest import Door, event, open_door
from tests.databases import fresh_sqlite, perform
from tests.fakes import HandClock
from tests.loop.staging import serving

Page = dict[str, Any]
UNKNOWN = event("evt-x", type="donor.waved")


TURN = timedelta(minutes=2)


@dataclass
class Listing:
    """A CRM that answers with the page of each cursor, and who reads it; a page may take its time."""

    door: Door
    database: Database
    clock: HandClock
    origin: str
    pages: dict[str, Page]
    asked: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def replica(self, name: str, origin: str | None = None) -> AsyncIterator[Poller]:
        ids = IdSource(self.clock.now, secrets.token_bytes)
        async with crm_session(origin or self.origin, "t", 10) as session:
            doorstep = Doorstep(self.database, InProcessBell(), self.clock, ids)
            yield Poller(Wire(session), self.database, doorstep, self.clock, name=name, turn=TURN)

    async def poll(self) -> None:
        async with self.replica("the one") as poller:
            await poller.poll()

    def stored(self) -> list[str]:
        return [key for _, _, key, _ in self.door.stored()]


@asynccontextmanager
async def _listing(url: str) -> AsyncIterator[Listing]:
    async def crm(scope: Scope, _receive: Receive, send: Send) -> None:
        after = parse_qs(scope["query_string"].decode()).get("after", [""])[0]
        listing.asked.append(after)
        meanwhile, listing.meanwhile = listing.meanwhile, None
        if meanwhile:
            await meanwhile()
        await answer(send, 200, listing.pages[after])

    database = Database.open(url)
    try:
        async with serving(crm, listen("127.0.0.1", 0)) as origin, open_door(url) as door:
            listing = Listing(door, database, HandClock(), origin, {})
            yield listing
    finally:
        await database.close()


@pytest.fixture
async def listing(tmp_path: Path) -> AsyncIterator[Listing]:
    """Whoever follows the list is where it ends, at "1"."""
    async with _listing(fresh_sqlite(tmp_path / "countersign.db")) as opened:
        opened.pages[""] = {"items": [event("evt-0")], "next": None, "cursor": "1"}
        await opened.poll()
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
    await listing.poll()
    assert (listing.asked, listing.stored()) == (asked, [f"evt-{at}" for at in asked])
    assert "event list leads back to where it was" in caplog.text
    last = leads[asked[-1]]
    listing.pages[last] = {"items": [event("evt-new")], "next": None, "cursor": "9"}
    await listing.poll()
    assert (listing.asked[len(asked) :], listing.stored()[-1]) == ([last], "evt-new")


async def test_what_is_listed_and_cannot_be_understood_is_kept(listing: Listing) -> None:
    broken = event("evt-b", data={"donor_id": 7})
    listing.pages["1"] = {"items": [broken, {"id": 4}, event("evt-1")], "next": None, "cursor": "2"}
    await listing.poll()
    assert [(kind, source) for kind, source, _, _ in listing.door.stored()] == [
        ("unreadable_event", "crm:unreadable"),
        ("unreadable_event", "crm:unreadable"),
        ("crm_event", "crm:/countersign-sandbox/crm"),
    ]


async def test_an_unknown_event_that_was_sent_and_is_listed_is_kept_once(listing: Listing) -> None:
    assert await listing.door.send(UNKNOWN, message_id="evt-x") == (202, {"status": "accepted"})
    listing.pages["1"] = {"items": [json.loads(json.dumps(UNKNOWN))], "next": None, "cursor": "2"}
    await listing.poll()
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
        await listing.poll()
        listing.pages["1"] = {"items": [*before, event("evt-1")], "next": None, "cursor": "2"}
        listing.pages["2"] = {"items": [], "next": None, "cursor": "2"}
        for _ in range(2):
            await listing.poll()
        assert (listing.asked, listing.stored()) == (["", "1", "", "1", "2"], ["evt-1"])


@pytest.fixture(params=["sqlite", "postgresql"])
async def followed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Listing]:
    """Somebody has followed the list to "1", where there is one more event, and died."""
    is_sqlite = request.param == "sqlite"
    url = fresh_sqlite(tmp_path / "countersign.db") if is_sqlite else request.getfixturevalue("postgres_url")
    perform(url, lambda connection: connection.execute(delete(SETTINGS)).rowcount)
    async with _listing(url) as opened:
        opened.door.empty()
        opened.pages[""] = {"items": [], "next": None, "cursor": "1"}
        opened.pages["1"] = {"items": [event("evt-1")], "next": None, "cursor": "2"}
        opened.pages["2"] = {"items": [], "next": None, "cursor": "2"}
        await opened.poll()
        opened.clock.move(seconds=121)
        opened.asked.clear()
        yield opened


async def test_one_replica_asks_for_the_list_until_it_dies(followed: Listing) -> None:
    async with followed.replica("a") as a, followed.replica("b") as b:
        for _ in range(3):
            await a.poll()
            await b.poll()
            followed.clock.move(seconds=60)
        assert (followed.asked, followed.stored()) == (["1", "2", "2"], ["evt-1"])
        await b.poll()
        assert len(followed.asked) == 3, "the turn lasts for two minutes after the last page"
        followed.clock.move(seconds=61)
        await b.poll()
        await a.poll()
        assert followed.asked[3:] == ["2"]


async def test_whoever_was_overtaken_leaves_the_list_where_it_is(followed: Listing) -> None:
    followed.pages["1"]["next"] = "2"
    followed.pages["2"] = {"items": [event("evt-2")], "next": None, "cursor": "3"}
    followed.pages["3"] = {"items": [], "next": None, "cursor": "3"}
    async with followed.replica("slow") as slow, followed.replica("quick") as quick:

        async def overtake() -> None:
            followed.clock.move(seconds=121)
            await quick.poll()

        followed.meanwhile = overtake
        await slow.poll()
        assert (followed.asked, followed.stored()) == (["1", "1", "2"], ["evt-1", "evt-2"])
        await quick.poll()
        assert followed.asked[3:] == ["3"]


async def test_a_replica_without_a_way_to_the_crm_lets_another_ask(followed: Listing) -> None:
    with closing(listen("127.0.0.1", 0)) as nobody:
        nowhere = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    async with followed.replica("cut off", nowhere) as cut_off, followed.replica("b") as b:
        await cut_off.poll()
        await b.poll()
    assert (followed.asked, followed.stored()) == (["1"], ["evt-1"])


async def test_a_turn_that_a_wrong_clock_gave_is_over(followed: Listing) -> None:
    async with followed.replica("fast") as fast, followed.replica("right") as right:
        followed.clock.move(days=30)
        await fast.poll()
        followed.clock.move(days=-30)
        await right.poll()
    assert followed.asked == ["1", "2"]
