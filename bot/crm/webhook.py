"""The CRM's events: signed as Standard Webhooks, shaped as CloudEvents 1.0, read into ours or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from pydantic import BaseModel, ConfigDict, ValidationError
from standardwebhooks import Webhook

from handlers.commands import Command, CrmEventArrived, UnreadableEventArrived
from policy.events import CrmEvent, CrmEventType

LARGEST_BODY = 1_048_576
_REQUIRED = ("specversion", "id", "source", "type")
_LONGEST_ID = 500
_KNOWN = frozenset(CrmEventType)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A signed event; *dedupe_key* and *source* tell a repetition, *order* is the donor it concerns."""

    command: Command
    source: str
    dedupe_key: str
    order: str | None
    status: int = 202


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing was processed; *code* says why, without content."""

    status: int
    code: str


class _Data(BaseModel):
    """The ids an event carries; everything else is read from the CRM."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    donor_id: str | None = None
    gift_id: str | None = None
    interaction_id: str | None = None
    pledge_id: str | None = None
    note_id: str | None = None
    campaign_id: str | None = None
    fields: tuple[str, ...] = ()
    actor: str | None = None

    @property
    def record_id(self) -> str | None:
        """Return the id of the record the event is about."""
        ids = (self.gift_id, self.interaction_id, self.pledge_id, self.note_id, self.campaign_id)
        return next((each for each in ids if each), None)


def receive(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Accepted | Rejected:
    """Check the signature, then read the event; *headers* have lower-case names.

    A signed event that cannot be understood is kept for inspection: unknown types are accepted, malformed
    ones answered with 400. Nothing unsigned is kept.
    """
    if not _is_signed(headers, body, secrets):
        return Rejected(401, "signature_invalid")
    content_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type.startswith("application/cloudevents-batch"):
        return Rejected(415, "batches_unsupported")
    return _read(headers, body)


def read_structured(body: bytes) -> Accepted | Rejected:
    """Read an event that the CRM itself lists, in structured mode."""
    return _read({"content-type": "application/cloudevents+json"}, body)


def _read(headers: Mapping[str, str], body: bytes) -> Accepted | Rejected:
    event = _cloud_event(headers, body)
    if event is None:
        return _kept(headers, body, "malformed", status=400)
    if event.get_type() not in _KNOWN:
        return _kept(headers, body, "unknown_type", status=202, event=event)
    return _understood(event, headers, body)


def _is_signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    return any(_matches(secret, headers, body) for secret in secrets)


def _matches(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except Exception:  # noqa: BLE001 - the library raises ValueError and UnicodeDecodeError for forged headers
        return False
    return True


def _cloud_event(headers: Mapping[str, str], body: bytes) -> BaseCloudEvent | None:
    """Read either content mode; the library would invent a missing id, so what must be there comes first."""
    try:
        if not _has_required(headers, body):
            return None
        return from_http_event(HTTPMessage(headers=dict(headers), body=body))
    except Exception:  # noqa: BLE001 - the library lets JSON, date and attribute errors through as they come
        return None


def _has_required(headers: Mapping[str, str], body: bytes) -> bool:
    if headers.get("content-type", "").lower().startswith("application/cloudevents+json"):
        document: Any = json.loads(body)
        return isinstance(document, dict) and all(_is_text(document.get(name)) for name in _REQUIRED)
    return all(headers.get(f"ce-{name}") for name in _REQUIRED)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _understood(event: BaseCloudEvent, headers: Mapping[str, str], body: bytes) -> Accepted:
    raw = event.get_data()
    try:
        data = _Data.model_validate(raw if isinstance(raw, dict) else json.loads(raw or "{}"))
        arrived = CrmEvent(
            id=event.get_id(),
            source=event.get_source(),
            type=CrmEventType(event.get_type()),
            time=event.get_time(),
            donor_id=data.donor_id or _subject(event),
            record_id=data.record_id,
            fields=data.fields,
            actor=data.actor,
        )
        command = CrmEventArrived(event=arrived)
        command.model_dump_json()  # what no encoding can carry is found here and not when it is stored
    except (ValidationError, ValueError, TypeError, RecursionError):
        return _kept(headers, body, "malformed", status=400)
    if not all(map(_is_storable, (arrived.id, arrived.source, arrived.donor_id or ""))):
        return _kept(headers, body, "malformed", status=400)
    order = f"donor:{arrived.donor_id}" if arrived.donor_id else None
    return Accepted(command, f"crm:{arrived.source}", arrived.id, order)


def _is_storable(text: str) -> bool:
    """Say whether every database can hold *text* as a key: of limited length, and without NUL."""
    return len(text) <= _LONGEST_ID and "\x00" not in text


def _subject(event: BaseCloudEvent) -> str | None:
    if event.get_type() == CrmEventType.CAMPAIGN_STATUS_CHANGED:
        return None
    return event.get_subject()


def _kept(
    headers: Mapping[str, str], body: bytes, reason: str, *, status: int, event: BaseCloudEvent | None = None
) -> Accepted:
    given = headers.get("webhook-id", "")
    key = given if given and _is_storable(given) else hashlib.sha256(body).hexdigest()
    # What JSON can spell and no encoding can carry must not be an accident at the door.
    event_type = str(event.get_type())[:100].encode(errors="replace").decode() if event else ""
    command = UnreadableEventArrived(
        reason=reason,
        event_type=event_type,
        body=body.decode("utf-8", errors="replace")[:20_000],
    )
    return Accepted(command, "crm:unreadable", key, None, status)
