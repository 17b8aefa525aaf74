"""What waits for somebody, what they put off, what they decided lately, and what waits for others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from handlers.absence.owner_part import weekday_and_date
from handlers.absence.working_hours import working_time_of
from handlers.context import Arrived, Context
from handlers.decisions.considering import considered_by
from handlers.decisions.deciding_person import role_in
from handlers.decisions.deciding_together import may_be_decided_together
from handlers.execution.undo_action import may_undo
from handlers.outcomes import HomeShown, QueueItem
from handlers.ports import Colleague
from handlers.practice.drill_card import scenario_of, small_drill
from handlers.proposals.escalation_view import (
    Requirement,
    execution_of,
    queue_item,
    requirement_of,
    undo_asked,
    undo_waiting,
)
from policy.actions import UNDO, UndoPromise
from policy.considered import Figures
from policy.decision import open_approvals
from policy.delegation import Absence, StandIns, stand_ins
from policy.drills import Drill
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState
LATELY = 10
DAYS = timedelta(days=14)
AHEAD = timedelta(days=30)
A_MOMENT = timedelta(seconds=1)
PAGE, MOST_PAGES = 500, 10


@dataclass(frozen=True, slots=True)
class Decisions:
    """What is undecided in the whole organisation, and what was decided lately, the latest first."""

    waiting: tuple[tuple[Escalation, Requirement], ...]
    decided: tuple[tuple[Escalation, Requirement], ...]
    drills: tuple[Drill, ...] = ()
    absences: tuple[Absence, ...] = ()
    """Those of now and of the days ahead."""

    def away_at(self, now: datetime) -> list[Absence]:
        """Return who is away at this moment."""
        return [each for each in self.absences if each.starts_at <= now < each.ends_at and not each.ended_at]


def decisions(tx: Transaction, now: datetime) -> Decisions:
    """Read them all once."""
    found = tx.escalations.page((_S.OPEN, _S.DEFERRED), limit=PAGE)
    waiting = list(found)
    for _ in range(MOST_PAGES):
        if len(found) < PAGE:
            break
        found = tx.escalations.page((_S.OPEN, _S.DEFERRED), limit=PAGE, after_id=found[-1].id)
        waiting += found
    decided = tx.escalations.decided_between(now - DAYS, now + DAYS)
    # An undo that waits for somebody stays with them, however long ago the decision was.
    decided = [*filter(undo_waiting, tx.escalations.with_undo_waiting(now - DAYS)), *decided]
    over = [e for e in reversed(decided) if e.state not in (_S.OPEN, _S.DEFERRED)]
    return Decisions(
        tuple((e, requirement_of(e)) for e in waiting),
        tuple((e, requirement_of(e)) for e in over),
        tuple(tx.drills.open()),
        tuple(tx.absences.between(now, now + AHEAD)),
    )


def queue_of(
    colleague: Colleague, all_: Decisions, considered: Figures, now: datetime, context: Context
) -> HomeShown:
    """Return what the Home tab of *colleague* shows."""
    roles = context.organisation.roles_of(colleague.email)
    part_of = _parts(all_.away_at(now), context)
    mine, elsewhere = [], []
    for escalation, requirement in all_.waiting:
        if role_in(requirement, colleague, context, part_of(requirement.holder)):
            mine.append(escalation)
        elif any(given.person == colleague.id for given in requirement.granted):
            elsewhere.append(_waiting_for(escalation, requirement))
    decided = [e for e, requirement in all_.decided if _concerns(colleague, roles, e, requirement)]
    still_open = [e for e in mine if e.state is _S.OPEN]
    to_agree = [
        found
        for e, requirement in all_.decided
        if (found := _to_agree(e, requirement, colleague, roles, part_of(requirement.holder)))
    ]
    return HomeShown(
        name=colleague.name,
        open=(*to_agree, *_with_drills(still_open, all_.drills, colleague, context)),
        deferred=tuple(queue_item(e) for e in mine if e.state is _S.DEFERRED),
        elsewhere=tuple(elsewhere),
        decided=tuple(
            _decided(e, colleague, roles, part_of(requirement_of(e).holder), now, context)
            for e in decided[:LATELY]
        ),
        delegations=delegations(colleague, all_.absences, part_of, now, context),
        together=sum(may_be_decided_together(e, context.organisation) for e in still_open)
        + sum(small_drill(each, colleague, context) is not None for each in all_.drills),
        considered=considered if considered.decisions else None,
    )


async def own_queue(colleague: Colleague, arrived: Arrived, context: Context) -> HomeShown:
    """Read and return the queue of *colleague* as it is now."""
    all_, own = await context.database.read(
        lambda tx: (decisions(tx, arrived.now), considered_by(tx, colleague.id, arrived.now))
    )
    return queue_of(colleague, all_, own.figures, arrived.now, context)


def _with_drills(
    still_open: Sequence[Escalation], drills: Sequence[Drill], colleague: Colleague, context: Context
) -> list[QueueItem]:
    """Return what waits with the reader's own drills among it, which nothing here tells from the rest."""
    items = [queue_item(each) for each in still_open]
    for drill in drills:
        scenario = scenario_of(drill, context) if drill.person == colleague.id else None
        if scenario is None:
            continue
        line = QueueItem(
            escalation_id=drill.id,
            donor_name=scenario.donor,
            proposal=scenario.proposal,
            state=_S.OPEN,
            due_at=drill.due_at,
            permalink=drill.permalink,
        )
        place = next((n for n, each in enumerate(items) if each.due_at > drill.due_at), len(items))
        items.insert(place, line)
    return items


