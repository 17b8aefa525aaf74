"""Make a pause visible: in the operations channel at once, on the cards it concerns a few at a time."""

from __future__ import annotations

from datetime import timedelta

from handlers.context import Arrived, Context, Write
from handlers.effects import AnnouncePause, RefreshCards
from handlers.enqueueing import WHEN_QUIET, enqueue
from handlers.ports import Refused
from handlers.refreshing import refresh_card
from handlers.rules.paused import CONCERNED
from handlers.rules.pausing import LATEST_CHANGE
from storage.transaction import Transaction

AT_ONCE = 20
APART = timedelta(seconds=1.2)
"""Slack lets an app change about fifty messages a minute; people's own clicks need some of them."""


async def announce_pause(effect: AnnouncePause, arrived: Arrived, context: Context) -> Write:
    """Post what was done in the operations channel, or in the review channel when that cannot be."""
    organisation, marker = context.organisation, f"pause:{effect.change_id}"
    try:
        await context.chat.post(effect.announcement, organisation.operations, marker, arrived.retry_since)
    except Refused:
        await context.chat.post(effect.announcement, organisation.review_channel, marker, arrived.retry_since)
    return lambda _tx: None


async def refresh_cards(effect: RefreshCards, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Refresh the next cards, unless a later pause or resumption has begun anew."""
    return lambda tx: _refresh_next(tx, arrived, effect.change_id, effect.after_id)


def _refresh_next(tx: Transaction, arrived: Arrived, change_id: str, after_id: str | None) -> None:
    if tx.settings.get(LATEST_CHANGE) != change_id:
        return
    concerned = tx.escalations.newest(CONCERNED, limit=AT_ONCE, before_id=after_id)
    for place, escalation in enumerate(concerned):
        moment = arrived.now + place * APART
        refresh_card(tx, arrived, escalation, again=f":paused:{change_id}", at=moment)
    if len(concerned) < AT_ONCE:
        return
    enqueue(
        tx,
        RefreshCards(change_id=change_id, after_id=concerned[-1].id),
        key=f"refresh:{change_id}:{concerned[-1].id}",
        order=None,
        arrived=arrived,
        priority=WHEN_QUIET,
        at=arrived.now + AT_ONCE * APART,
    )
