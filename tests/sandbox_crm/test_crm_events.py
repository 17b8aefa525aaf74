"""Events: what they say, how they are signed, and that each arrives, across failures and restarts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from datetime import UTC, datetime

import httpx2
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from tests.patience import PATIENCE_S

JANE = "donor-0001"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT_ONCE = (0.0,) * 9
HEADERS = {"Authorization": "Bearer sandbox-token", "X-Sim": "1", "X-Actor": "countersign"}


async def feed(sandbox, **query):
    return [
        event["data"] | {"type": event["type"]} for event in (await sandbox.get("/events", **query))["items"]
    ]


async def test_an_event_carries_ids_only(sandbox):
    happened = await sandbox.happen("gift", donor_id=JANE, amount_minor=250_000)
    assert (await sandbox.get("/events"))["items"] == [
        {
            "specversion": "1.0",
            "id": happened["event_ids"][0],
            "source": "/countersign-sandbox/crm",
            "type": "donation.received",
            "subject": JANE,
            "time": "2026-11-20T15:00:00Z",
            "datacontenttype": "application/json",
            "data": {"donor_id": JANE, "gift_id": happened["record_id"]},
        }
    ]


@pytest.mark.parametrize(
    ("what", "kind", "ids"),
    [
        ("gift", "donation.received", "gift_id"),
        ("reply", "reply.received", "interaction_id"),
        ("email_open", "email.opened", "interaction_id"),
        ("meeting", "meeting.completed", "interaction_id"),
        ("pledge", "pledge.renewed", "pledge_id"),
        ("note", "note.added", "note_id"),
    ],
)
async def test_what_happens_to_a_donor_is_announced(sandbox, what, kind, ids):
    happened = await sandbox.happen(what, donor_id=JANE)
    assert await feed(sandbox) == [{"type": kind, "donor_id": JANE, ids: happened["record_id"]}]


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("opt_out", ["consents"]),
        ("death", ["deceased", "deceased_on"]),
        ("legal_review", ["legal_review"]),
    ],
)
async def test_what_changes_a_donor_is_announced_with_its_fields_and_actor(sandbox, what, fields):
    await sandbox.happen(what, donor_id=JANE)
    updated = {"type": "donor.updated", "donor_id": JANE, "fields": fields, "actor": "crm-page"}
    assert await feed(sandbox) == [updated]


async def test_a_campaign_is_paused_and_resumed(sandbox):
    campaign = "campaign-0001"
    for status in ("paused", "active"):
        await sandbox.happen("campaign", campaign_id=campaign)
        assert (await sandbox.get(f"/campaigns/{campaign}"))["status"] == status
    events = (await sandbox.get("/events"))["items"]
    assert [(e["type"], e["subject"], e["data"]) for e in events] == [
        ("campaign.status_changed", campaign, {"campaign_id": campaign, "status": status})
        for status in ("paused", "active")
    ]


async def test_the_assistant_can_tell_its_own_writes_apart(sandbox):
    jane = await sandbox.get(f"/donors/{JANE}")
    await sandbox.write(
        "PATCH",
        f"/donors/{JANE}",
        {"tags": ["x"]},
        If_Match=f'"{jane["version"]}"',
        X_Actor="countersign:olivia",
    )
    note = {"donor_id": JANE, "text": "Noted."}
    await sandbox.write("PUT", "/notes/bot", note, X_Actor="countersign:olivia")
    await sandbox.write("PUT", "/notes/person", note, X_Actor="staff-omar")
    events = await feed(sandbox)
    assert [(e["type"], e.get("actor")) for e in events] == [
        ("donor.updated", "countersign:olivia"),
        ("note.added", None),
    ]


async def test_the_feed_goes_on_where_the_caller_stopped(sandbox):
    for _ in range(5):
        await sandbox.happen("gift", donor_id=JANE)
    whole = (await sandbox.get("/events"))["items"]
    first = await sandbox.get("/events", limit=2)
    assert (first["items"], first["next"]) == (whole[:2], first["cursor"])
    rest = await sandbox.get("/events", after=first["next"])
    assert (rest["items"], rest["next"]) == (whole[2:], None)
    assert (await sandbox.get("/events", after=rest["cursor"]))["items"] == []
    await sandbox.happen("reply", donor_id=JANE)
    assert len((await sandbox.get("/events", after=rest["cursor"]))["items"]) == 1
    by_id = await sandbox.get("/events", after=whole[3]["id"])
    assert by_id["items"][0] == whole[4]


async def test_the_feed_forgets_after_thirty_days(sandbox, clock):
    await sandbox.happen("gift", donor_id=JANE)
    clock.move(29 * 86_400)
    assert len(await feed(sandbox)) == 1
    clock.move(2 * 86_400)
    assert await feed(sandbox) == []


async def test_a_cursor_of_somebody_else_is_refused(sandbox):
    answer = await sandbox.http.get("/crm/api/v1/events?after=%00")
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid")


async def test_an_event_is_signed_and_valid(open_crm, clock, webhook, webhook_url):
    clock.now = datetime.now(UTC)
    async with open_crm(webhook_url=webhook_url) as sandbox:
        happened = await sandbox.happen("gift", donor_id=JANE)
        arrived = await webhook.next()
    assert arrived.headers["webhook-id"] == happened["event_ids"][0]
    assert arrived.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert Verifier(SECRET).verify(arrived.body, arrived.headers) == arrived.event
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(arrived.body + b" ", arrived.headers)
    event = from_http_event(HTTPMessage(headers=arrived.headers, body=arrived.body))
    assert (event.get_id(), event.get_type(), event.get_subject()) == (
        happened["event_ids"][0],
        "donation.received",
        JANE,
    )


async def test_an_event_is_brought_until_it_is_taken(open_crm, webhook, webhook_url):
    webhook.answers = [500, 503, 404, 302]
    async with open_crm(webhook_url=webhook_url, retry_delays_s=AT_ONCE) as sandbox:
        happened = await sandbox.happen("gift", donor_id=JANE)
        arrived = [await webhook.next() for _ in range(5)]
        assert {one.event["id"] for one in arrived} == set(happened["event_ids"])
        assert await settled(sandbox) == [("delivered", 5, "202")]


async def settled(sandbox):
    """How the deliveries ended, once none is pending."""
    async with asyncio.timeout(PATIENCE_S):
        while any(delivery.status == "pending" for delivery in sandbox.crm.tables.deliveries):
            await asyncio.sleep(0)
    return [(d.status, d.attempts, d.last_answer) for d in sandbox.crm.tables.deliveries]


async def test_after_ten_attempts_only_the_feed_has_the_event(open_crm, webhook, webhook_url):
    webhook.answers = [500] * 20
    async with open_crm(webhook_url=webhook_url, retry_delays_s=AT_ONCE) as sandbox:
        await sandbox.happen("gift", donor_id=JANE)
        assert await settled(sandbox) == [("failed", 10, "500")]
        assert webhook.arrived.qsize() == 10
        assert len(await feed(sandbox)) == 1


async def test_the_next_attempt_waits_for_its_time(open_crm, clock, webhook, webhook_url):
    webhook.answers = [500, 500]
    async with open_crm(webhook_url=webhook_url) as sandbox:
        await sandbox.happen("gift", donor_id=JANE)
        pauses = []
        for _ in range(2):
            await webhook.next()
            delivery = await tried(sandbox, len(pauses) + 1)
            pauses.append((delivery.due_at - clock()).total_seconds())
            clock.move(pauses[-1])
            sandbox.crm.events.wake.set()
        await webhook.next()
        assert pauses == [1.0, 5.0]
        assert await settled(sandbox) == [("delivered", 3, "202")]


async def tried(sandbox, attempts):
    async with asyncio.timeout(PATIENCE_S):
        while (delivery := next(iter(sandbox.crm.tables.deliveries))).attempts < attempts:
            await asyncio.sleep(0)
    return delivery


async def test_a_webhook_that_is_not_there_is_tried_again(open_crm, clock):
    async with open_crm(webhook_url="http://127.0.0.1:9/none") as sandbox:
        await sandbox.happen("gift", donor_id=JANE)
        delivery = await tried(sandbox, 1)
        assert (delivery.status, delivery.last_answer) == ("pending", "ConnectError")


async def test_duplicates_have_the_same_id(open_crm, webhook, webhook_url):
    async with open_crm(webhook_url=webhook_url) as sandbox:
        await sandbox.break_it(duplicate_events=True)
        happened = await sandbox.happen("gift", donor_id=JANE)
        twice = [(await webhook.next()).event["id"] for _ in range(2)]
        assert twice == happened["event_ids"] * 2
        assert await settled(sandbox) == [("delivered", 2, "202")]


async def test_late_events_are_held_back(open_crm, clock, webhook, webhook_url):
    async with open_crm(webhook_url=webhook_url) as sandbox:
        await sandbox.break_it(late_events=20)
        late = (await sandbox.happen("gift", donor_id=JANE))["event_ids"]
        await sandbox.break_it(late_events=0)
        prompt = (await sandbox.happen("reply", donor_id=JANE))["event_ids"]
        assert (await webhook.next()).event["id"] == prompt[0]
        assert webhook.arrived.empty()
        clock.move(20)
        sandbox.crm.events.wake.set()
        arrived = (await webhook.next()).event
        assert (arrived["id"], arrived["time"]) == (late[0], "2026-11-20T15:00:00Z")


async def test_reordered_events_overtake_each_other(open_crm, clock, webhook, webhook_url):
    async with open_crm(webhook_url=webhook_url) as sandbox:
        await sandbox.break_it(reorder_events=True)
        first = (await sandbox.happen("gift", donor_id=JANE))["event_ids"]
        second = (await sandbox.happen("reply", donor_id=JANE))["event_ids"]
        arrived = [(await webhook.next()).event["id"]]
        clock.move(3)
        sandbox.crm.events.wake.set()
        arrived.append((await webhook.next()).event["id"])
        assert arrived == second + first


async def test_dropped_events_are_in_the_feed_alone(open_crm, webhook, webhook_url):
    async with open_crm(webhook_url=webhook_url) as sandbox:
        await sandbox.break_it(drop_events=True)
        dropped = await sandbox.happen("gift", donor_id=JANE)
        await sandbox.break_it(drop_events=False)
        sent = await sandbox.happen("reply", donor_id=JANE)
        assert (await webhook.next()).event["id"] == sent["event_ids"][0]
        assert await settled(sandbox) == [("dropped", 0, None), ("delivered", 1, "202")]
        ids = [event["id"] for event in (await sandbox.get("/events"))["items"]]
        assert ids == dropped["event_ids"] + sent["event_ids"]


async def test_what_was_not_delivered_is_delivered_after_a_restart(
    open_crm, journal_path, webhook, webhook_url
):
    async with open_crm(webhook_url="http://127.0.0.1:9/none", journal_path=journal_path) as before:
        happened = await before.happen("gift", donor_id=JANE)
        await tried(before, 1)
        record = await before.get(f"/donors/{JANE}")
    async with open_crm(webhook_url=webhook_url, journal_path=journal_path) as after:
        after.crm.store.clock.move(60)
        after.crm.events.wake.set()
        assert (await webhook.next()).event["id"] == happened["event_ids"][0]
        assert await settled(after) == [("delivered", 2, "202")]
        assert await after.get(f"/donors/{JANE}") == record
        assert (await after.happen("gift", donor_id=JANE))["record_id"] > happened["record_id"]


SERVER = """
import os, sys, uvicorn
from datetime import UTC, datetime
from pathlib import Path
from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
config = CrmSandboxConfig(
    "sandbox-token",
    "{secret}",
    webhook_url=sys.argv[2],
    journal_path=Path(sys.argv[1]),
    retry_delays_s=(1.0,) * 9,
)
app = build_crm(config, lambda: datetime.now(UTC))
import socket
listening = socket.socket(); listening.bind(("127.0.0.1", 0)); listening.listen()
print(listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])
"""


async def test_a_killed_process_loses_nothing_that_was_answered(journal_path, webhook, webhook_url):
    task = {
        "donor_id": JANE,
        "kind": "task",
        "title": "Ring",
        "due_on": "2030-01-01",
        "assignee_id": "staff-olivia",
    }
    async with process(journal_path, "http://127.0.0.1:9/none") as (running, http):
        happened = (await http.post("/crm/sim/happen", json={"what": "gift", "donor_id": JANE})).json()
        made = await http.put("/crm/api/v1/tasks/key", json=task)
        os.kill(running.pid, signal.SIGKILL)
    async with process(journal_path, webhook_url) as (_, http):
        gift = (await http.get(f"/crm/api/v1/gifts/{happened['record_id']}")).json()
        again = await http.put("/crm/api/v1/tasks/key", json=task)
        assert gift == happened["record"]
        assert (again.status_code, again.json()) == (200, made.json())
        assert (await webhook.next()).event["id"] == happened["event_ids"][0]


@contextlib.asynccontextmanager
async def process(journal_path, url):
    """A CRM in a process of its own, and a client that reaches it."""
    code = SERVER.replace("{secret}", SECRET)
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(journal_path), url, stdout=asyncio.subprocess.PIPE
    )
    try:
        line = await asyncio.wait_for(running.stdout.readline(), PATIENCE_S)
        base = f"http://127.0.0.1:{int(line)}"
        async with httpx2.AsyncClient(base_url=base, headers=HEADERS, trust_env=False, verify=False) as http:
            yield running, http
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.kill()
        await running.wait()
