"""Overruling a proposal: the decision moves, and why is kept as a code that is counted and in own words."""

from __future__ import annotations

from typing import Any, Protocol

from handlers.context import Arrived
from handlers.decisions.considering import consider
from handlers.decisions.deciding_person import Decider
from handlers.decisions.standing import Click, too_late
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.escalation import EscalationState
from policy.override_reasons import GivenReason
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction


class OverrulingClick(Click, Protocol):
    """A click that says why."""

    @property
    def reason(self) -> GivenReason | None: ...


def overrule(
    tx: Transaction,
    command: OverrulingClick,
    arrived: Arrived,
    decider: Decider,
    to: EscalationState,
    changes: Changes | None = None,
    **details: Any,
) -> Escalation | None:
    """Move an open decision, write down by whom and why; None when somebody else was first.

    *changes* go with the move, *details* into the audit entry.
    """
    moved = tx.escalations.move(
        command.escalation_id,
        (EscalationState.OPEN,),
        to,
        arrived.now,
        revision=decider.escalation.revision,
        **(decider.signed(arrived.now) | shown_reason(command.reason) | (changes or Changes())),
    )
    if moved is None:
        too_late(tx, command, arrived)
        return None
    write_down(
        tx,
        arrived,
        f"escalation.{to.value}",
        subject=moved.donor_id,
        actor=slack_actor(command.by.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        considered=consider(tx, arrived, decider.escalation, decider.colleague.id, to.value),
        **decider.named(),
        **audited_reason(command.reason),
        **details,
    )
    return moved


def shown_reason(reason: GivenReason | None) -> Changes:
    """Return what the card needs to say why."""
    return Changes(
        reason_code=reason.code.value if reason else None, reason_text=reason.text if reason else None
    )


def audited_reason(reason: GivenReason | None) -> dict[str, str | None]:
    """Return the reason as an audit entry holds it: the code, the code in words, and the person's words."""
    if reason is None:
        return {"reason_code": None}
    return {"reason_code": reason.code.value, "reason": reason.label, "text": reason.text}
