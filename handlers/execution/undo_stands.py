"""Where an undo stands: noted with the decision in one conditional move, and told on the card."""

from __future__ import annotations

from handlers.context import Arrived
from handlers.execution.undo_action import named
from handlers.outcomes import UndoShown
from handlers.proposals.escalation_view import execution_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import refresh_card
from policy.canonical import canonical_json
from policy.escalation import EscalationState
from policy.undoing import Difference
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState


def undo_stands(
    tx: Transaction, arrived: Arrived, escalation: Escalation, to: EscalationState, shown: UndoShown
) -> Escalation | None:
    """Note *shown* unless the decision has moved on since it was read; return it as it is then."""
    execution = execution_of(escalation)
    if execution is None:
        return None
    return tx.escalations.move(
        escalation.id,
        (_S.EXECUTED,),
        to,
        arrived.now,
        revision=escalation.revision,
        outcome=canonical_json(execution.model_copy(update={"undo": shown})),
    )


def undo_refused(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    asked: UndoShown,
    reason: str,
    differences: tuple[Difference, ...] = (),
    rest: str = "",
) -> bool:
    """Say on the card and in the audit that nothing was taken back, and why.

    False when the decision has moved on since it was read: then nothing is said.
    """
    shown = asked.model_copy(
        update={"stage": "refused", "note": reason, "differences": differences, "rest": rest}
    )
    moved = undo_stands(tx, arrived, escalation, _S.EXECUTED, shown)
    if moved is None:
        return False
    write_down(
        tx,
        arrived,
        "undo.refused",
        subject=moved.donor_id,
        actor=slack_actor(asked.by_user_id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        reason=reason,
        **named(asked),
        differences=[each.model_dump(mode="json") for each in differences],
    )
    refresh_card(tx, arrived, moved)
    return True
