"""What was let in and cannot be worked on ends as a dead letter with its reason, and disturbs nobody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from bot.cli.stage import WEBHOOK_SECRET
from tests.crm.conftest import event, signed_headers
from tests.databases import fresh_sqlite
from tests.loop.conftest import Loop, running_loop
from tests.loop.staging import OLIVIA, OLIVIAS


@pytest_asyncio.fixture
async def loop(tmp_path: Path) -> AsyncIterator[Loop]:
    async with running_loop(fresh_sqlite(tmp_path / "countersign.db"), tmp_path, model=False) as opened:
        yield opened


async def _send(loop: Loop, document: Any, number: int) -> int:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = signed_headers(body, message_id=f"msg-{number}", secret=WEBHOOK_SECRET.get_secret_value())
    answer = await loop.stage.http.post(f"{loop.stage.bot_origin}/crm/events", content=body, headers=headers)
    return answer.status_code


async def test_each_is_kept_under_its_reason(loop: Loop) -> None:
    sent = {
        "event_malformed": b"{",
        "event_unknown_type": event("e1", type="wealth.screened"),
        "donor_unknown": event("e2", data={"donor_id": "donor-9999"}),
        "event_without_donor": event("e3", subject=None, data={}),
        "campaign_unknown": event(
            "e4", type="campaign.status_changed", data={"campaign_id": "campaign-9999"}
        ),
    }
    statuses = [await _send(loop, document, number) for number, document in enumerate(sent.values())]
    assert statuses == [400, 202, 202, 202, 202]
    await loop.settled()
    assert sorted(reason or "" for _, reason in await loop.dead()) == sorted(sent)
    assert await loop.stage.history(OLIVIA, OLIVIAS) == [], "nobody is bothered"
    await loop.card()


async def test_an_id_that_is_a_path_leads_nowhere(loop: Loop) -> None:
    wild = ["../staff", "..", "donor-0001/notes", "donor-0001?x=1", "donor-0001#x", "a\nb", "%2e%2e", "a\\b"]
    for number, donor_id in enumerate(wild):
        assert await _send(loop, event(f"wild-{number}", data={"donor_id": donor_id}), number) == 202
    await loop.settled()
    assert await loop.dead() == [("crm_event", "donor_unknown")] * len(wild)
    assert loop.stage.heard == [], "the CRM was not even asked"
