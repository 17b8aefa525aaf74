"""Post one list for many decisions, in working time and not too often, and keep it up to date."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from handlers.absence.working_hours import working_time_by_email
from handlers.commands import GroupingDue
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_together import may_be_decided_together
from handlers.effects import ShowGrouping
from handlers.enqueueing import enqueue
from handlers.outcomes import GroupingShown
from handlers.ports import MessageRef, Refused, Unavailable
from handlers.proposals.card_places import ALREADY_GONE, LEFT_BEHIND
from handlers.proposals.escalation_view import queue_item
from handlers.proposals.flooding import call_for_list
from handlers.proposals.inform import inform
from handlers.record.evidence import record as write_down
from policy.escalation import EscalationState
from policy.organisation import Organisation
from policy.working_time import WorkingTime
from storage.escalations import Escalation
from storage.groupings import Grouping
from storage.transaction import Transaction

MOST_LISTED = 1000


async def post_grouping(command: GroupingDue, arrived: Arrived, context: Context) -> Write:
    """Gather what waits without a card of its own; too soon after the list before, it waits for the next."""
    working = await working_time_by_email(command.decider_email, context)
    return lambda tx: _gather(tx, command, arrived, working, context.organisation)


def _gather(
    tx: Transaction, command: GroupingDue, arrived: Arrived, working: WorkingTime, organisation: Organisation
) -> None:
    person = command.decider_email.casefold() if command.decider_email else None
    listed = tx.groupings.unlisted(command.route, person, MOST_LISTED)
    if not listed:
        return
    before = tx.groupings.last_at(command.route, person)
    pause = timedelta(hours=organisation.grouping_hours)
    if (before and arrived.now < before + pause) or not working.is_working(arrived.now):
        call_for_list(tx, arrived, command.route, command.decider_email, working, organisation)
        return
    new_id = arrived.ids.new()
    grouping = Grouping(id=new_id, route=command.route, created_at=arrived.now, for_person=person)
    tx.groupings.add(grouping)
    for each in listed:
        tx.groupings.put_on(grouping.id, each.id)
        _listed(tx, arrived, each, grouping)
    inform(tx, arrived, listed, organisation)
    show = ShowGrouping(grouping_id=grouping.id, decider_email=command.decider_email)
    enqueue(tx, show, key=f"list:{grouping.id}", order=f"grouping:{grouping.id}", arrived=arrived)


def _listed(tx: Transaction, arrived: Arrived, escalation: Escalation, grouping: Grouping) -> None:
    write_down(
        tx,
        arrived,
        "escalation.listed",
        subject=escalation.donor_id,
        correlation_id=escalation.correlation_id,
        escalation_id=escalation.id,
        grouping_id=grouping.id,
    )


async def show_grouping(effect: ShowGrouping, arrived: Arrived, context: Context) -> Write:
    """Post the list, or bring it up to date; a list that somebody removed stays away.

    One that cannot be brought up to date must not go on saying what waits.
    """
    grouping, listed = await context.database.read(
        lambda tx: (tx.groupings.get(effect.grouping_id), tx.groupings.listed(effect.grouping_id))
    )
    if grouping is None:
        return lambda _tx: None
    marker = f"grouping:{grouping.id}"
    if grouping.channel_id and grouping.message_ts:
        place = MessageRef(grouping.channel_id, grouping.message_ts)
        try:
            await context.chat.revise(_shown(grouping, listed, None, context), place, marker)
        except Refused as refused:
            if refused.code not in ALREADY_GONE:
                with contextlib.suppress(Refused, Unavailable):
                    await context.chat.replace(LEFT_BEHIND, place)
        return lambda _tx: None
    email = effect.decider_email
    decider = await context.chat.colleague_by_email(email) if email else None
    outcome = _shown(grouping, listed, decider.id if decider else None, context)
    try:
        posted = await context.chat.post(outcome, grouping.route, marker, arrived.retry_since)
    except Refused:
        review = context.organisation.review_channel
        posted = await context.chat.post(outcome, review, marker, arrived.retry_since)
    return lambda tx: tx.groupings.set_message(grouping.id, posted.channel_id, posted.ts)


def _shown(
    grouping: Grouping, listed: list[Escalation], mention: str | None, context: Context
) -> GroupingShown:
    waiting = [each for each in listed if each.state is EscalationState.OPEN]
    others = [each for each in listed if each.state is not EscalationState.OPEN]
    return GroupingShown(
        grouping_id=grouping.id,
        items=tuple(queue_item(each) for each in (*waiting, *others)),
        waiting=len(waiting),
        together=sum(may_be_decided_together(each, context.organisation) for each in waiting),
        mention=mention,
    )
