"""A donor is the same whether the CRM tells everything in one answer, part of it, or list by list."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from bot.cli.running import listen
from bot.crm.rest import RestCrm
from bot.crm.wire import Wire, crm_session
from bot.http.asgi import AsgiApp, Receive, Scope, Send, answer
from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
from handlers.ports import DonorUnknown, Unavailable
from policy.donor import DonorRecord
from tests.loop.counterparts import stories
from tests.loop.staging import serving

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
JANE = "donor-0001"
Json = dict[str, Any]
SINGLY = [
    "donors/donor-0001",
    *(
        f"donors/donor-0001/{path}"
        for path in (
            *("gifts", "soft-credits", "pledges", "recurring-gifts"),
            *("interactions", "notes", "tasks", "consents"),
        )
    ),
    "households/household-0001",
]


@dataclass
class Crm:
    """The simulated CRM behind somebody who writes down what is asked and may change the one answer."""

    crm: RestCrm
    asked: list[str] = field(default_factory=list)
    change: Callable[[Json], Json] | int = lambda whole: whole

    async def read(self) -> DonorRecord:
        """Read Jane, and forget what was asked before."""
        self.asked.clear()
        return await self.crm.read(JANE)

    def lists_asked(self) -> list[str]:
        return sorted(path for path in self.asked if path in SINGLY)


class _Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@asynccontextmanager
async def _reading(**faults: Any) -> AsyncIterator[tuple[Crm, _Clock]]:
    config = CrmSandboxConfig(token="t", webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    app = build_crm(config, lambda: NOW, stories(NOW.date()))
    app.state.crm.faults.switch(faults)
    clock = _Clock()
    async with (
        serving(_between(app, lambda: crm), listen("127.0.0.1", 0)) as origin,
        crm_session(f"{origin}/crm/api/v1/", "t", 10) as session,
    ):
        crm = Crm(RestCrm(Wire(session), clock))
        yield crm, clock


def _between(app: AsgiApp, crm: Callable[[], Crm]) -> AsgiApp:
    async def between(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix("/crm/api/v1/")
        crm().asked.append(path)
        change = crm().change
        if not path.endswith("/record"):
            await app(scope, receive, send)
        elif isinstance(change, int):
            await answer(send, change, {})
        else:
            parts: list[bytes] = []

            async def take(message: Any) -> None:
                parts.append(message.get("body", b""))

            await app(scope, receive, take)
            await answer(send, 200, change(json.loads(b"".join(parts))))

    return between


async def test_one_request_reads_what_a_dozen_read() -> None:
    async with _reading() as (crm, _):
        whole = await crm.read()
        assert (crm.lists_asked(), "donors/donor-0001/record" in crm.asked) == ([], True)
        crm.change = 404
        assert await crm.read() == whole
        assert crm.lists_asked() == sorted(SINGLY)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
async def test_a_crm_without_the_answer_is_asked_for_it_once_an_hour(status: int) -> None:
    async with _reading() as (crm, clock):
        crm.change = status
        first = await crm.read()
        assert "donors/donor-0001/record" in crm.asked
        assert await crm.read() == first
        assert "donors/donor-0001/record" not in crm.asked
        clock.at += timedelta(hours=1)
        crm.change = lambda whole: whole
        assert (await crm.read()).gifts == first.gifts
        assert crm.lists_asked() == []


async def test_what_the_answer_leaves_out_is_asked_for_and_what_goes_on_is_read_on() -> None:
    async with _reading() as (crm, _):
        usual = await crm.read()

        def changed(whole: Json) -> Json:
            del whole["tasks"], whole["household"]
            first = whole["gifts"]["items"][:1]
            # The sandbox's cursors name the last record of a page.
            gone_on = _cursor(first[0]["received_on"], first[0]["id"])
            return whole | {"gifts": {"items": first, "next": gone_on}}

        crm.change = changed
        assert await crm.read() == usual
        assert crm.lists_asked() == [
            "donors/donor-0001/gifts",
            "donors/donor-0001/tasks",
            "households/household-0001",
        ]


async def test_what_may_not_be_seen_is_a_gap_either_way() -> None:
    async with _reading(partial_permission=True) as (crm, _):
        whole = await crm.read()
        assert (whole.gaps, whole.notes, crm.lists_asked()) == (("notes",), (), [])
        crm.change = 404
        assert await crm.read() == whole


async def test_a_crm_that_is_down_is_not_taken_for_one_without_the_answer() -> None:
    async with _reading() as (crm, _):
        crm.change = 503
        with pytest.raises(Unavailable):
            await crm.read()
        crm.change = lambda whole: whole
        await crm.read()
        assert crm.lists_asked() == []


async def test_a_donor_nobody_knows_says_nothing_about_the_answer() -> None:
    async with _reading() as (crm, _):
        with pytest.raises(DonorUnknown):
            await crm.crm.read("donor-9999")
        await crm.read()
        assert crm.lists_asked() == []


def _cursor(key: str, record_id: str) -> str:
    return urlsafe_b64encode(json.dumps([key, record_id]).encode()).decode()


@pytest.mark.parametrize(
    "follows", [lambda _: "again", lambda asked: f"page-{asked}"], ids=["itself", "more"]
)
async def test_a_list_that_ends_nowhere_is_not_taken_for_the_record(follows: Callable[[int], str]) -> None:
    """What came of it until somebody lost patience would be added up as if it were everything."""
    asked = 0

    async def endless(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        await answer(send, 200, {"items": [{"id": f"gift-{asked}"}], "next": follows(asked)})

    async with (
        serving(endless, listen("127.0.0.1", 0)) as origin,
        crm_session(origin, "t", 10) as session,
    ):
        with pytest.raises(Unavailable) as refused:
            await Wire(session).every("donors/donor-0001/gifts")
    assert (refused.value.code, asked) == ("unreadable_answer", 2 if follows(1) == "again" else 201)


class _Long:
    """A CRM that has answered already, with more than anybody reads in one go."""

    async def every(self, _path: str) -> list[dict[str, str]]:
        return [{"id": str(n), "name": "Ada", "email": "ada@x.example"} for n in range(1_001)]


async def test_others_have_their_turn_while_a_long_list_is_read() -> None:
    turns: list[int] = []

    async def others() -> None:
        while True:
            turns.append(len(turns))
            await asyncio.sleep(0)

    going_on = asyncio.create_task(others())
    read = await RestCrm(cast("Wire", _Long()), _Clock()).staff()
    going_on.cancel()
    assert (len(read), len(turns)) == (1_001, 2)
