"""Passing a decision on: to the next in the chain, to somebody named, or to whoever reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handlers.absence.show_to_stand_in import involve_stand_in
from handlers.absence.working_hours import working_time
from handlers.context import Arrived, Context
from handlers.decisions.considering import consider
from handlers.decisions.deadline import watch_deadline
from handlers.decisions.deciding_person import Decider
from handlers.effects import RemindDecider
from handlers.enqueueing import enqueue
from handlers.outcomes import PassedOn
from handlers.ports import Colleague
from handlers.proposals.card_places import moved_to
from handlers.proposals.escalation_view import Requirement, card_of, requirement_of
from handlers.proposals.routing import REVIEWER, Route, place_of
from handlers.record.evidence import SYSTEM, slack_actor
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_card
from policy.canonical import canonical_json
from policy.decision import GivenApproval, Role, open_approvals
from policy.escalation import EscalationState
from policy.organisation import Organisation
from policy.override_reasons import LABELS, OverrideReason
from storage.escalations import NOT_DECIDED, Changes, Escalation
from storage.transaction import Transaction

_S = EscalationState


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a decision goes when it is passed on, and until when it can be decided there.

    *person* takes the *part* over; when it is None, any manager in the review channel has the owner's part.
    """

    route: Route
    person: Colleague | None
    due_at: datetime
    part: Role = Role.OWNER


async def next_in_chain(escalation: Escalation, context: Context) -> Destination | None:
    """Return whoever is next above the person who has the decision now, else the review channel, saying why.

    None when it is with the reviewers already, or when there is nobody who could review it.
    """
    requirement = requirement_of(escalation)
    if requirement.holder is None:
        return None
    had_it = {each.from_email.casefold() for each in requirement.passed if each.from_email}
    absences = await context.database.read(lambda tx: tx.absences.at(context.clock.now()))
    had_it |= {absence.email.casefold() for absence in absences}
    for person in context.organisation.chain_above(requirement.holder):
        colleague = await context.chat.colleague_by_email(person.email)
        if colleague is None or person.email.casefold() in had_it:
            continue
        if objection(requirement, colleague, Role.OWNER, context.organisation) is None:
            return await destination_for(colleague, Role.OWNER, context)
    return _to_reviewers(card_of(escalation).decider, context)


async def destination_for(colleague: Colleague, part: Role, context: Context) -> Destination:
    """Return where *colleague* decides: their own channel, else their direct messages with us."""
    route = await place_of(colleague, context)
    return Destination(route, colleague, _deadline(route, context), part)


def _to_reviewers(before: str, context: Context) -> Destination | None:
    if not context.organisation.people_in(Role.MANAGER):
        return None
    why = f"the review channel, because nobody is left above {before} who could decide"
    route = Route(context.organisation.review_channel, why, REVIEWER, None, working_time(None, None, context))
    return Destination(route, None, _deadline(route, context))


def _deadline(route: Route, context: Context) -> datetime:
    return route.working.add_working_days(context.clock.now(), context.organisation.decision_days)


def objection(
    requirement: Requirement, colleague: Colleague, part: Role, organisation: Organisation
) -> str | None:
    """Return why *colleague* cannot take *part* over, in words for whoever wants to pass it on."""
    name, roles = colleague.name, organisation.roles_of(colleague.email)
    if not colleague.is_full_member:
        return f"{name} is not a full member of this workspace and cannot decide."
    if colleague.id in requirement.excluded:
        return f"{name} must not decide this: it is their own proposal, or it would benefit them."
    if any(given.person == colleague.id for given in requirement.granted):
        return f"{name} has already given an approval here, and one person counts once."
    if part is not Role.OWNER:
        return None if part in roles else f"This needs somebody of {part.value}; {name} is not."
    if (requirement.holder or "").casefold() == colleague.email.casefold():
        return f"This decision is already with {name}."
    return _two_hats(requirement, colleague, organisation)


def _two_hats(requirement: Requirement, colleague: Colleague, organisation: Organisation) -> str | None:
    """Object when the only other person who has to agree would become the one who decides, too."""
    taken = (*requirement.granted, GivenApproval(person=colleague.id, role=Role.OWNER))
    for need in open_approvals(requirement.decision, taken):
        others = [
            p for p in organisation.people_in(need.role) if p.email.casefold() != colleague.email.casefold()
        ]
        if need.role is not Role.OWNER and len(others) < need.count:
            return (
                f"{colleague.name} has to agree as {need.role.value} as well, and one person cannot do both."
            )
    return None


