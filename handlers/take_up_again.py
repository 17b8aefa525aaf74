"""What was held back while somebody decided is considered anew as soon as they have."""

from __future__ import annotations

from handlers.context import Arrived
from handlers.evidence import record as write_down
from policy.escalation import UNDECIDED, EscalationState
from storage.escalations import Escalation
from storage.queue import Received
from storage.transaction import Transaction

_S = EscalationState
STILL_GOING_ON = frozenset({*UNDECIDED, _S.SENT_BACK, _S.APPROVED, _S.EXECUTING, _S.OUTCOME_UNKNOWN})
SOURCE = "held_back"


def take_up_again(tx: Transaction, arrived: Arrived, settled: Escalation) -> None:
    """Let what waited for this decision arrive again, with fresh facts; unless another one is open.

    Whoever considers it looks again for open decisions, so that nothing slips through in between.
    """
    if settled.state in STILL_GOING_ON:
        return
    waiting = tx.paused_steps.around(settled.donor_id, settled.household_id)
    if not waiting or tx.escalations.unsettled_around(settled.donor_id, settled.household_id):
        return
    for step in waiting:
        if not tx.paused_steps.remove(step.id):
            continue
        write_down(
            tx,
            arrived,
            "automation.taken_up",
            subject=step.donor_id,
            correlation_id=step.correlation_id,
            after=settled.id,
        )
        tx.inbox.accept(
            Received(
                id=arrived.ids.new(),
                source=SOURCE,
                dedupe_key=step.id,
                kind="crm_event",
                entity_key=f"donor:{step.donor_id}",
                body=step.event,
                correlation_id=step.correlation_id,
                received_at=arrived.now,
            )
        )
