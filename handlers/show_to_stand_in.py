"""Show a card also to whoever decides while its holder is away, and tell them; the holder keeps theirs."""

from __future__ import annotations

from handlers.card_places import message_at, remember_copy
from handlers.context import Arrived, Context, Write
from handlers.effects import PEOPLE_FIRST, ShowToStandIn, enqueue
from handlers.escalation_view import card_of, requirement_of, status_of
from handlers.evidence import record as write_down
from handlers.outcomes import Notice
from handlers.owner_part import OwnerPart, owner_part
from handlers.ports import MessageRef, Refused
from handlers.routing import place_of
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction


def involve_stand_in(tx: Transaction, arrived: Arrived, escalation: Escalation) -> None:
    """Have the card shown to whoever decides for an absent holder; nothing happens when they are there."""
    holder = requirement_of(escalation).holder
    away = {absence.email.casefold() for absence in tx.absences.at(arrived.now)}
    if holder is None or holder.casefold() not in away:
        return
    enqueue(
        tx,
        ShowToStandIn(escalation_id=escalation.id),
        key=f"stand_in:{escalation.id}:{escalation.revision}:{arrived.item_id}",
        order=f"card:{escalation.id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )


async def show_to_stand_in(effect: ShowToStandIn, arrived: Arrived, context: Context) -> Write:
    """Post the card where they work, once, with a word on why it came to them."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    if escalation is None or escalation.state is not EscalationState.OPEN:
        return lambda _tx: None
    part = await owner_part(requirement_of(escalation).holder, context)
    if not part.is_absent:
        return lambda _tx: None
    route = (await place_of(part.present, context)).channel if part.present else None
    route = route or context.organisation.review_channel
    there = await context.database.read(lambda tx: message_at(tx, escalation, route))
    try:
        shown = there or await _show(escalation, route, arrived, context)
        await _tell(escalation, part, shown, arrived, context)
    except Refused as refused:
        # They cannot be written to; the card stays where its holder works, and the deadline passes it on.
        reason = refused.code
        return lambda tx: _noted(tx, arrived, escalation, "card.stand_in_refused", part, reason)

    def write(tx: Transaction) -> None:
        if there is None:
            remember_copy(tx, arrived, escalation, shown, route)
        _noted(tx, arrived, escalation, "card.shown_to_stand_in", part, part.why)

    return write


async def _show(escalation: Escalation, route: str, arrived: Arrived, context: Context) -> MessageRef:
    card, status, marker = card_of(escalation), status_of(escalation), f"card:{escalation.id}"
    return await context.chat.show_card(card, status, None, route, marker, arrived.retry_since)


async def _tell(
    escalation: Escalation, part: OwnerPart, shown: MessageRef, arrived: Arrived, context: Context
) -> None:
    notice = Notice(
        text=f"{part.why}. {'You decide' if part.present else 'A manager decides'} meanwhile.",
        mention=part.present.id if part.present else None,
    )
    marker = f"stand_in:{escalation.id}:{escalation.revision}"
    await context.chat.post(notice, shown.channel_id, marker, arrived.retry_since, thread_ts=shown.ts)


def _noted(
    tx: Transaction, arrived: Arrived, escalation: Escalation, kind: str, part: OwnerPart, reason: str
) -> None:
    write_down(
        tx,
        arrived,
        kind,
        subject=escalation.donor_id,
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
        stand_in=part.present.email if part.present else "reviewers",
        reason=reason,
    )
