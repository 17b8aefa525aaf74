"""Keep the address of a card's message, so that lists and Home tabs can lead to it."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import RememberPermalink
from handlers.enqueueing import WHEN_QUIET, enqueue
from handlers.ports import MessageRef, Refused
from handlers.refreshing import follow, refresh_card, refresh_copies
from storage.transaction import Transaction


def ask_for_permalink(tx: Transaction, arrived: Arrived, escalation_id: str) -> None:
    """Have the address remembered of the message that was just posted."""
    effect = RememberPermalink(escalation_id=escalation_id)
    key = f"permalink:{escalation_id}:{arrived.item_id}"
    enqueue(tx, effect, key=key, order=None, arrived=arrived, priority=WHEN_QUIET)


async def remember_permalink(effect: RememberPermalink, arrived: Arrived, context: Context) -> Write:
    """Ask Slack for the address; a message without one simply is not linked to."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    if escalation is None or escalation.channel_id is None or escalation.message_ts is None:
        return lambda _tx: None
    place = MessageRef(escalation.channel_id, escalation.message_ts)
    try:
        address = await context.chat.permalink(place)
    except Refused:
        return lambda _tx: None

    def write(tx: Transaction) -> None:
        tx.escalations.set_permalink(escalation.id, address)
        follow(tx, arrived, escalation)
        if address != escalation.permalink:
            refresh_copies(tx, arrived, escalation, again=":linked")
        for before in tx.escalations.replaced_by(escalation.id):
            refresh_card(tx, arrived, before, again=":linked")

    return write
