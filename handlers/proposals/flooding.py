"""Many decisions at once: beyond a day's cards, what can wait is listed in one message now and then."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from handlers.commands import GroupedDueSoon, GroupingDue
from handlers.context import Arrived
from handlers.proposals.considered import Considered
from handlers.proposals.obligations import duties_of
from handlers.proposals.routing import Route
from handlers.proposals.ruling import Ruling
from handlers.waking import wake_for
from policy.decision import Decision, Role
from policy.matters import THANKS, matter_of
from policy.organisation import Organisation
from policy.working_time import WorkingTime
from storage.escalations import Escalation, Shown
from storage.transaction import Transaction

GATHERING = timedelta(minutes=10)
"""How long a list waits for more, so that an import makes one message."""

DUE_SOON = timedelta(hours=24)
TIMES_FOR_THE_IMPORTANT = 3
"""So many times the day's cards there may be before what is important is listed as well."""


def presentation(
    tx: Transaction,
    arrived: Arrived,
    considered: Considered,
    ruling: Ruling,
    destination: Route,
    organisation: Organisation,
) -> Shown:
    """Say whether a decision gets its own card: what presses or is awaited does, the rest within a number.

    Thanks for a major gift, what more than the owner has to agree to, and what somebody is informed of, have
    more room; that has an end too, for an import may bring hundreds of them.
    """
    proposal = considered.proposal
    if considered.is_awaited or (proposal.urgent and matter_of(proposal) != THANKS):
        return "card"
    is_ordinary = _is_ordinary(ruling.decision, destination) and not duties_of(ruling.decision).notify
    is_important = proposal.urgent or not is_ordinary
    times = TIMES_FOR_THE_IMPORTANT if is_important else 1
    person, working = destination.decider_email, destination.working
    is_room = has_room(tx, arrived, destination.channel, person, working, organisation, times)
    return "card" if is_room else "grouped"


def _is_ordinary(decision: Decision, destination: Route) -> bool:
    """Say whether nobody has to agree but the owner, or any one manager where there is no owner to ask."""
    if destination.decider_email is None:
        return all(need.role is Role.MANAGER and need.count == 1 for need in decision.approvals)
    return all(need.role is Role.OWNER for need in decision.approvals)


def has_room(
    tx: Transaction,
    arrived: Arrived,
    route: str,
    person: str | None,
    working: WorkingTime,
    organisation: Organisation,
    times: int = 1,
) -> bool:
    """Say whether whoever decides may get another card today, by their calendar; *times* widens the room.

    Counted are all cards that *person* (an e-mail address) gets, in whichever channel; where nobody in
    particular decides, those of the channel.
    """
    today = working.local_day(arrived.now)
    midnight = datetime.combine(today, time(0), tzinfo=working.zone)
    return tx.escalations.cards_since(route, person, midnight) < times * organisation.cards_per_day


def await_grouping(
    tx: Transaction, arrived: Arrived, opened: Escalation, destination: Route, organisation: Organisation
) -> None:
    """Have the list come that names *opened*, and look again before its time is over."""
    call_for_list(tx, arrived, opened.route, destination.decider_email, destination.working, organisation)
    soon = max(arrived.now, opened.due_at - DUE_SOON)
    wake_for(
        tx,
        arrived,
        soon,
        GroupedDueSoon(escalation_id=opened.id),
        key=f"grouped_due:{opened.id}",
        order=f"grouped:{opened.id}",
        correlation_id=opened.correlation_id,
    )


def call_for_list(
    tx: Transaction,
    arrived: Arrived,
    route: str,
    decider_email: str | None,
    working: WorkingTime,
    organisation: Organisation,
) -> None:
    """Have the next list for a channel posted in working time, hours after the one before."""
    earliest = arrived.now + GATHERING
    if before := tx.groupings.last_at(route, decider_email):
        earliest = max(earliest, before + timedelta(hours=organisation.grouping_hours))
    at = working.next_working_instant(_slot(earliest))
    wake_for(
        tx,
        arrived,
        at,
        GroupingDue(route=route, decider_email=decider_email),
        key=f"grouping:{route}:{decider_email or ''}:{int(at.timestamp())}",
        order=f"grouping:{route}",
        correlation_id=arrived.correlation_id,
    )


def _slot(at: datetime) -> datetime:
    """Return the next full ten minutes, so that all who call for a list call for the same."""
    seconds = int(GATHERING.total_seconds())
    return datetime.fromtimestamp(-(-int(at.timestamp()) // seconds) * seconds, tz=at.tzinfo)
