"""Post the card of a drift alarm in the operations channel, or bring it up to date."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import ShowAlarm
from handlers.outcomes import AlarmCard
from handlers.ports import Colleague, MessageRef, Refused
from handlers.rules.alarms import capability_of, card_of_alarm
from policy.decision import Role
from storage.drift_alarms import DriftAlarm
from storage.transaction import Transaction

GONE = frozenset({"message_not_found", "channel_not_found", "is_archived", "not_in_channel"})


async def show_alarm(effect: ShowAlarm, arrived: Arrived, context: Context) -> Write:
    """Show the alarm as it stands; where operations cannot be reached, to whoever reviews."""
    alarm = await context.database.read(lambda tx: tx.alarms.get(effect.alarm_id))
    if alarm is None:
        return lambda _tx: None
    owner = await owner_of(alarm, context)
    card = await context.database.read(lambda tx: _card(tx, alarm, owner, arrived, context))
    at = await _show(alarm, card, arrived, context)
    return lambda tx: tx.alarms.set_message(alarm.id, at.channel_id, at.ts)


async def owner_of(alarm: DriftAlarm, context: Context) -> Colleague | None:
    """Return who answers for what drifted: as the organisation says, else the first admin there is."""
    organisation = context.organisation
    named = organisation.capability_owners.get(capability_of(alarm))
    for email in [named] if named else [each.email for each in organisation.people_in(Role.ADMIN)]:
        colleague = await context.chat.colleague_by_email(email)
        if colleague and colleague.is_full_member:
            return colleague
    return None


def _card(
    tx: Transaction, alarm: DriftAlarm, owner: Colleague | None, arrived: Arrived, context: Context
) -> AlarmCard:
    paused = frozenset(pause.capability for pause in tx.pauses.in_force(arrived.now))
    return card_of_alarm(tx, alarm, owner, paused, context.ships_prompt)


async def _show(alarm: DriftAlarm, card: AlarmCard, arrived: Arrived, context: Context) -> MessageRef:
    marker = f"alarm:{alarm.id}"
    if alarm.channel_id and alarm.message_ts:
        at = MessageRef(alarm.channel_id, alarm.message_ts)
        try:
            await context.chat.revise(card, at, marker)
        except Refused as refused:
            if refused.code not in GONE:
                raise
        else:
            return at
    organisation = context.organisation
    try:
        return await context.chat.post(card, organisation.operations, marker, arrived.retry_since)
    except Refused:
        return await context.chat.post(card, organisation.review_channel, marker, arrived.retry_since)
