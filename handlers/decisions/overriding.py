"""Overruling a proposal: the decision moves, and why is kept as a code that is counted and in own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from handlers.context import Arrived
from handlers.decisions.considering import consider
from handlers.decisions.deciding_person import Decider
from handlers.decisions.standing import Click, too_late
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.escalation import EscalationState
from policy.override_reasons import GivenReason, Override
from storage.escalations import Changes, Escalation
from storage.overrides import OverrideEntry
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Overruling:
    """A way of deciding against an open proposal: where the decision then stands, and what it counts as."""

    to: EscalationState
    override: Override


DECLINING = Overruling(EscalationState.DECLINED, Override.DECLINE)
DEFERRING = Overruling(EscalationState.DEFERRED, Override.DEFER)
SENDING_BACK = Overruling(EscalationState.SENT_BACK, Override.SEND_BACK)


class OverrulingClick(Click, Protocol):
    """A click that says why."""

    @property
    def reason(self) -> GivenReason | None: ...


def overrule(
    tx: Transaction,
    command: OverrulingClick,
    arrived: Arrived,
    decider: Decider,
    how: Overruling,
    changes: Changes | None = None,
    **details: Any,
) -> Escalation | None:
    """Move an open decision, write down and count by whom and why; None when somebody else was first.

    *changes* go with the move, *details* into the audit entry.
    """
    moved = tx.escalations.move(
        command.escalation_id,
        (EscalationState.OPEN,),
        how.to,
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
        f"escalation.{how.to.value}",
        subject=moved.donor_id,
        actor=slack_actor(command.by.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        considered=consider(tx, arrived, decider.escalation, decider.colleague.id, how.to.value),
        **decider.named(),
        **audited_reason(command.reason),
        **details,
    )
    count_override(tx, arrived, moved.id, how.override, command.reason, command.by.id)
    return moved


def count_override(
    tx: Transaction,
    arrived: Arrived,
    escalation_id: str,
    override: Override,
    reason: GivenReason | None,
    by_user: str,
) -> None:
    """Count the override for the digests; what was said in somebody's own words is not kept there."""
    tx.overrides.add(
        OverrideEntry(
            id=arrived.ids.new(),
            escalation_id=escalation_id,
            override=override,
            reason=reason.code if reason else None,
            by_user=by_user,
            at=arrived.now,
        )
    )


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
