"""Send a decision back: the record has to be put right first, by whoever looks after records."""

from __future__ import annotations

from handlers.absence.working_hours import working_time_by_email
from handlers.cleanup.cleanup_queue import cleanup_channel, steward
from handlers.cleanup.remind_steward import watch_cleanup
from handlers.commands import SendBackRequested
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.overriding import overrule
from handlers.decisions.standing import refuse_click
from handlers.outcomes import CleanupShown, Notice
from handlers.proposals.escalation_view import card_of
from handlers.refreshing import refresh_card, show_cleanup
from policy.canonical import canonical_json
from policy.escalation import EscalationState
from storage.cleanup import CleanupItem
from storage.escalations import Escalation
from storage.transaction import Transaction


async def send_back(command: SendBackRequested, arrived: Arrived, context: Context) -> Write:
    """Take the decision off the queue of approvals and put the record on the one of records to put right."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    looks_after = await steward(context)
    working = await working_time_by_email(context.organisation.data_steward, context)
    too_long = working.add_working_days(arrived.now, context.organisation.cleanup_days)
    channel, steward_id = cleanup_channel(context.organisation), looks_after.id if looks_after else None

    def write(tx: Transaction) -> None:
        item = _send_back(tx, command, arrived, decider, channel, steward_id)
        if item:
            watch_cleanup(tx, arrived, item, too_long)

    return write


def _send_back(
    tx: Transaction,
    command: SendBackRequested,
    arrived: Arrived,
    decider: Decider,
    channel: str,
    steward_id: str | None,
) -> CleanupItem | None:
    item_id = arrived.ids.new()
    moved = overrule(tx, command, arrived, decider, EscalationState.SENT_BACK, cleanup_id=item_id)
    if moved is None:
        return None
    item = _item(item_id, command, arrived, decider, moved, channel, steward_id)
    tx.cleanup.add(item)
    show_cleanup(tx, arrived, item)
    refresh_card(tx, arrived, moved)
    return item


def _item(
    item_id: str,
    command: SendBackRequested,
    arrived: Arrived,
    decider: Decider,
    moved: Escalation,
    channel: str,
    steward_id: str | None,
) -> CleanupItem:
    card = card_of(moved)
    shown = CleanupShown(
        item_id=item_id,
        donor=card.donor,
        reason=command.reason.label,
        text=command.reason.text,
        waiting=card.proposal,
        asked_by_user_id=decider.colleague.id,
        asked_by=decider.colleague.name,
        asked_for=decider.in_place_of or "",
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
