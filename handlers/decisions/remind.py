"""Remind whoever a decision waits for, in their working hours and not too often; several in one message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeGuard

from handlers.answers.answering import post
from handlers.commands import ReminderDue, RemindersOwed
from handlers.context import Arrived, Context, Write
from handlers.decisions.deadline import remind_at
from handlers.decisions.decision_lists import waiting_lines
from handlers.decisions.waiting_for import ANY, Waiting, waiting_for
from handlers.outcomes import DecisionList
from handlers.ports import MessageRef
from handlers.proposals.card_places import message_at
from handlers.proposals.routing import place_of
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.waking import wake_at
from policy.escalation import EscalationState
from policy.organisation import Organisation
from policy.reminders import reminder_moments
from storage.escalations import Escalation
from storage.reminders import Reminder
from storage.transaction import Transaction

THEN_PASSED_ON = (
    "If nobody decides in time, it is passed on once and then runs out. Without a yes, nothing is done."
)
THEN_RUNS_OUT = "If nobody decides in time, it runs out. Without a yes, nothing is done."
COLLECTED = timedelta(minutes=2)
"""How long reminders are gathered, so that what falls due together is told together."""


async def plan_reminder(command: ReminderDue, arrived: Arrived, context: Context) -> Write:
    """Note who is to be reminded now, if it is the time for it, and plan what comes next."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(command.escalation_id))
    if not _waits(escalation, command.due_at) or arrived.now >= command.due_at:
        return lambda _tx: None
    waiting = await waiting_for(escalation, context)
    if not waiting:
        return lambda _tx: None
    settings, working = context.organisation.reminders, waiting[0].working
    moments = reminder_moments(command.since, command.due_at, working, settings)
    later = next((moment for moment in moments if moment > arrived.now), None)
    if command.planned is None:
        return lambda tx: _plan(tx, arrived, command, later)
    if not working.is_working(arrived.now):
        again = working.next_working_instant(arrived.now)
        return lambda tx: remind_at(tx, arrived, again, command)
    planned = command.planned

    def write(tx: Transaction) -> None:
        for each in waiting:
            _owe(
                tx,
                arrived,
                each,
                Reminder(
                    escalation_id=escalation.id, person=each.key, planned_at=planned, due_at=command.due_at
                ),
            )
        _plan(tx, arrived, command, later)

    return write


def _waits(escalation: Escalation | None, due_at: datetime) -> TypeGuard[Escalation]:
    open_ = escalation is not None and escalation.state is EscalationState.OPEN
    return open_ and escalation is not None and escalation.due_at == due_at


def _plan(tx: Transaction, arrived: Arrived, command: ReminderDue, moment: datetime | None) -> None:
    if moment is not None:
        remind_at(tx, arrived, moment, command.model_copy(update={"planned": moment}))


def _owe(tx: Transaction, arrived: Arrived, waiting: Waiting, reminder: Reminder) -> None:
    """Owe somebody a reminder; the first of several has them all told a little later."""
    first = not tx.reminders.owed(waiting.key)
    if tx.reminders.add(reminder) and first:
        _tell_at(tx, arrived, waiting.key, arrived.now + COLLECTED)


def _tell_at(tx: Transaction, arrived: Arrived, person: str, moment: datetime) -> None:
    owed = RemindersOwed(person=person)
    key = f"remind:{person}:{int(moment.timestamp())}:{arrived.item_id}"
    wake_at(tx, arrived, moment, owed, key=key, correlation_id=arrived.correlation_id)


@dataclass(frozen=True, slots=True)
class Telling:
    """What one message says to *waiting*: the decisions that still wait, and where it goes."""

    waiting: Waiting
    escalations: tuple[Escalation, ...]
    channel: str
    thread: MessageRef | None


async def give_reminders(command: RemindersOwed, arrived: Arrived, context: Context) -> Write:
    """Give what is owed to one person or role in one message, unless they were told a short while ago."""
    owed, last = await context.database.read(
        lambda tx: (tx.reminders.owed(command.person), tx.reminders.last_given(command.person))
    )
    pause = timedelta(minutes=context.organisation.reminders.at_most_every_minutes)
    if last and last + pause > arrived.now:
        return lambda tx: _tell_at(tx, arrived, command.person, last + pause)
    telling = await _telling(command.person, owed, context)
    if telling and not telling.waiting.working.is_working(arrived.now):
        again = telling.waiting.working.next_working_instant(arrived.now)
        return lambda tx: _tell_at(tx, arrived, command.person, again)
    return lambda tx: _give(tx, arrived, owed, telling, context.organisation)


async def _telling(person: str, owed: list[Reminder], context: Context) -> Telling | None:
    """Return what is still worth saying: decided, put off or passed on meanwhile is not."""
    found: dict[str, Escalation] = {}
    waits: Waiting | None = None
    for reminder in owed:
        escalation = await context.database.read(partial(_escalation, reminder.escalation_id))
        if not _waits(escalation, reminder.due_at):
            continue
        mine = next((each for each in await waiting_for(escalation, context) if each.key == person), None)
        if mine:
            waits, found[escalation.id] = mine, escalation
    if waits is None:
        return None
    channel = context.organisation.review_channel
    if len(waits.people) == 1 and not person.startswith(ANY):
        channel = (await place_of(waits.people[0], context)).channel
    escalations = tuple(found.values())
    thread = await context.database.read(lambda tx: _thread(tx, escalations, channel))
    return Telling(waits, escalations, channel, thread)


def _escalation(escalation_id: str, tx: Transaction) -> Escalation | None:
    return tx.escalations.get(escalation_id)


def _thread(tx: Transaction, escalations: tuple[Escalation, ...], channel: str) -> MessageRef | None:
    """Return the message of the card, when there is one only, where whoever is reminded sees it."""
    if len(escalations) != 1:
        return None
    [escalation] = escalations
    there = message_at(tx, escalation, channel)
    if there or escalation.channel_id is None or escalation.message_ts is None:
        return there
    return MessageRef(escalation.channel_id, escalation.message_ts)


def _give(
    tx: Transaction, arrived: Arrived, owed: list[Reminder], telling: Telling | None, settled: Organisation
) -> None:
    waiting = {each.id for each in telling.escalations} if telling else set()
    for reminder in owed:
        if reminder.escalation_id in waiting:
            tx.reminders.give(reminder, arrived.now)
        else:
            tx.reminders.drop(reminder)
    if telling is None:
        return
    for escalation in telling.escalations:
        write_down(
            tx,
            arrived,
            "decider.reminded",
            subject=escalation.donor_id,
            correlation_id=escalation.correlation_id,
            escalation_id=escalation.id,
            reminded=[person.email for person in telling.waiting.people],
            due_at=escalation.due_at.isoformat(),
        )
    place = telling.thread
    shown = _shown(telling, settled)
    if place:
        post(tx, arrived, shown, place.channel_id, by=SYSTEM, thread_ts=place.ts)
    else:
        post(tx, arrived, shown, telling.channel, by=SYSTEM)


def _shown(telling: Telling, organisation: Organisation) -> DecisionList:
    count = len(telling.escalations)
    passed_on = organisation.after_deadline == "escalate"
    return DecisionList(
        title="This decision waits for you." if count == 1 else f"{count} decisions wait for you.",
        items=waiting_lines(telling.escalations),
        next_step=THEN_PASSED_ON if passed_on else THEN_RUNS_OUT,
        mentions=tuple(person.id for person in telling.waiting.people),
    )
