"""Publishing what happened as CloudEvents 1.0, without personal data in them."""

from __future__ import annotations

from handlers.context import Arrived
from handlers.effects import PublishEvent
from handlers.enqueueing import enqueue
from handlers.proposals.ruling import Ruling
from policy.canonical import canonical_json
from policy.claims import Recommendation
from policy.events import PublishedEventType
from storage.transaction import Transaction

SOURCE = "/countersign"


def publish(
    tx: Transaction,
    arrived: Arrived,
    event: PublishedEventType,
    subject: str,
    ruling: Ruling,
    recommendation: Recommendation,
) -> None:
    """Publish *event* about *subject*, an opaque id, with confidence, model and policy outcome."""
    publish_data(
        tx,
        arrived,
        event,
        subject,
        {
            "action": recommendation.action.kind,
            "confidence": recommendation.confidence.score,
            "model": recommendation.origin.model or recommendation.origin.kind,
            "policy_outcome": ruling.decision.outcome.value,
            "policy_version": ruling.decision.policy_version,
        },
    )


def publish_data(
    tx: Transaction, arrived: Arrived, event: PublishedEventType, subject: str, data: dict[str, object]
) -> None:
    """Publish *event* with *data*, which holds ids and codes only."""
    event_id = arrived.ids.new()
    envelope = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": f"countersign.{event.value}",
        "subject": subject,
        "time": arrived.now.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data | {"correlation_id": arrived.correlation_id},
    }
    effect = PublishEvent(event=canonical_json(envelope).decode())
    enqueue(tx, effect, key=f"publish:{event_id}", order=None, arrived=arrived)