def hand_over(
    tx: Transaction,
    arrived: Arrived,
    escalation: Escalation,
    destination: Destination,
    by: Decider | None,
    note: str,
    why: str,
    *,
    reason: OverrideReason | None = None,
) -> Escalation | None:
    """Pass an open decision on, with a new deadline; None when it is no longer open or with somebody else.

    *by* is None when nobody did it and *why* alone says how it came; both moves and their audit entries are
    in the caller's transaction. The card goes to where the next person works, and stays where it was.
    """
    current = tx.escalations.get(escalation.id)
    if current is None or current.state is not _S.OPEN:
        return None
    requirement, before = requirement_of(current), requirement_of(escalation)
    if (requirement.passed, requirement.holder) != (before.passed, before.holder):
        return None
    passed = _passed(arrived, requirement, destination, by, note, why, reason)
    if not _leave(tx, arrived, current, passed, by, reason):
        return None
    moved = tx.escalations.move(
        current.id, (_S.ESCALATED,), _S.OPEN, arrived.now, **_arrival(tx, current, destination, passed)
    )
    if moved is None:
        return None
    _written_down(tx, arrived, moved, destination, passed)
    watch_deadline(tx, arrived, moved.id, moved.due_at)
    refresh_card(tx, arrived, moved)
    involve_stand_in(tx, arrived, moved)
    _tell(tx, arrived, moved, passed)
    return moved


def _passed(
    arrived: Arrived,
    requirement: Requirement,
    destination: Destination,
    by: Decider | None,
    note: str,
    why: str,
    reason: OverrideReason | None,
) -> PassedOn:
    person = destination.person
    return PassedOn(
        to=person.name if person else destination.route.decider,
        to_email=person.email if person else None,
        from_email=requirement.holder,
        by=by.colleague.name if by else None,
        by_user_id=by.colleague.id if by else None,
        by_for=(by.in_place_of or "") if by else "",
        reason=LABELS[reason] if reason and reason is not OverrideReason.OTHER else "",
        note=note,
        why=why,
        at=arrived.now,
    )


def _leave(
    tx: Transaction,
    arrived: Arrived,
    current: Escalation,
    passed: PassedOn,
    by: Decider | None,
    reason: OverrideReason | None,
) -> bool:
    away = tx.escalations.move(
        current.id,
        (_S.OPEN,),
        _S.ESCALATED,
        arrived.now,
        revision=current.revision,
        decided_by=passed.by_user_id,
        decided_by_name=passed.by,
        decided_for=passed.by_for or None,
    )
    if away is None:
        return False
    write_down(
        tx,
        arrived,
        "escalation.passed_on",
        subject=away.donor_id,
        actor=slack_actor(passed.by_user_id) if passed.by_user_id else SYSTEM,
        correlation_id=away.correlation_id,
        escalation_id=away.id,
        to=passed.to,
        reason_code=reason.value if reason else None,
        reason=passed.reason,
        text=passed.note,
        why=passed.why,
        **_named(tx, arrived, current, by),
    )
    return True


def _named(tx: Transaction, arrived: Arrived, current: Escalation, by: Decider | None) -> dict[str, Any]:
    """Return who passed it on, in whose place, and how they considered it; Countersign where nobody did."""
    if by is None:
        return {"name": "Countersign"}
    return by.named() | {"considered": consider(tx, arrived, current, by.colleague.id, "escalated")}


def _arrival(tx: Transaction, current: Escalation, destination: Destination, passed: PassedOn) -> Changes:
    """Return what changes when the decision arrives: who decides, where, and until when."""
    requirement, route = requirement_of(current), destination.route
    update: dict[str, object] = {"passed": (*requirement.passed, passed)}
    card = card_of(current).model_copy(update={"due_at": destination.due_at, "route": route.why})
    if destination.part is Role.OWNER:
        update |= {"passed_to": passed.to_email, "with_reviewers": destination.person is None}
        card = card.model_copy(update={"decider": _decider(passed.to, requirement)})
    return (
        Changes(
            requires=canonical_json(requirement.model_copy(update=update)),
            card=canonical_json(card),
            due_at=destination.due_at,
            for_person=passed.to_email.casefold() if passed.to_email else None,
        )
        | moved_to(tx, current, route.channel)
        | NOT_DECIDED
    )


def _decider(name: str, requirement: Requirement) -> str:
    """Name whoever decides now, with the roles that still have to agree as well."""
    needs = open_approvals(requirement.decision, requirement.granted)
    others = [need.role.value for need in needs if need.role is not Role.OWNER]
    return " and ".join((name, *others))


def _written_down(
    tx: Transaction, arrived: Arrived, moved: Escalation, destination: Destination, passed: PassedOn
) -> None:
    write_down(
        tx,
        arrived,
        "escalation.handed_over",
        subject=moved.donor_id,
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        decider=passed.to,
        route=destination.route.why,
        due_at=moved.due_at.isoformat(),
    )


def _tell(tx: Transaction, arrived: Arrived, moved: Escalation, passed: PassedOn) -> None:
    """Notify whoever decides now: a card that is posted or changed in a channel notifies nobody."""
    who = (
        f"{passed.by} passed this decision on to you."
        if passed.by
        else f"This decision is now yours: {passed.why}"
    )
    reminder = RemindDecider(escalation_id=moved.id, text=who)
    enqueue(
        tx, reminder, key=f"remind:{moved.id}:{moved.revision}", order=f"card:{moved.id}", arrived=arrived
    )
