"""The other messages that show a card: each follows by itself, and one that is gone ends quietly."""

from __future__ import annotations

import contextlib

from handlers.context import Arrived, Context, Write
from handlers.decisions.put_off_days import card_today
from handlers.effects import UpdateCopy
from handlers.execution.execute_action import READY
from handlers.ports import MessageRef, Refused, Unavailable
from handlers.proposals.card_places import ALREADY_GONE, LEFT_BEHIND, end_place
from handlers.proposals.escalation_view import status_of, successor_of
from handlers.rules.paused import pause_of
from policy.escalation import EscalationState
from storage.card_places import CardPlace
from storage.escalations import Escalation


async def show_copy(effect: UpdateCopy, arrived: Arrived, context: Context) -> Write:
    """Show the escalation as it stands now in one more place."""
    now = context.clock.now()
    escalation, place, pause = await context.database.read(
        lambda tx: (
            tx.escalations.get(effect.escalation_id),
            tx.places.get(effect.place_id),
            pause_of(tx, now, "execute"),
        )
    )
    if escalation is None or place is None or place.ended_at:
        return lambda _tx: None
    successor = await context.database.read(lambda tx: successor_of(tx, escalation))
    at = MessageRef(place.channel_id, place.message_ts)
    status = status_of(escalation, effect.note if escalation.state in READY else "", pause, successor)
    status = status.model_copy(update={"elsewhere": _elsewhere(escalation, place)})
    card, marker = await card_today(escalation, context), f"card:{escalation.id}"
    try:
        await context.chat.show_card(card, status, at, place.route, marker, arrived.retry_since)
    except Refused as refused:
        code = refused.code
        if code not in ALREADY_GONE:
            with contextlib.suppress(Refused, Unavailable):  # what stays said something that was true once
                await context.chat.replace(LEFT_BEHIND, at)
        return lambda tx: end_place(tx, arrived, escalation, at, code)
    return lambda _tx: None


def _elsewhere(escalation: Escalation, place: CardPlace) -> str | None:
    """Return where it is decided now, when that is another channel and its message has an address."""
    channel, address = escalation.channel_id, escalation.permalink
    if escalation.state is not EscalationState.OPEN or channel is None or channel == place.channel_id:
        return None
    # Until the address of the new message has been asked for, the one that is known is of the old.
    return address if address and channel in address else None
