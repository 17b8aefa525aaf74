"""Where a decision stands, told honestly to somebody who clicked in vain."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from handlers.answers.answering import answer
from handlers.commands import ChatUser, ReplyAddress
from handlers.context import Arrived, Write
from handlers.decisions.follow_owner import look_at_owner
from handlers.outcomes import Notice
from handlers.ports import Unavailable
from handlers.proposals.escalation_view import who_decided
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

AT_ONCE = timedelta(milliseconds=50)

UNKNOWN_CARD = Notice(
    text="I do not know this card. It may belong to another installation or to a database that was replaced.",
    next_step="Nothing was changed. Open the app's Home tab for the decisions that wait for you.",
)

NOW_YOURS = Notice(
    text="You are the relationship owner by now, so this decision moves to you.",
    next_step="Nothing was changed by your click. You find the card where your decisions come in a moment.",
)

_STANDING = {
    EscalationState.OPEN: "This decision is open again.",
    EscalationState.APPROVED: "This was already approved by {who}; it is being written to the CRM.",
    EscalationState.EXECUTING: "This was already approved by {who}; it is being written to the CRM.",
    EscalationState.EXECUTED: "This was already approved by {who} and is in the CRM.",
    EscalationState.OUTCOME_UNKNOWN: "This was approved by {who}; I am finding out whether the CRM has it.",
    EscalationState.FAILED: "This was approved by {who}, but it could not be carried out. The card says why.",
    EscalationState.DEFERRED: "This decision was put off by {who}. The card says until when.",
    EscalationState.ESCALATED: "This decision was passed on by {who}.",
    EscalationState.SENT_BACK: "This was sent back by {who} for better data.",
    EscalationState.DECLINED: "This was already declined by {who}.",
    EscalationState.EXPIRED: "The time to decide is over; nobody decided, and nothing was done.",
    EscalationState.SUPERSEDED: "A newer card has taken the place of this one.",
    EscalationState.UNDONE: "This was carried out and undone again.",
}


class Click(Protocol):
    """What every click on a card has."""

    @property
    def escalation_id(self) -> str: ...
    @property
    def by(self) -> ChatUser: ...
    @property
    def reply_to(self) -> ReplyAddress: ...


def standing(escalation: Escalation) -> Notice:
    """Say where the decision stands now."""
    who = who_decided(escalation) or "somebody else"
    return Notice(
        text=_STANDING[escalation.state].format(who=who), next_step="Nothing was changed by your click."
    )


def refuse_click(click: Click, arrived: Arrived, refusal: Notice) -> Write:
    """Refuse privately, and write the refusal down."""

    def write(tx: Transaction) -> None:
        note_refusal(tx, click, arrived, refusal)
        answer(tx, arrived, refusal, click.reply_to)

    return write


def note_refusal(tx: Transaction, click: Click, arrived: Arrived, refusal: Notice) -> None:
    """Write down that somebody was refused, and why; a new owner gets the decision."""
    escalation = tx.escalations.get(click.escalation_id)
    if escalation and refusal == NOW_YOURS:
        look_at_owner(tx, arrived, escalation.donor_id)
    write_down(
        tx,
        arrived,
        "click.refused",
        subject=escalation.donor_id if escalation else None,
        actor=slack_actor(click.by.id),
        correlation_id=escalation.correlation_id if escalation else None,
        reason=refusal.text,
    )


def too_late(tx: Transaction, click: Click, arrived: Arrived) -> None:
    """Tell somebody that another decision was first.

    Raises Unavailable for what can still be acted on but is no longer as it was read: an open decision may be
    somebody else's by now, and an undo may have got one more yes, or its end.
    """
    escalation = tx.escalations.get(click.escalation_id)
    if escalation and escalation.state in (EscalationState.OPEN, EscalationState.EXECUTED):
        raise Unavailable("countersign", "decided_meanwhile", AT_ONCE)
    answer(tx, arrived, standing(escalation) if escalation else UNKNOWN_CARD, click.reply_to)
