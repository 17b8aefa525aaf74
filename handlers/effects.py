"""Everything that leaves: each effect is an outbox row with a key that makes it happen once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from handlers.commands import ReplyAddress
from handlers.context import Arrived
from policy.value import Value
from storage.escalations import Escalation
from storage.queue import Effect as OutboxRow
from storage.transaction import Transaction


class ShowCard(Value):
    """Post an escalation's card, or bring it up to date."""

    type: Literal["show_card"] = "show_card"
    escalation_id: str
    note: str = ""


class RemindDecider(Value):
    """Say in the card's thread that a deferred decision is back."""

    type: Literal["remind_decider"] = "remind_decider"
    escalation_id: str


class SendAnswer(Value):
    """Answer one person privately with a stored outcome."""

    type: Literal["send_answer"] = "send_answer"
    answer_id: str
    to: ReplyAddress


class PostOutcome(Value):
    """Post a stored outcome for everybody in a channel."""

    type: Literal["post_outcome"] = "post_outcome"
    answer_id: str
    channel: str
    thread_ts: str | None = None


class ExecuteAction(Value):
    """Write an approved action to the CRM."""

    type: Literal["execute_action"] = "execute_action"
    escalation_id: str


class TakeBack(Value):
    """Undo an executed action in the CRM."""

    type: Literal["take_back"] = "take_back"
    escalation_id: str
    by_id: str
    by_name: str
    reply_to: ReplyAddress


class PublishEvent(Value):
    """Publish a CloudEvent to whoever listens; *event* is its JSON."""

    type: Literal["publish_event"] = "publish_event"
    event: str


class PublishHome(Value):
    """Bring somebody's Home tab up to date."""

    type: Literal["publish_home"] = "publish_home"
    user_id: str


class FillEvidence(Value):
    """Fill the waiting modal with a decision's evidence."""

    type: Literal["fill_evidence"] = "fill_evidence"
    escalation_id: str
    view_id: str


Effect = Annotated[
    ShowCard
    | RemindDecider
    | SendAnswer
    | PostOutcome
    | ExecuteAction
    | TakeBack
    | PublishEvent
    | PublishHome
    | FillEvidence,
    Field(discriminator="type"),
]

EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)

PEOPLE_FIRST = 10
EVENTS = 50


def enqueue(
    tx: Transaction, effect: Effect, *, key: str, order: str | None, arrived: Arrived, priority: int = EVENTS
) -> bool:
    """Put *effect* into the outbox once per *key*; effects of the same *order* run one after the other."""
    return tx.outbox.enqueue(
        OutboxRow(
            id=arrived.ids.new(),
            idem_key=key,
            kind=effect.type,
            entity_key=order,
            body=effect.model_dump_json().encode(),
            correlation_id=arrived.correlation_id,
            created_at=arrived.now,
            priority=priority,
        )
    )


def refresh_card(tx: Transaction, arrived: Arrived, escalation: Escalation, note: str = "") -> None:
    """Have the card show the escalation as it stands after this change, with a *note* meanwhile."""
    enqueue(
        tx,
        ShowCard(escalation_id=escalation.id, note=note),
        key=f"card:{escalation.id}:{escalation.revision}{':note' if note else ''}",
        order=f"card:{escalation.id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )
