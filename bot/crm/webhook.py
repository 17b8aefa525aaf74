"""The CRM's events: signed as Standard Webhooks, shaped as CloudEvents 1.0, read into ours or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from bot.crm.signature import Signatures
from bot.doorstep import Arrival
from handlers.commands import Command, CrmEventArrived, UnreadableEventArrived
from policy.events import CrmEvent, CrmEventType

LARGEST_BODY = 1_048_576
_STRUCTURED = "application/cloudevents+json"
_LOOKED_AT = {
    name.encode(): name for name in ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")
}
_RFC_3339 = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_REQUIRED = ("specversion", "id", "source", "type")
_LONGEST_ID = 500
_KNOWN = frozenset(CrmEventType)
_NUL = b"\\u0000"
_Key = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_ID)]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A signed event; its *arrival* tells a repetition, and the donor it concerns."""

    command: Command
    arrival: Arrival
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
        of_one_donor = self.gift_id or self.interaction_id or self.pledge_id or self.note_id
        return of_one_donor or self.campaign_id or None


class _Usual(BaseModel):
    """An event as nearly every CRM sends it: structured, complete, and without attributes of its own.

    Reading it in one go costs a tenth of what the CloudEvents library takes. What is not exactly like this,
    and whatever is wrong with an event, is read by the library.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    specversion: Literal["1.0"]
    id: _Key
    source: _Key
    type: CrmEventType
    time: Annotated[str, StringConstraints(pattern=_RFC_3339)]
    subject: _Key = ""
    datacontenttype: Literal["application/json"] = "application/json"
    data: _Data


def looks_signed(headers: Mapping[str, str]) -> bool:
    """Say whether a request brings what a sender of signed events does; *headers* have lower-case names."""
    return bool(headers.get("webhook-id")) and headers.get("webhook-signature", "").startswith("v1,")


def receive(headers: Mapping[str, str], body: bytes, signatures: Signatures) -> Accepted | Rejected:
    """Check the signature, then read the event; *headers* have lower-case names.

    A signed event that cannot be understood is kept for inspection: unknown types are accepted, malformed
    ones answered with 400. Nothing unsigned is kept.
    """
    if not signatures.match(headers, body):
        return Rejected(401, "signature_invalid")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type.startswith("application/cloudevents-batch"):
        return Rejected(415, "batches_unsupported")
    usual = _usual(body) if content_type == _STRUCTURED else None
    return usual or _read(headers, body)


def receive_usual(
    headers: Sequence[tuple[bytes, bytes]], body: bytes, signatures: Signatures
) -> Accepted | None:
    """Read a well signed event as nearly every CRM sends it; None for all that `receive` has to judge.

    *headers* have lower-case names.
    """
    found = {each: value.decode("latin-1") for name, value in headers if (each := _LOOKED_AT.get(name))}
    if found.get("content-type", "").partition(";")[0] != _STRUCTURED:
        return None
    return _usual(body) if signatures.match(found, body) else None


def read_structured(body: bytes, known_as: object = None) -> Accepted | Rejected:
    """Read an event that the CRM itself lists, in structured mode.

    *known_as* is the id it is listed under: what cannot be understood is known by it, as when it was sent.
    """
    named = {"webhook-id": known_as} if isinstance(known_as, str) else {}
    return _usual(body) or _read({"content-type": _STRUCTURED, **named}, body)


def _usual(body: bytes) -> Accepted | None:
    """Read what is as usual as can be; None for everything else."""
    if _NUL in body:
        return None
    try:
        event = _Usual.model_validate_json(body)
        time = datetime.fromisoformat(event.time)
    except ValueError:
        return None
    data, is_about_all = event.data, event.type is CrmEventType.CAMPAIGN_STATUS_CHANGED
    donor_id = data.donor_id or (None if is_about_all else event.subject or None)
    if donor_id and len(donor_id) > _LONGEST_ID:
        return None
    return _arrived(
        CrmEvent(
            id=event.id,
            source=event.source,
            type=event.type,
            time=time,
            donor_id=donor_id,
            record_id=data.record_id,
            fields=data.fields,
            actor=data.actor,
        )
    )


def _read(headers: Mapping[str, str], body: bytes) -> Accepted | Rejected:
    event = _cloud_event(headers, body)
    if event is None:
        return _kept(headers, body, "malformed", status=400)
    if event.get_type() not in _KNOWN:
        return _kept(headers, body, "unknown_type", status=202, event=event)
    return _understood(event, headers, body)


def _cloud_event(headers: Mapping[str, str], body: bytes) -> BaseCloudEvent | None:
    """Read either content mode; the library would invent a missing id, so what must be there comes first."""
    try:
        if not _has_required(headers, body):
            return None
        return from_http_event(HTTPMessage(headers=dict(headers), body=body))
    except Exception:  # noqa: BLE001 - the library lets JSON, date and attribute errors through as they come
        return None


def _has_required(headers: Mapping[str, str], body: bytes) -> bool:
    if headers.get("content-type", "").lower().startswith(_STRUCTURED):
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
        arrived.model_dump_json()  # what no encoding can carry is found here and not when it is stored
    except (ValidationError, ValueError, TypeError, RecursionError):
        return _kept(headers, body, "malformed", status=400)
    if not all(map(_is_storable, (arrived.id, arrived.source, arrived.donor_id or ""))):
        return _kept(headers, body, "malformed", status=400)
    return _arrived(arrived)


def _arrived(event: CrmEvent) -> Accepted:
    """Return *event* as it is stored; its keys are such as every database can hold."""
    order = f"donor:{event.donor_id}" if event.donor_id else None
    arrival = Arrival(source=f"crm:{event.source}", dedupe_key=event.id, order=order)
    return Accepted(CrmEventArrived(event=event), arrival)


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
    return Accepted(command, Arrival(source="crm:unreadable", dedupe_key=key), status)
