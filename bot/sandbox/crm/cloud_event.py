"""What the CRM tells the outside world: CloudEvents 1.0 with ids only, and the deliveries they are owed."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, JsonValue

from .model import Record

EventType = Literal[
    "donor.updated",
    "donation.received",
    "email.opened",
    "meeting.completed",
    "pledge.renewed",
    "campaign.status_changed",
    "reply.received",
    "note.added",
]
DeliveryStatus = Literal["pending", "delivered", "failed", "dropped"]

SOURCE = "/countersign-sandbox/crm"
CONTENT_TYPE = "application/cloudevents+json"


class CloudEvent(Record):
    """One event; *position* is its place in the poll feed, counted from 1."""

    id: str
    position: int
    type: EventType
    subject: str
    time: AwareDatetime
    data: dict[str, JsonValue]

    def wire(self) -> dict[str, JsonValue]:
        """The structured-mode JSON document."""
        document = self.model_dump(mode="json", exclude={"position"})
        return {
            "specversion": "1.0",
            **document,
            "source": SOURCE,
            "datacontenttype": "application/json",
        }


class Delivery(Record):
    """An event on its way to the webhook: *id* is the event's, *copies* are still to be sent."""

    id: str
    position: int
    due_at: AwareDatetime
    attempts: int = 0
    copies: int = 1
    status: DeliveryStatus = "pending"
    last_answer: str | None = None
