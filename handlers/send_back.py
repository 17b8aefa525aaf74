"""Send a decision back: the record has to be put right first, by whoever looks after records."""

from __future__ import annotations

from handlers.cleanup_queue import cleanup_channel, steward
from handlers.commands import SendBackRequested
from handlers.context import Arrived, Context, Write
from handlers.deciding_person import Decider, decider_of
from handlers.effects import refresh_card, show_cleanup
from handlers.escalation_view import card_of
from handlers.evidence import record as write_down
from handlers.evidence import slack_actor
from handlers.outcomes import CleanupShown, Notice
from handlers.overriding import audited_reason, count_override, shown_reason
from handlers.standing import refuse_click, too_late
from policy.canonical import canonical_json
from policy.escalation import EscalationState
from policy.override_reasons import Override
from storage.cleanup import CleanupItem
from storage.escalations import Escalation
from storage.transaction import Transaction


async def send_back(command: SendBackRequested, arrived: Arrived, context: Context) -> Write:
    """Take the decision off the queue of approvals and put the record on the one of records to put right."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    looks_after = await steward(context)
    channel, steward_id = cleanup_channel(context.organisation), looks_after.id if looks_after else None
    return lambda tx: _send_back(tx, command, arrived, decider, channel, steward_id)


def _send_back(
    tx: Transaction,
    command: SendBackRequested,
    arrived: Arrived,
    decider: Decider,
    channel: str,
    steward_id: str | None,
) -> None:
    moved = tx.escalations.move(
        command.escalation_id,
        (EscalationState.OPEN,),
        EscalationState.SENT_BACK,
        arrived.now,
        decided_by=decider.colleague.id,
        decided_by_name=decider.colleague.name,
        decided_at=arrived.now,
        **shown_reason(command.reason),
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    item = _item(command, arrived, decider, moved, channel, steward_id)
    tx.cleanup.add(item)
    write_down(
        tx,
        arrived,
        "escalation.sent_back",
        subject=moved.donor_id,
        actor=slack_actor(command.by.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        cleanup_id=item.id,
        name=decider.colleague.name,
        **audited_reason(command.reason),
    )
    count_override(tx, arrived, moved.id, Override.SEND_BACK, command.reason, command.by.id)
    show_cleanup(tx, arrived, item)
    refresh_card(tx, arrived, moved)


def _item(
    command: SendBackRequested,
    arrived: Arrived,
    decider: Decider,
    moved: Escalation,
    channel: str,
    steward_id: str | None,
) -> CleanupItem:
    card, item_id = card_of(moved), arrived.ids.new()
    shown = CleanupShown(
        item_id=item_id,
        donor=card.donor,
        reason=command.reason.label,
        text=command.reason.text,
        waiting=card.proposal,
        asked_by_user_id=decider.colleague.id,
        asked_by=decider.colleague.name,
        asked_at=arrived.now,
        steward_user_id=steward_id,
        reference=card.reference,
    )
    return CleanupItem(
        id=item_id,
        escalation_id=moved.id,
        donor_id=moved.donor_id,
        card=canonical_json(shown),
        asked_by=decider.colleague.id,
        asked_at=arrived.now,
        route=channel,
        correlation_id=moved.correlation_id,
    )
