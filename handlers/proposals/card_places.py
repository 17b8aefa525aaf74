"""Where a card is shown: one message that the decision is made at, and copies of it that follow."""

from __future__ import annotations

from handlers.context import Arrived
from handlers.outcomes import Notice
from handlers.ports import MessageRef
from handlers.record.evidence import record as write_down
from handlers.refreshing import update_copy
from storage.card_places import CardPlace
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

WHERE_ELSE = "What waits for you is on the app's Home tab, and /donor queue lists it."
LEFT_BEHIND = Notice(text="This message is not kept up to date any more.", next_step=WHERE_ELSE)
"""Stands where a card could not be brought up to date: what it said may be true no more."""

ALREADY_GONE = frozenset({"message_not_found", "channel_not_found"})


def message_at(tx: Transaction, escalation: Escalation, route: str) -> MessageRef | None:
    """Return the message that already shows the card on *route*, so that nobody gets it twice."""
    places = [place for place in tx.places.living(escalation.id) if place.route == route]
    return MessageRef(places[-1].channel_id, places[-1].message_ts) if places else None


def moved_to(tx: Transaction, escalation: Escalation, route: str) -> Changes:
    """Return what changes when a decision moves: it is shown on *route* by a card of its own.

    Whoever has it now knows nothing of the list that it may have been a line of.
    """
    there = message_at(tx, escalation, route)
    return Changes(
        route=route,
        channel_id=there.channel_id if there else None,
        message_ts=there.ts if there else None,
        shown="card",
    )


def remember_message(
    tx: Transaction, arrived: Arrived, shown_as: Escalation, shown: MessageRef, route: str
) -> None:
    """Note where the card of *shown_as* was just posted.

    When the decision has moved on to another place meanwhile, what was posted is a copy, and has to follow.
    """
    place = _added(tx, arrived, shown_as, shown, route)
    if tx.escalations.set_message(shown_as, shown.channel_id, shown.ts):
        return
    if current := tx.escalations.get(shown_as.id):
        update_copy(tx, arrived, current.id, place.id, str(current.revision))


def remember_copy(
    tx: Transaction, arrived: Arrived, shown_as: Escalation, shown: MessageRef, route: str
) -> None:
    """Note where a copy of the card of *shown_as* was posted, and have it follow what happened meanwhile.

    What an earlier attempt posted may say what was true then.
    """
    place = _added(tx, arrived, shown_as, shown, route)
    current = tx.escalations.get(shown_as.id)
    if current and (arrived.retry_since or current.revision != shown_as.revision):
        update_copy(tx, arrived, current.id, place.id, str(current.revision))


def _added(
    tx: Transaction, arrived: Arrived, shown_as: Escalation, shown: MessageRef, route: str
) -> CardPlace:
    place = CardPlace(
        id=arrived.ids.new(),
        escalation_id=shown_as.id,
        channel_id=shown.channel_id,
        message_ts=shown.ts,
        route=route,
        shown_at=arrived.now,
    )
    tx.places.add(place)
    return place


def end_place(tx: Transaction, arrived: Arrived, escalation: Escalation, gone: MessageRef, code: str) -> None:
    """Note that a message is gone or cannot be changed any more, and ask no more of it."""
    if tx.places.end(gone.channel_id, gone.ts, code, arrived.now):
        write_down(
            tx,
            arrived,
            "card.copy_ended",
            subject=escalation.donor_id,
            correlation_id=escalation.correlation_id,
            escalation_id=escalation.id,
            reason=code,
        )
