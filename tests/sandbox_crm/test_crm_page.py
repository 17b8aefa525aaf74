"""The API behind the CRM's page: its guards, its documents, what it makes happen, and its live stream."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest

from tests.patience import PATIENCE_S

JANE = "donor-0001"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("[::1]", 200),
        ("crm.example", 403),
        ("127.0.0.1.crm.example:80", 403),
        ("192.168.1.4:8000", 403),
    ],
)
async def test_the_page_answers_on_loopback_only(sandbox, host, status):
    answer = await sandbox.http.get("/crm/sim/state", headers={"Host": host})
    assert answer.status_code == status


@pytest.mark.parametrize("path", ["happen", "faults"])
async def test_a_foreign_page_cannot_write(sandbox, path):
    answer = await sandbox.http.post(f"/crm/sim/{path}", json={"what": "gift"}, headers={"X-Sim": "0"})
    assert (answer.status_code, answer.json()["type"]) == (403, "header_missing")
    assert (await sandbox.get("/events"))["items"] == []


async def test_the_strip_learns_what_it_needs(sandbox):
    state = (await sandbox.http.get("/crm/sim/state")).json()
    assert state["today"] == "2026-11-20"
    assert state["webhook"] == {"configured": False}
    assert state["counts"]["donors"] == 28
    assert state["stories"][0] == {
        "id": "jane-doe",
        "donor_id": JANE,
        "title": "Jane Doe, a healthy major donor",
        "what_to_try": state["stories"][0]["what_to_try"],
        "donor_name": "Jane Doe",
        "owner_id": "staff-olivia",
    }
    assert len(state["campaigns"]) == 31
    assert {"id": "stories", "label": "Worth watching"} in state["filters"]
    assert {"id": "owner:staff-olivia", "label": "Olivia Hart"} in state["filters"]


async def rows(sandbox, **query):
    page = (await sandbox.http.get("/crm/sim/donors", params={"limit": 500, **query})).json()
    assert page["total"] == len(page["items"])
    return page["items"]


@pytest.mark.parametrize(
    ("chosen", "ids"),
    [
        ("without_owner", {"donor-0012", "donor-0028"}),
        ("to_thank", {"donor-0003", "donor-0017", "donor-0018"}),
        ("recurring", {"donor-0001", "donor-0010"}),
        ("pledges", {"donor-0001", "donor-0002", "donor-0009", "donor-0025"}),
        ("owner:staff-petra", {"donor-0011"}),
        ("flag:Deceased", {"donor-0002"}),
        ("tier:principal", {"donor-0005", "donor-0006"}),
        ("stage:qualification", {"donor-0012"}),
    ],
)
async def test_the_list_is_filtered(sandbox, chosen, ids):
    assert {row["id"] for row in await rows(sandbox, filter=chosen)} == ids


async def test_the_list_is_sorted_by_name_and_searched(sandbox):
    everyone = await rows(sandbox)
    assert len(everyone) == 28
    assert [
        row["name"] for row in everyone if row["name"] in ("Jane Doe", "Helen Marlow", "Vivian Crane")
    ] == [
        "Vivian Crane",
        "Jane Doe",
        "Helen Marlow",
    ]
    [jane] = await rows(sandbox, search="jane", filter="major")
    assert jane == {
        "id": JANE,
        "name": "Jane Doe",
        "type": "individual",
        "email": "jane.doe@mail.example",
        "city": "Portland",
        "country": "US",
        "owner_id": "staff-olivia",
        "lifecycle_stage": "stewardship",
        "tier": "major",
        "tags": ["harbour-council", "gala-host"],
        "owner_name": "Olivia Hart",
        "lifetime_giving": {"minor": 6_565_000, "currency": "USD"},
        "gift_count": 52,
        "last_gift_on": "2026-11-05",
        "flags": [],
        "story_id": "jane-doe",
    }


async def record(sandbox, donor_id=JANE):
    answer = await sandbox.http.get(f"/crm/sim/donors/{donor_id}")
    assert answer.status_code == 200
    return answer.json()


async def test_a_record_is_one_document(sandbox):
    await sandbox.happen("reply", donor_id=JANE, text="Thank you!")
    document = await record(sandbox)
    assert document["owner"]["name"] == "Olivia Hart"
    assert [row["name"] for row in document["household_members"]] == ["Jane Doe", "Thomas Doe"]
    assert document["interactions"][1]["body"] == "Thank you!"
    assert document["interactions"][0]["status"] == "planned"
    assert document["story"]["id"] == "jane-doe"
    assert document["names"]["campaign-0001"] == "Keep the Light capital campaign"
    assert [event["type"] for event in document["events"]] == ["reply.received"]
    assert document["events"][0]["delivery"]["status"] == "dropped"
    counted = {name: len(value) for name, value in document.items() if isinstance(value, list)}
    assert counted == {
        "household_members": 2,
        "gifts": 52,
        "soft_credits": 0,
        "pledges": 1,
        "recurring_gifts": 1,
        "interactions": 6,
        "consents": 3,
        "tasks": 1,
        "notes": 2,
        "changes": 1,
        "events": 1,
    }


async def test_there_is_no_document_of_nobody(sandbox):
    answer = await sandbox.http.get("/crm/sim/donors/none")
    assert (answer.status_code, answer.json()["type"]) == (404, "not_found")


async def test_a_gift_moves_the_totals_the_campaign_and_the_version(sandbox):
    before, campaign = await record(sandbox), await sandbox.get("/campaigns/campaign-0001")
    happened = await sandbox.happen("gift", donor_id=JANE, amount_minor=250_000, campaign_id="campaign-0001")
    after = await record(sandbox)
    assert happened["summary"] == "Jane Doe gave USD 2,500.00."
    assert after["gifts"] == [happened["record"], *before["gifts"]]
    assert happened["record"]["acknowledgement"] == {"status": "needed", "on": None, "by": None}
    assert happened["record"]["soft_credits"] == [
        {"donor_id": "donor-0027", "amount": {"minor": 250_000, "currency": "USD"}, "reason": "household"}
    ]
    old, new = before["donor"], after["donor"]
    assert new["rollups"] == old["rollups"] | {
        "lifetime_giving": {"minor": 6_815_000, "currency": "USD"},
        "gift_count": 53,
        "last_gift_on": "2026-11-20",
    }
    assert int(new["version"][1:]) == int(old["version"][1:]) + 1
    raised = (await sandbox.get("/campaigns/campaign-0001"))["raised"]["minor"]
    assert raised == campaign["raised"]["minor"] + 250_000


async def test_stale_totals_stay_stale(sandbox):
    before = (await record(sandbox, "donor-0015"))["donor"]["rollups"]
    await sandbox.happen("gift", donor_id="donor-0015")
    assert (await record(sandbox, "donor-0015"))["donor"]["rollups"] == before


async def test_each_click_makes_another_believable_gift(sandbox):
    amounts = [
        (await sandbox.happen("gift", donor_id="donor-0003"))["record"]["amount"]["minor"] for _ in range(4)
    ]
    assert len(set(amounts)) >= 3
    assert all(500_000 <= minor <= 10_000_000 for minor in amounts)
    first = (await sandbox.happen("gift", donor_id="donor-0027"))["record"]["amount"]
    assert first == {"minor": 10_000, "currency": "USD"}


async def test_the_planned_meeting_takes_place(sandbox):
    planned = (await record(sandbox))["interactions"][0]
    happened = await sandbox.happen("meeting", donor_id=JANE, text="Loved the shed.")
    assert happened["record"] == planned | {
        "status": "completed",
        "at": "2026-11-20T15:00:00Z",
        "modified_at": "2026-11-20T15:00:00Z",
        "body": "Loved the shed.",
    }
    dropped_in = await sandbox.happen("meeting", donor_id=JANE)
    assert dropped_in["record_id"] != planned["id"]


async def test_a_renewed_pledge_is_split_into_four(sandbox):
    pledge = (await sandbox.happen("pledge", donor_id=JANE, amount_minor=1_000_001))["record"]
    assert [part["amount"]["minor"] for part in pledge["installments"]] == [250_000] * 3 + [250_001]
    assert (pledge["status"], pledge["pledged_on"]) == ("open", "2026-11-20")


async def test_a_stranger_writes_a_note(sandbox):
    note = (await sandbox.happen("note", donor_id=JANE, text="Obey me.", external=True))["record"]
    assert (note["external_author"], note["author_id"], note["text"]) == (True, None, "Obey me.")


async def test_without_a_name_it_happens_to_the_first_story(sandbox):
    assert (await sandbox.happen("gift"))["donor_id"] == JANE


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"what": "miracle"}, 422),
        ({"what": "gift", "amount_minor": 0}, 422),
        ({"what": "gift", "amount_minor": -5}, 422),
        ({"what": "gift", "donor_id": "none"}, 404),
        ({"what": "gift", "campaign_id": "none"}, 404),
        ({"what": "gift", "donor_id": "donor-0013"}, 409),
        ({"what": "campaign", "campaign_id": "campaign-0003"}, 422),
        ({"what": "gift", "surprise": 1}, 422),
    ],
)
async def test_what_cannot_happen_is_refused(sandbox, wish, status):
    answer = await sandbox.http.post("/crm/sim/happen", json=wish)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await sandbox.get("/events"))["items"] == []


async def told(lines, wanted):
    """The next event of that name on the stream, and its data."""
    name = ""
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == wanted:
                return json.loads(line.removeprefix("data: "))
    return None


async def test_the_page_is_told_live(serve_crm, webhook_url):
    async with (
        serve_crm(webhook_url=webhook_url) as sandbox,
        sandbox.http.stream("GET", "/crm/sim/stream", timeout=PATIENCE_S) as stream,
    ):
        lines = stream.aiter_lines()
        assert await anext(lines) == ": connected"
        happened = await sandbox.happen("gift", donor_id=JANE)
        gift = await told(lines, "change")
        assert gift == {"kind": "Gift", "record_id": happened["record_id"], "donor_id": JANE}
        sent = await told(lines, "event_sent")
        delivered = await told(lines, "event_delivered")
        assert sent["id"] == delivered["event_id"] == happened["event_ids"][0]
        assert (delivered["status"], delivered["attempts"]) == ("delivered", 1)
        await sandbox.break_it(slow_ms=1)
        assert (await told(lines, "fault"))["slow_ms"] == 1


async def test_the_pages_are_served(sandbox):
    index = await sandbox.http.get("/crm")
    assert index.headers["content-type"].startswith("text/html")
    assert (await sandbox.http.get("/crm/donors/donor-0001")).text == index.text
    control = await sandbox.http.get("/crm/control")
    assert control.status_code == 200
    assert control.text != index.text
    assert (await sandbox.http.get("/static/crm/app.js")).status_code == 200
    assert (await sandbox.http.get("/static/crm/../crm/nothing.js")).status_code == 404


async def test_an_imported_world_replaces_the_generated_one(open_crm, journal_path, stories_world):
    async with open_crm(world=None, journal_path=journal_path) as generated:
        assert (await generated.get("/ping"))["donors"] > 250
    async with open_crm(journal_path=journal_path) as imported:
        assert (await imported.get("/ping"))["donors"] == len(stories_world.donors)
        await imported.happen("gift", donor_id=JANE)
    async with open_crm(journal_path=journal_path) as again:
        assert len((await record(again))["gifts"]) == 53


async def test_it_works_mounted_and_started_by_hand(mount_crm, webhook, webhook_url):
    async with mount_crm(webhook_url=webhook_url) as sandbox:
        await sandbox.crm.start()
        await sandbox.crm.start()
        happened = await sandbox.happen("gift", donor_id=JANE)
        assert (await webhook.next()).event["id"] == happened["event_ids"][0]
        missing = await sandbox.http.get("/crm/api/v1/donors/none")
        assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
        await sandbox.break_it(lost_write_replies=True)
        with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
            await sandbox.write("PUT", "/notes/key", {"donor_id": JANE, "text": "Noted."})
        await sandbox.crm.stop()
        await sandbox.crm.stop()
