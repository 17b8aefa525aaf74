"""Show a card also to whoever decides while its holder is away, and tell them; the holder keeps theirs."""

from __future__ import annotations

from handlers.absence.owner_part import OwnerPart, owner_part
from handlers.context import Arrived, Context, Write
from handlers.decisions.put_off_days import card_today
from handlers.effects import ShowToStandIn
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.outcomes import Notice
from handlers.ports import MessageRef, Refused
from handlers.proposals.card_places import message_at, remember_copy
from handlers.proposals.escalation_view import requirement_of, status_of
from handlers.proposals.routing import place_of
from handlers.record.evidence import record as write_down
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction


def involve_stand_in(tx: Transaction, arrived: Arrived, escalation: Escalation) -> None:
    """Have the card shown to whoever decides for an absent holder; nothing happens when they are there."""
    holder = requirement_of(escalation).holder
    away = {absence.email.casefold() for absence in tx.absences.at(arrived.now)}
    if holder is None or holder.casefold() not in away:
        return
    key = f"stand_in:{escalation.id}:{escalation.revision}:{arrived.item_id}"
    _show_later(tx, arrived, ShowToStandIn(escalation_id=escalation.id), key)


def _show_later(tx: Transaction, arrived: Arrived, effect: ShowToStandIn, key: str) -> None:
    order = f"card:{effect.escalation_id}"
    enqueue(tx, effect, key=key, order=order, arrived=arrived, priority=PEOPLE_FIRST)


async def show_to_stand_in(effect: ShowToStandIn, arrived: Arrived, context: Context) -> Write:
    """Find out who stands in, and then post the card where they work, once, with a word on why.

    Where that is becomes known before anything is posted, so that what was posted can be found again.
    """
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    if escalation is None:
        return lambda _tx: None
    part = await owner_part(requirement_of(escalation).holder, context)
    if escalation.state is not EscalationState.OPEN or not part.is_absent:
        return await _have_it_follow(escalation, effect.route, arrived, context)
    if effect.route is None:
        route = (await place_of(part.present, context)).channel if part.present else None
        there = effect.model_copy(update={"route": route or context.organisation.review_channel})
        return lambda tx: _show_later(tx, arrived, there, f"{there.type}:{there.route}:{arrived.item_id}")
    return await _show_there(escalation, part, effect.route, arrived, context)


async def _have_it_follow(
    escalation: Escalation, route: str | None, arrived: Arrived, context: Context
) -> Write:
    """Nobody has to be shown it any more; what an earlier attempt posted without hearing so has to follow."""
    if route is None or arrived.retry_since is None:
        return lambda _tx: None
    try:
        posted = await context.chat.find(route, _marker(escalation), arrived.retry_since)
    except Refused:
        return lambda _tx: None
    if posted is None:
        return lambda _tx: None
    return lambda tx: remember_copy(tx, arrived, escalation, posted, route)


async def _show_there(
    escalation: Escalation, part: OwnerPart, route: str, arrived: Arrived, context: Context
) -> Write:
    there = await context.database.read(lambda tx: message_at(tx, escalation, route))
    try:
        shown = there or await _show(escalation, route, arrived, context)
    except Refused as refused:
        # They cannot be written to; the card stays where its holder works, and the deadline passes it on.
        reason = refused.code
        return lambda tx: _noted(tx, arrived, escalation, "card.stand_in_refused", part, reason)
    refused_to_tell = await _tell(escalation, part, shown, arrived, context)

    def write(tx: Transaction) -> None:
        if there is None:  # whatever is shown has to follow, also where no word could be added
            remember_copy(tx, arrived, escalation, shown, route)
        if refused_to_tell:
            _noted(tx, arrived, escalation, "card.stand_in_refused", part, refused_to_tell)
        else:
            _noted(tx, arrived, escalation, "card.shown_to_stand_in", part, part.why)

    return write


async def _show(escalation: Escalation, route: str, arrived: Arrived, context: Context) -> MessageRef:
    card, status = await card_today(escalation, context), status_of(escalation)
    shown = await context.chat.show_card(card, status, None, route, _marker(escalation), arrived.retry_since)
    return shown.at


def _marker(escalation: Escalation) -> str:
    return f"card:{escalation.id}"


async def _tell(
    escalation: Escalation, part: OwnerPart, shown: MessageRef, arrived: Arrived, context: Context
) -> str:
    """Say in the card's thread why it is there; return why Slack refused that, if it did."""
    notice = Notice(
        text=f"{part.why}. {'You decide' if part.present else 'A manager decides'} meanwhile.",
        mention=part.present.id if part.present else None,
    )
    marker = f"stand_in:{escalation.id}:{escalation.revision}"
    try:
        await context.chat.post(notice, shown.channel_id, marker, arrived.retry_since, thread_ts=shown.ts)
    except Refused as refused:
        return refused.code
    return ""


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
