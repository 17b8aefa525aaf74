"""For whom a decision waits now: the person who has the owner's part, and the roles that have to agree."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.absence.owner_part import owner_part
from handlers.absence.working_hours import working_time, working_time_of
from handlers.context import Context
from handlers.ports import Colleague
from handlers.proposals.escalation_view import requirement_of
from policy.decision import Role, open_approvals
from policy.working_time import WorkingTime
from storage.escalations import Escalation

ANY = "role:"


@dataclass(frozen=True, slots=True)
class Waiting:
    """*key* names whom it waits for; *people* may each decide, and are there, in *working* time."""

    key: str
    people: tuple[Colleague, ...]
    working: WorkingTime


async def waiting_for(escalation: Escalation, context: Context) -> tuple[Waiting, ...]:
    """Return whose approvals are still missing."""
    requirement = requirement_of(escalation)
    needs = open_approvals(requirement.decision, requirement.granted)
    busy = {*requirement.excluded, *(given.person for given in requirement.granted)}
    found: dict[str, Waiting] = {}
    for need in needs:
        waiting = await _waiting(need.role, requirement.holder, busy, context)
        found.setdefault(waiting.key, waiting)
    return tuple(found.values())


async def _waiting(role: Role, holder: str | None, busy: set[str], context: Context) -> Waiting:
    if role is Role.OWNER:
        part = await owner_part(holder, context)
        if part.present:
            return Waiting(
                part.present.email.casefold(), (part.present,), working_time_of(part.present, context)
            )
        role = Role.MANAGER
    away = await context.database.read(lambda tx: tx.absences.at(context.clock.now()))
    absent = {absence.email.casefold() for absence in away}
    people: list[Colleague] = []
    for person in context.organisation.people_in(role):
        colleague = await context.chat.colleague_by_email(person.email)
        if colleague and colleague.id not in busy and person.email.casefold() not in absent:
            people.append(colleague)
    return Waiting(f"{ANY}{role.value}", tuple(people), working_time(None, None, context))
