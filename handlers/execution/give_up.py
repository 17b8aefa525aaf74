"""Say openly that an approved action is not carried out, when trying it again has been given up."""

from __future__ import annotations

import contextlib

from handlers.answers.answering import post
from handlers.context import Arrived, NotBefore
from handlers.execution.execute_action import READY, stop
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from policy.escalation import EscalationState
from storage.transaction import Transaction

NOT_SENT = "Something went wrong on our side, and nothing was sent to the CRM."
MAYBE_SENT = "Something went wrong on our side. The change may or may not be in the CRM: please look there."
LET_BE = "{name} has let it be after repeated failures. {what}"
NOTHING_SENT = "Nothing was sent to the CRM."
LOOK_THERE = "The change may or may not be in the CRM: please look there."
NEXT = "IT finds what happened under the reference, and can have it tried again."


def tell_it_was_given_up(tx: Transaction, arrived: Arrived, escalation_id: str) -> None:
    """Post in the card's thread, for whoever decided; the decision stays as it is, so that it can go on."""
    escalation = tx.escalations.get(escalation_id)
    if escalation is None or escalation.state not in READY:
        return
    write_down(
        tx,
        arrived,
        "action.given_up",
        subject=escalation.donor_id,
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
    )
    if escalation.channel_id is None or escalation.message_ts is None:
        return
    notice = Notice(
        text=NOT_SENT if escalation.state is EscalationState.APPROVED else MAYBE_SENT,
        next_step=NEXT,
        reference=arrived.reference,
        mention=escalation.decided_by,
    )
    place, thread = escalation.channel_id, escalation.message_ts
    post(tx, arrived, notice, place, by=SYSTEM, donor_id=escalation.donor_id, thread_ts=thread)


def end_given_up(tx: Transaction, arrived: Arrived, escalation_id: str, name: str) -> None:
    """End a decision whose carrying out *name* has discarded, and have its card say what is known."""
    escalation = tx.escalations.get(escalation_id)
    if escalation is None or escalation.state not in READY:
        return
    what = NOTHING_SENT if escalation.state is EscalationState.APPROVED else LOOK_THERE
    with contextlib.suppress(NotBefore):  # it has gone on this very moment: there is nothing left to end
        stop(tx, arrived, escalation, LET_BE.format(name=name, what=what))
