"""Bringing up to date what shows a decision, a record to put right or an alarm, wherever it is shown."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.context import Arrived
from handlers.effects import RefreshHomes, ShowAlarm, ShowCard, ShowCleanup, ShowGrouping, UpdateCopy
from handlers.enqueueing import EVENTS, PEOPLE_FIRST, WHEN_QUIET, enqueue, join
from storage.cleanup import CleanupItem
from storage.escalations import Escalation
from storage.transaction import Transaction

HOME_IN_USE = timedelta(days=30)


def refresh_card(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    note: str = "",
    *,
    again: str = "",
    at: datetime | None = None,
    awaited: bool = False,
) -> None:
    """Have every message with the card show the escalation as it stands now, with a *note* meanwhile.

    *again* is a key for something else than the escalation that changed what the card says; with *at*, it
    is shown from then on, when nothing is more urgent. Somebody waits for an *awaited* card. Of several such
    changes that wait only the last is shown: an import about one donor is not a night of redrawing one card.
    """
    follow(tx, arrived, escalation)
    if escalation.shown == "card":
        effect = ShowCard(escalation_id=escalation.id, route=escalation.route, note=note)
        order, priority = f"card:{escalation.id}", _urgency(escalation, at, awaited=awaited)
        if _may_join(note, again, at):
            join(tx, arrived, effect, order, priority=priority, after=timedelta())
        else:
            key = f"card:{escalation.id}:{_version(escalation, note, again)}"
            enqueue(tx, effect, key=key, order=order, arrived=arrived, priority=priority, at=at)
    # What is a line in a list may still be a card somewhere: with whoever stands in for its holder.
    refresh_copies(tx, arrived, escalation, note, again=again, at=at)


def _may_join(note: str, again: str, at: datetime | None) -> bool:
    """Say whether a message that is yet to be brought up to date will show this as well."""
    return bool(again) and not note and at is None


def _urgency(escalation: Escalation, at: datetime | None, *, awaited: bool) -> int:
    """Say how soon a card is drawn: one that somebody looks at or waits for comes before other new ones.

    Otherwise the cards of an import, which wait for their turn in a channel, take the places for people.
    """
    if at:
        return WHEN_QUIET
    return PEOPLE_FIRST if awaited or escalation.message_ts else EVENTS


def refresh_copies(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    note: str = "",
    *,
    again: str = "",
    at: datetime | None = None,
) -> None:
    """Have the other messages with the card follow, each by itself."""
    version = _version(escalation, note, again)
    for place in tx.places.living(escalation.id):
        if (place.channel_id, place.message_ts) != (escalation.channel_id, escalation.message_ts):
            if _may_join(note, again, at):
                effect = UpdateCopy(escalation_id=escalation.id, place_id=place.id)
                join(tx, arrived, effect, f"copy:{place.id}", priority=PEOPLE_FIRST, after=timedelta())
            else:
                update_copy(tx, arrived, escalation.id, place.id, version, note, at)


def _version(escalation: Escalation, note: str, again: str) -> str:
    return f"{escalation.revision}{':note' if note else ''}{again}"


def update_copy(
    tx: Transaction,
    arrived: Arrived,
    escalation_id: str,
    place_id: str,
    version: str,
    note: str = "",
    at: datetime | None = None,
) -> None:
    """Have one copy of a card brought up to date by itself: no place waits for another."""
    enqueue(
        tx,
        UpdateCopy(escalation_id=escalation_id, place_id=place_id, note=note),
        key=f"copy:{place_id}:{version}",
        order=f"copy:{place_id}",
        arrived=arrived,
        priority=WHEN_QUIET if at else PEOPLE_FIRST,
        at=at,
    )


def show_cleanup(tx: Transaction, arrived: Arrived, item: CleanupItem) -> None:
    """Have the card of a record to put right show how it stands after this change."""
    enqueue(
        tx,
        ShowCleanup(item_id=item.id),
        key=f"cleanup:{item.id}:{item.revision}",
        order=f"cleanup:{item.id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )


def show_alarm_card(tx: Transaction, arrived: Arrived, alarm_id: str, version: str) -> None:
    """Have the card of a drift alarm show how it stands after the change named by *version*."""
    enqueue(
        tx,
        ShowAlarm(alarm_id=alarm_id),
        key=f"alarm:{alarm_id}:{version}",
        order=f"alarm:{alarm_id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )


def follow(tx: Transaction, arrived: Arrived, escalation: Escalation) -> None:
    """Have everything else follow a change: Home tabs, and the list that names it."""
    refresh_homes(tx, arrived)
    if escalation.grouping_id:
        refresh_grouping(tx, arrived, escalation.grouping_id)


def refresh_homes(tx: Transaction, arrived: Arrived) -> None:
    """Have open Home tabs follow shortly, however many changes come at once."""
    if tx.homes.are_in_use(arrived.now - HOME_IN_USE):
        join(tx, arrived, RefreshHomes(), "homes")


def refresh_grouping(tx: Transaction, arrived: Arrived, grouping_id: str) -> None:
    """Have a list of decisions follow shortly, however many changes come at once."""
    join(tx, arrived, ShowGrouping(grouping_id=grouping_id), f"grouping:{grouping_id}")
