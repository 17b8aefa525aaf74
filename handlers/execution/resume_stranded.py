"""Have every approved action carried out that nothing carries on: there should be none, and none may stay."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.answers.answering import post
from handlers.commands import StrandedDue
from handlers.context import Arrived, Context, Write
from handlers.effects import EFFECT, ExecuteAction
from handlers.enqueueing import enqueue
from handlers.execution.execute_action import READY
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from storage.escalations import Escalation
from storage.transaction import Transaction

IDLE = timedelta(minutes=5)
MOST = 1000
FOUND = (
    "{what} on the way to the CRM, and nothing was left that carried it out. It goes on now: the CRM is "
    "searched first, and nothing is written twice."
)
NEXT = "This should not happen. Tell whoever looks after Countersign, with the log around this time."


async def resume_stranded(command: StrandedDue, arrived: Arrived, context: Context) -> Write:
    """Put what carries it out into the outbox again, and tell operations how many there were."""
    seen = await context.database.read(lambda tx: stranded(tx, arrived.now))

    def write(tx: Transaction) -> None:
        resumed = sum(_resume(tx, arrived, each) for each in seen)
        write_down(tx, arrived, "stranded.looked_for", subject=None, period=command.period_key, found=resumed)
        if resumed:
            what = "1 approved decision was" if resumed == 1 else f"{resumed} approved decisions were"
            notice = Notice(text=FOUND.format(what=what), next_step=NEXT, reference=arrived.reference)
            post(tx, arrived, notice, context.organisation.operations, by=SYSTEM)

    return write


def stranded(tx: Transaction, now: datetime) -> list[Escalation]:
    """Return the decisions on their way to the CRM for whom no effect waits.

    What was set aside waits too, for an admin. Of many that have been on their way for long, `MOST` are
    looked at.
    """
    resting = tx.escalations.at_rest(READY, now - IDLE, MOST)
    orders = {f"{order}:{each.donor_id}" for each in resting for order in ("crm", "unasked")}
    kind = ExecuteAction.model_fields["type"].default
    kept = {EFFECT.validate_json(body) for body in tx.outbox.kept(kind, orders)} if orders else set()
    cared_for = {effect.escalation_id for effect in kept if isinstance(effect, ExecuteAction)}
    return [each for each in resting if each.id not in cared_for]


def _resume(tx: Transaction, arrived: Arrived, seen: Escalation) -> bool:
    """Have it carried on; False when it has gone on since it was seen."""
    escalation = tx.escalations.get(seen.id)
    if escalation is None or escalation.revision != seen.revision:
        return False
    enqueue(
        tx,
        ExecuteAction(escalation_id=escalation.id),
        key=f"execute:{escalation.id}:{escalation.revision}:{arrived.item_id}",
        order=f"crm:{escalation.donor_id}",
        arrived=arrived,
    )
    write_down(
        tx,
        arrived,
        "action.resumed",
        subject=escalation.donor_id,
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
    )
    return True
