"""What an attacker and a careless sender get: the exact status, and exactly what is stored."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.http.crm_events import CrmEvents
from tests.crm.conftest import (
    PREVIOUS,
    SECRET,
    Door,
    event,
    open_door,
    signature,
    signed_headers,
)
from tests.databases import perform

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNSIGNED = (401, {"error": "signature_invalid"})
ACCEPTED = (202, {"status": "accepted"})
AGAIN = (202, {"status": "already_accepted"})
KEPT = {"status": "kept_unreadable"}
GIFT = ("crm_event", "crm:/countersign-sandbox/crm", "evt-1", "donor:donor-0001")
LARGEST = 1_048_576

VECTOR = {
    "body": b'{"test": 2432232314}',
    "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": "1614265330",
    "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


# Who is let in


async def test_a_signed_event_is_stored_as_what_it_means(door: Door) -> None:
    assert await door.send(event()) == ACCEPTED
    assert door.stored() == [GIFT]
    [body] = door.bodies()
    assert body["event"] == {
        "id": "evt-1",
        "source": "/countersign-sandbox/crm",
        "type": "donation.received",
        "time": "2026-11-20T10:00:00Z",
        "donor_id": "donor-0001",
        "record_id": "gift-1",
        "fields": [],
        "actor": None,
    }


async def test_the_published_vector_is_our_signature_and_long_expired(door: Door) -> None:
    at = datetime.fromtimestamp(int(VECTOR["timestamp"]), UTC)
    body = VECTOR["body"]
    assert isinstance(body, bytes)
    assert signature(body, str(VECTOR["id"]), at) == VECTOR["signature"]
    headers = {
        "content-type": "application/json",
        "webhook-id": VECTOR["id"],
        "webhook-timestamp": VECTOR["timestamp"],
        "webhook-signature": VECTOR["signature"],
    }
    assert await door.post(body, headers) == UNSIGNED
    assert door.stored() == []


async def test_while_a_secret_is_replaced_both_are_good(door: Door) -> None:
    assert await door.send(event("evt-old"), secret=PREVIOUS) == ACCEPTED
    assert await door.send(event("evt-new"), secret=SECRET) == ACCEPTED
    assert len(door.stored()) == 2


def _spoiled(**changes: Any) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    body = json.dumps(event()).encode()
    headers = signed_headers(body)
    good = headers["webhook-signature"]
    spoiled = headers | {name.replace("_", "-"): value for name, value in changes.items()}
    spoiled = {k: v.replace("GOOD", good) for k, v in spoiled.items() if v is not None}
    return body, [(name.encode(), value.encode("latin-1")) for name, value in spoiled.items()]


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_signature": None},
        {"webhook_id": None},
        {"webhook_timestamp": None},
        {"webhook_id": "msg-2"},
        {"webhook_timestamp": "0"},
        {"webhook_timestamp": "-1"},
        {"webhook_timestamp": "now"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_timestamp": "1e9"},
        {"webhook_timestamp": "nan"},
        {"webhook_signature": ""},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,"},
        {"webhook_signature": ",,,,"},
        {"webhook_signature": "no comma at all"},
        {"webhook_signature": "v1,not base64!"},
        {"webhook_signature": "v1,Zm9yZ2Vk"},
        {"webhook_signature": "v1,\xe4\xf6\xfc"},
        {"webhook_signature": "\xff\xfe,\xff"},
        {"webhook_signature": "v2,GOOD"},
        {"webhook_signature": "v1," * 2000},
    ],
    ids=lambda changes: str(changes)[:60],
)
async def test_nothing_unsigned_is_kept(door: Door, changes: dict[str, str | None]) -> None:
    assert await door.post(*_spoiled(**changes)) == UNSIGNED
    assert door.stored() == []


async def test_one_good_signature_among_bad_ones_is_enough(door: Door) -> None:
    assert await door.post(*_spoiled(webhook_signature="v1,Zm9yZ2Vk v1a,xyz GOOD")) == ACCEPTED
    assert door.stored() == [GIFT]


@pytest.mark.parametrize("secret", ["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "whsec_YWJjZA=="])
async def test_another_secret_does_not_count(door: Door, secret: str) -> None:
    assert await door.send(event(), secret=secret) == UNSIGNED
    assert door.stored() == []


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=400)], ids=str)
async def test_an_old_or_future_signature_does_not_count(door: Door, age: timedelta) -> None:
    assert await door.send(event(), age=age) == UNSIGNED
    assert door.stored() == []


async def test_a_body_changed_under_way_does_not_count(door: Door) -> None:
    body = json.dumps(event()).encode()
    assert await door.post(body.replace(b"donor-0001", b"donor-0002"), signed_headers(body)) == UNSIGNED
    assert door.stored() == []


# Repetitions


async def test_a_replayed_request_is_thanked_again_and_stored_once(door: Door) -> None:
    body = json.dumps(event()).encode()
    headers = signed_headers(body)
    assert await door.post(body, headers) == ACCEPTED
    assert await door.post(body, headers) == AGAIN
    assert await door.send(event(), message_id="msg-2") == AGAIN, "the event counts, not the delivery"
    assert door.stored() == [GIFT]


async def test_a_hundred_at_once_are_stored_once(door: Door) -> None:
    answers = await asyncio.gather(*(door.send(event(), message_id=f"msg-{n}") for n in range(100)))
    assert sorted(status for status, _ in answers) == [202] * 100
    assert sum(body == {"status": "accepted"} for _, body in answers) == 1
    assert door.stored() == [GIFT]


async def test_the_same_id_of_another_source_is_another_event(door: Door) -> None:
    assert await door.send(event()) == ACCEPTED
    assert await door.send(event(source="/another/crm")) == ACCEPTED
    assert [source for _, source, _, _ in door.stored()] == [
        "crm:/countersign-sandbox/crm",
        "crm:/another/crm",
    ]


# Sizes and methods


async def test_the_largest_body_is_read_and_one_byte_more_is_not(door: Door) -> None:
    document = event()
    padding = LARGEST - len(json.dumps(document | {"padding": ""}).encode())
    assert await door.send(json.dumps(document | {"padding": "x" * padding}).encode()) == ACCEPTED
    more = json.dumps(event("evt-2") | {"padding": "x" * (padding + 1)}).encode()
    assert len(more) == LARGEST + 1
    assert await door.send(more) == (413, {"error": "body_too_large"})
    assert door.stored() == [GIFT]


async def test_a_kept_letter_is_cut_to_a_readable_length(door: Door) -> None:
    assert await door.send(b'{"x": "' + b"y" * 500_000 + b'"}') == (400, KEPT)
    assert len(door.bodies()[0]["body"]) == 20_000


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_only_post_is_answered(door: Door, method: str) -> None:
    answer = await door.http.request(method, "/crm/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("method", ["PUT", "GET"])
async def test_only_post_is_answered_also_where_the_signature_is_right(door: Door, method: str) -> None:
    body = json.dumps(event()).encode()
    answer = await door.http.request(method, "/crm/events", content=body, headers=signed_headers(body))
    assert (answer.status_code, door.stored()) == (405, [])


async def test_a_usual_event_is_taken_in_without_a_task_of_its_own(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task, and taking its request apart again, costs more than checking and storing the event."""
    served = []
    usual = CrmEvents.__call__

    async def noted(self: CrmEvents, *request: Any) -> None:
        served.append(1)
        await usual(self, *request)

    monkeypatch.setattr(CrmEvents, "__call__", noted)
    assert await door.send(event()) == ACCEPTED
    assert await door.send(event()) == AGAIN
    assert (door.stored(), served) == ([GIFT], [])
    assert await door.send(b"{}") == (400, KEPT)
    assert served == [1]


