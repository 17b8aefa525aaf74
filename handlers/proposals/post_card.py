"""Post an escalation's card, or bring the one already there up to date; it always shows the present state."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime

from handlers.context import Arrived, Context, Write
from handlers.decisions.considering import note_shown
from handlers.decisions.put_off_days import card_today
from handlers.effects import RemindDecider, ShowCard
from handlers.execution.execute_action import READY
from handlers.outcomes import CardStatus, Notice, Successor
from handlers.ports import MessageRef, OutcomeUnknown, Refused, ShownCard, Unavailable
from handlers.proposals.card_places import (
    ALREADY_GONE,
    WHERE_ELSE,
    end_place,
    remember_copy,
    remember_message,
)
from handlers.proposals.escalation_view import (
    is_being_undone,
    requirement_of,
    status_of,
    successor_of,
)
from handlers.proposals.remember_permalink import ask_for_permalink
from handlers.proposals.routing import direct_messages
from handlers.record.evidence import record as write_down
from handlers.rules.paused import pause_of
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.pauses import Pause
from storage.transaction import Transaction

SHARED_OUTSIDE = "shared_outside"
SHOWN_ANEW = Notice(text="A newer message shows this decision.", next_step=WHERE_ELSE)
NOT_SHOWN = Notice(text="Slack does not show this decision here. IT is told.", next_step=WHERE_ELSE)


async def post_card(effect: ShowCard, arrived: Arrived, context: Context) -> Write:
    """Show the card where it belongs; when that place is gone, in the review channel.

    A message that cannot be brought up to date any more must not go on asking; where Slack takes the card
    nowhere, that is said instead of it, and Refused is raised all the same.
    """
    now = context.clock.now()
    found = await context.database.read(lambda tx: _look(tx, effect.escalation_id, now))
    if found is None:
        return lambda _tx: None
    escalation, pause, successor = found
    stray = await _unheard_of(effect, escalation, arrived, context)
    if _has_no_card(escalation):
        return lambda tx: _follow(tx, arrived, effect, escalation, stray)
    # A note is about being on the way; whoever arrived meanwhile does not need it.
    on_its_way = escalation.state in READY or is_being_undone(escalation)
    status = status_of(escalation, effect.note if on_its_way else "", pause, successor)
    before = _place(escalation)
    try:
        card, route, rerouted = await _show(escalation, status, arrived, context)
    except Refused:
        await _say_that_it_is_not_shown(escalation, arrived, context)
        raise
    shown = card.at
    if before and shown != before and rerouted not in ALREADY_GONE:
        with contextlib.suppress(Refused, Unavailable):  # what stays says something that was true once
            await context.chat.replace(SHOWN_ANEW, before)

    def write(tx: Transaction) -> None:
        if escalation.state is EscalationState.OPEN:
            note_shown(tx, arrived, escalation, card.words)
        if before and shown != before:
            end_place(tx, arrived, escalation, before, rerouted)
        if shown != before:
            remember_message(tx, arrived, escalation, shown, route)
            ask_for_permalink(tx, arrived, escalation.id)
        if rerouted:
            write_down(
                tx,
                arrived,
                "card.rerouted",
                subject=escalation.donor_id,
                correlation_id=escalation.correlation_id,
                escalation_id=escalation.id,
                reason=rerouted,
            )
        _follow(tx, arrived, effect, escalation, stray)

    return write


def _look(
    tx: Transaction, escalation_id: str, now: datetime
) -> tuple[Escalation, Pause | None, Successor | None] | None:
    escalation = tx.escalations.get(escalation_id)
    if escalation is None:
        return None
    return escalation, pause_of(tx, now, "execute"), successor_of(tx, escalation)


def _follow(
    tx: Transaction, arrived: Arrived, effect: ShowCard, escalation: Escalation, stray: MessageRef | None
) -> None:
    """Have a message that nobody knew of tell from now on what becomes of the decision."""
    if stray:
        remember_copy(tx, arrived, escalation, stray, effect.route or escalation.route)


async def _unheard_of(
    effect: ShowCard, escalation: Escalation, arrived: Arrived, context: Context
) -> MessageRef | None:
    """Find what an earlier attempt posted without hearing so, where this attempt does not look."""
    sent_to = effect.route or escalation.route
    if arrived.retry_since is None or (sent_to == escalation.route and not _has_no_card(escalation)):
        return None
    for channel in dict.fromkeys((sent_to, context.organisation.review_channel)):
        try:
            found = await context.chat.find(channel, f"card:{escalation.id}", arrived.retry_since)
        except Refused:
            continue
        if found:
            return found
    return None


def _has_no_card(escalation: Escalation) -> bool:
    """Say whether it is a line in a list, or has left its message to the decision that took its place."""
    left = escalation.state is EscalationState.SUPERSEDED and _place(escalation) is None
    return left or escalation.shown == "grouped"


async def remind_decider(effect: RemindDecider, arrived: Arrived, context: Context) -> Write:
    """Say something in the card's thread to whoever decides, so that they are notified."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    place = _place(escalation) if escalation else None
    if escalation is None or place is None:
        return lambda _tx: None
    email = requirement_of(escalation).holder
    holder = await context.chat.colleague_by_email(email) if email else None
    notice = Notice(text=effect.text, mention=holder.id if holder else None)
    marker = f"remind:{escalation.id}:{escalation.revision}"
    shown = await context.chat.post(notice, place.channel_id, marker, arrived.retry_since, thread_ts=place.ts)
    subject, donor_id = escalation.id, escalation.donor_id
    return lambda tx: tx.posts.remember(
        shown.channel_id, shown.ts, subject_id=subject, donor_id=donor_id, at=arrived.now
    )


async def _say_that_it_is_not_shown(escalation: Escalation, arrived: Arrived, context: Context) -> None:
    """Say so where the card stands or would: what it says of the decision is true no more."""
    with contextlib.suppress(Refused, Unavailable, OutcomeUnknown):
        if there := _place(escalation):
            await context.chat.replace(NOT_SHOWN, there)
        else:
            marker = f"not_shown:{escalation.id}"
            await context.chat.post(NOT_SHOWN, escalation.route, marker, arrived.retry_since)


async def _show(
    escalation: Escalation, status: CardStatus, arrived: Arrived, context: Context
) -> tuple[ShownCard, str, str]:
    """Show the card where it is, else anew on its route, else in the review channel.

    Returns what is shown, the route it is on, and why it moved, if it did.
    """
    card, marker = await card_today(escalation, context), f"card:{escalation.id}"
    refusals: list[Refused] = []
    async for place, channel in _places(escalation, refusals, context):
        try:
            shown = await context.chat.show_card(card, status, place, channel, marker, arrived.retry_since)
        except Refused as refused:
            refusals.append(refused)
        else:
            return shown, channel, refusals[0].code if refusals else ""
    raise refusals[-1]


async def _places(
    escalation: Escalation, refusals: list[Refused], context: Context
) -> AsyncIterator[tuple[MessageRef | None, str]]:
    """Say where to try next; who decides is written to directly where outsiders read along by now."""
    route, review = escalation.route, context.organisation.review_channel
    if there := _place(escalation):
        yield there, route
    yield None, route
    if refusals[-1].code == SHARED_OUTSIDE:
        with contextlib.suppress(Refused):  # nobody who decides is in Slack
            direct, _ = await direct_messages(requirement_of(escalation).holder, context)
            yield None, direct
    if review != route:
        yield None, review


def _place(escalation: Escalation) -> MessageRef | None:
    if escalation.channel_id is None or escalation.message_ts is None:
        return None
    return MessageRef(escalation.channel_id, escalation.message_ts)