def _parts(away: list[Absence], context: Context) -> Callable[[str | None], StandIns]:
    """Return who stands in for a holder now, each looked up once."""

    @cache
    def part_of(holder: str | None) -> StandIns:
        if holder is None:
            return StandIns(reviewers=True)
        above = [person.email for person in context.organisation.chain_above(holder)]
        return stand_ins(holder, away, above)

    return part_of


def delegations(
    colleague: Colleague,
    absences: Sequence[Absence],
    part_of: Callable[[str | None], StandIns],
    now: datetime,
    context: Context,
) -> tuple[str, ...]:
    """Say for whom somebody decides, and who decides for them while they are away.

    Of an absence that has begun it is whoever really stands in: a delegate of a delegate, or the next above.
    """
    zone, own = ZoneInfo(working_time_of(colleague, context).time_zone), colleague.email.casefold()
    lines = []
    for each in (each for each in absences if not each.ended_at):
        first = weekday_and_date(each.starts_at.astimezone(zone).date())
        last = weekday_and_date((each.ends_at - A_MOMENT).astimezone(zone).date())
        when = f"until {last}" if each.starts_at <= now else f"from {first} until {last}"
        present = part_of(each.email).present if each.starts_at <= now else each.delegate_email
        if each.email.casefold() == own:
            lines.append(f"You are away {when}. {_stand_in(each, present, absences)} decides for you.")
        elif (present or "").casefold() == own:
            lines.append(f"You decide for {each.name} {when}.")
    return tuple(lines)


def _stand_in(absence: Absence, present: str | None, absences: Sequence[Absence]) -> str:
    """Name whoever stands in: they are known by name only where somebody named them."""
    for each in (absence, *absences):
        if present and each.delegate_name and (each.delegate_email or "").casefold() == present.casefold():
            return each.delegate_name
    return f"The next above you ({present})" if present else "A manager"


def _waiting_for(escalation: Escalation, requirement: Requirement) -> QueueItem:
    missing = open_approvals(requirement.decision, requirement.granted)
    waits_for = ", ".join(f"{need.count} more as {need.role.value}" for need in missing)
    return queue_item(escalation).model_copy(update={"waits_for": waits_for})


def _concerns(
    colleague: Colleague, roles: tuple[str, ...], escalation: Escalation, requirement: Requirement
) -> bool:
    if escalation.decided_by == colleague.id:
        return True
    wanted = {approval.role for approval in requirement.decision.approvals}
    return bool(wanted & requirement.roles_of(colleague.email, roles))


def _to_agree(
    escalation: Escalation,
    requirement: Requirement,
    colleague: Colleague,
    roles: tuple[str, ...],
    stand_ins: StandIns,
) -> QueueItem | None:
    """Return the line of an undo that waits for *colleague* to agree; None when it does not."""
    undo = undo_waiting(escalation)
    if undo is None or colleague.id in (undo.by_user_id, *requirement.excluded):
        return None
    held = requirement.roles_of(colleague.email, roles, stand_ins)
    if not any(need.role in held for need in undo.needs):
        return None
    if any(given.person == colleague.id for given in undo.granted):
        return None
    update = {
        "agree_to_undo": undo.by_name,
        "undo_asked_at": undo.at,
        "undo": UNDO[escalation.action.kind],
    }
    return queue_item(escalation).model_copy(update=update)


def _decided(
    escalation: Escalation,
    colleague: Colleague,
    roles: tuple[str, ...],
    stand_ins: StandIns,
    now: datetime,
    context: Context,
) -> QueueItem:
    may = _can_undo(escalation, now, context) and may_undo(escalation, colleague, roles, stand_ins)
    update = {
        "can_undo": may,
        "undo": UNDO[escalation.action.kind],
        "decided_by": escalation.decided_by_name,
        "decided_for": escalation.decided_for,
    }
    return queue_item(escalation).model_copy(update=update)


def _can_undo(escalation: Escalation, now: datetime, context: Context) -> bool:
    execution = execution_of(escalation)
    if escalation.state is not _S.EXECUTED or execution is None:
        return False
    if undo_asked(escalation) or undo_waiting(escalation):
        return False
    if UNDO[escalation.action.kind] is UndoPromise.IMPOSSIBLE:
        return False
    return now - execution.at <= timedelta(days=context.organisation.undo_days)