async def test_what_cannot_be_stored_is_not_accepted_and_may_be_sent_again(door: Door) -> None:
    perform(door.url, lambda connection: connection.execute(text("ALTER TABLE inbox RENAME TO away")))
    try:
        body = json.dumps(event()).encode()
        answer = await door.http.post("/crm/events", content=body, headers=signed_headers(body))
    finally:
        perform(door.url, lambda connection: connection.execute(text("ALTER TABLE away RENAME TO inbox")))
    found = answer.status_code, answer.json(), answer.headers["retry-after"]
    assert found == (503, {"error": "not_stored"}, "5")
    assert await door.send(event()) == ACCEPTED


async def test_a_sender_that_hangs_up_leaves_nothing_behind(door: Door) -> None:
    host, port = str(door.http.base_url.host), int(door.http.base_url.port or 0)
    with socket.create_connection((host, port)) as raw:
        raw.sendall(b"POST /crm/events HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
    assert await door.send(event()) == ACCEPTED
    assert door.stored() == [GIFT]


@pytest.mark.postgres
async def test_characters_that_a_database_cannot_hold_are_no_accident(postgres_url: str) -> None:
    """PostgreSQL stores no NUL in a text, and no long text in an index."""
    async with open_door(postgres_url) as door:
        for number, document in enumerate(
            (
                event("evt\u0000-1"),
                event(source="/crm\u0000"),
                event(type="donor\u0000.updated"),
                event(data={"donor_id": "donor\u0000-0001"}),
                event(secrets.token_hex(4000)),
                event(data={"donor_id": secrets.token_hex(4000)}),
            )
        ):
            assert await door.send(document, message_id=f"nul-{number}") in ((400, KEPT), ACCEPTED)
        assert [row[0] for row in door.stored()] == ["unreadable_event"] * 6
