"""What a signed event may look like: understood, or kept with its reason, and never an accident."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from bot.crm.webhook import Accepted, read_structured
from tests.crm.conftest import DATA, STRUCTURED, Door, event, signed_headers

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNSIGNED = (401, {"error": "signature_invalid"})
ACCEPTED = (202, {"status": "accepted"})
KEPT = {"status": "kept_unreadable"}
GIFT = ("crm_event", "crm:/countersign-sandbox/crm", "evt-1", "donor:donor-0001")


def _kept(key: str = "msg-1") -> tuple[str, str, str, None]:
    return ("unreadable_event", "crm:unreadable", key, None)


@pytest.mark.parametrize(
    "document",
    [
        *(event(**{name: None}) for name in ("specversion", "id", "source", "type")),
        *(event(**{name: ""}) for name in ("specversion", "id", "source", "type")),
        *(event(**{name: 7}) for name in ("specversion", "id", "source", "type", "time")),
        *(event(**{name: ["x"]}) for name in ("id", "source", "type", "time")),
        event("x" * 501),
        event(source="/" + "x" * 500),
        event(data={"donor_id": "d" * 501}),
        event(time="yesterday"),
        event(time="2026-11-20T10:00:00"),
        event(time="2026-02-30T10:00:00Z"),
        event(data=[1, 2]),
        event(data="text"),
        event(data=7),
        event(data={"donor_id": 7}),
        event(data={"donor_id": ["donor-0001"]}),
        event(data={"donor_id": "donor-0001", "fields": "lifecycle_stage"}),
        event(data={"donor_id": "donor-0001", "fields": [1]}),
        event(data={"donor_id": "donor-0001", "gift_id": {"a": 1}}),
        event(id="\ud800"),
        event(source="\udfff"),
        event(data={"donor_id": "\ud800"}),
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"specversion": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda document: (document if isinstance(document, bytes) else json.dumps(document).encode())[:40],
)
async def test_what_cannot_be_understood_is_kept_for_people(door: Door, document: Any) -> None:
    status, answer = await door.send(document)
    assert (status, answer) == (400, KEPT)
    assert door.stored() == [_kept()]
    [body] = door.bodies()
    assert (body["type"], body["reason"]) == ("unreadable_event", "malformed")
    assert (await door.send(document)) == (400, KEPT)
    assert door.stored() == [_kept()], "sent again it is the same letter"


async def test_an_unknown_type_is_thanked_and_kept(door: Door) -> None:
    assert await door.send(event(type="wealth.screened")) == ACCEPTED
    assert door.stored() == [_kept()]
    [body] = door.bodies()
    assert (body["reason"], body["event_type"]) == ("unknown_type", "wealth.screened")
    assert json.loads(body["body"]) == event(type="wealth.screened")


async def test_a_type_that_no_encoding_can_carry_is_kept(door: Door) -> None:
    assert await door.send(event(type="\ud800")) == ACCEPTED
    assert door.bodies()[0]["event_type"] == "?"


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b'{"specversion":"1.0","id":"\xff"}'])
async def test_what_is_no_utf_8_is_not_accepted_even_signed(door: Door, body: bytes) -> None:
    assert await door.send(body) == UNSIGNED
    assert door.stored() == []


async def test_the_time_is_optional_as_the_specification_says(door: Door) -> None:
    assert await door.send(event(time=None)) == ACCEPTED
    told = datetime.fromisoformat(door.bodies()[0]["event"]["time"])
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


async def test_what_an_event_says_besides_is_ignored(door: Door) -> None:
    document = event(partitionkey="x", traceparent="00-abc", comment={"deep": [1]})
    document["data"] |= {"amount": 10**9, "approve": True, "owner_id": "staff-mara", "nested": {"a": [None]}}
    assert await door.send(document) == ACCEPTED
    [body] = door.bodies()
    assert "approve" not in json.dumps(body)
    assert "staff-mara" not in json.dumps(body)


async def test_a_donor_named_in_the_subject_alone_is_good_enough(door: Door) -> None:
    assert await door.send(event(data=None)) == ACCEPTED
    assert door.stored() == [GIFT]
    assert door.bodies()[0]["event"]["record_id"] is None


@pytest.mark.parametrize("name", ["gift_id", "interaction_id", "pledge_id", "note_id", "campaign_id"])
async def test_an_event_names_the_record_that_it_is_about(door: Door, name: str) -> None:
    ids = {"donor_id": "donor-0001", "campaign_id": "campaign-1"} | {name: "record-1"}
    assert await door.send(event(data=ids)) == ACCEPTED
    assert door.bodies()[0]["event"]["record_id"] == "record-1"


async def test_a_letter_whose_delivery_has_no_name_to_keep_is_known_by_what_it_says(door: Door) -> None:
    for body in (b"{}", b"[]", b"{}"):
        assert await door.send(body, message_id="m" * 501) == (400, KEPT)
    listed = [read_structured(body) for body in (b"{}", b"[]")]
    assert all(isinstance(each, Accepted) for each in listed)
    assert door.stored() == [_kept(each.arrival.dedupe_key) for each in listed if isinstance(each, Accepted)]
    assert len(set(door.stored())) == 2


async def test_a_campaign_concerns_no_donor(door: Door) -> None:
    document = event(
        type="campaign.status_changed",
        subject="campaign-1",
        data={"campaign_id": "campaign-1", "status": "paused"},
    )
    assert await door.send(document) == ACCEPTED
    assert door.stored() == [(*GIFT[:3], None)]


async def test_a_batch_is_refused_and_not_kept(door: Door) -> None:
    body = json.dumps([event()]).encode()
    headers = signed_headers(body, content_type="application/cloudevents-batch+json; charset=utf-8")
    assert await door.post(body, headers) == (415, {"error": "batches_unsupported"})
    assert door.stored() == []


async def test_binary_mode_is_understood(door: Door) -> None:
    body = json.dumps(event()["data"]).encode()
    attributes = {f"ce-{k}": str(v) for k, v in event().items() if k not in ("data", "datacontenttype")}
    headers = signed_headers(body, content_type="application/json") | attributes
    assert await door.post(body, headers) == ACCEPTED
    assert door.stored() == [GIFT]


@pytest.mark.parametrize("missing", ["ce-specversion", "ce-id", "ce-source", "ce-type"])
async def test_binary_mode_without_an_attribute_is_kept(door: Door, missing: str) -> None:
    body = json.dumps(event()["data"]).encode()
    attributes = {f"ce-{k}": str(v) for k, v in event().items() if k not in ("data", "datacontenttype")}
    attributes.pop(missing)
    headers = signed_headers(body, content_type="application/json") | attributes
    assert await door.post(body, headers) == (400, KEPT)
    assert door.stored() == [_kept()]


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream", "", "application/xml"])
@pytest.mark.parametrize(
    "body", [b"", b"hello", b"\xff\xfe", b"[" * 100_000], ids=["empty", "text", "bytes", "deep"]
)
async def test_binary_mode_with_other_content_never_breaks(
    door: Door, content_type: str, body: bytes
) -> None:
    attributes = {f"ce-{k}": str(v) for k, v in event().items() if k not in ("data", "datacontenttype")}
    headers = signed_headers(body, content_type=content_type) | attributes
    status, _ = await door.post(body, headers)
    # What is no UTF-8 cannot be checked against its signature; the rest is understood or kept.
    assert status == 401 if body == b"\xff\xfe" else status in (202, 400)
    assert len(door.stored()) == (0 if status == 401 else 1)


async def test_without_a_content_type_nothing_is_guessed(door: Door) -> None:
    body = json.dumps(event()).encode()
    headers = {k: v for k, v in signed_headers(body).items() if k != "content-type"}
    assert await door.post(body, headers) == (400, KEPT)


# The specification's own examples


def _http_examples() -> list[tuple[str, bytes, dict[str, str]]]:
    text = (DATA / "cloudevents-http.feature").read_text(encoding="utf-8")
    found = []
    for outline in text.split("Scenario Outline: ")[1:]:
        request = outline.split('"""')[1].strip("\n")
        head, _, body = request.partition("\n\n")
        lines = [line.strip() for line in head.splitlines()][1:]
        headers = dict(re.split(r":\s*", line, maxsplit=1) for line in lines)
        for row in re.findall(
            r"\|\s*(application/[^|]+?)\s*\|\s*$", outline.split("Examples:")[1], re.MULTILINE
        ):
            named = {
                k.lower(): v.replace("<contentType>", row) for k, v in headers.items() if k.startswith("ce")
            }
            found.append((row, body.encode(), named))
    return found


@pytest.mark.parametrize(("content_type", "body", "attributes"), _http_examples())
async def test_the_http_binding_of_cloudevents(
    door: Door, content_type: str, body: bytes, attributes: dict[str, str]
) -> None:
    headers = signed_headers(body, content_type=content_type) | attributes
    assert await door.post(body, headers) == ACCEPTED, "well formed, and of no type of ours"
    assert door.stored() == [_kept()]
    assert door.bodies()[0]["event_type"] == "com.example.someevent"


def _minimum() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DATA / "cloudevents-v1_minimum.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("example", _minimum(), ids=lambda e: e["ContextAttributes"]["id"])
async def test_the_minimum_of_cloudevents(door: Door, example: dict[str, Any]) -> None:
    attributes = {name: str(value) for name, value in example["ContextAttributes"].items()}
    structured = attributes | {"data": example["Data"]}
    assert await door.send(structured) == ACCEPTED
    body = example["Data"].encode()
    binary = {f"ce-{k}": v for k, v in attributes.items() if k != "datacontenttype"}
    headers = signed_headers(body, message_id="msg-2", content_type=attributes["datacontenttype"]) | binary
    assert await door.post(body, headers) == ACCEPTED
    assert [b["event_type"] for b in door.bodies()] == ["io.cloudevents.minimum"] * 2
    assert STRUCTURED not in headers.values()
