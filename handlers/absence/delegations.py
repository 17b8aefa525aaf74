"""Who is away, until when and who decides meanwhile, as it concerns one person; for their Home tab, too."""

from __future__ import annotations

from datetime import timedelta

from handlers.absence.owner_part import owner_part, weekday_and_date
from handlers.absence.working_hours import working_time_by_email
from handlers.context import Context
from handlers.ports import Colleague
from handlers.proposals.routing import REVIEWER
from policy.delegation import Absence
from policy.value import Value

A_MOMENT = timedelta(seconds=1)


class Delegation(Value):
    """*away* is away until and including *last_day*, as they count days, and *decides* decides meanwhile."""

    away: str
    last_day: str
    decides: str


class Delegations(Value):
    """What somebody's own absences are, the present or nearest first, and for whom they decide now."""

    own: tuple[Absence, ...] = ()
    for_me: Delegation | None = None
    for_others: tuple[Delegation, ...] = ()


async def delegations_of(colleague: Colleague, context: Context) -> Delegations:
    """Return who decides for *colleague* while they are away, and for whom *colleague* decides now."""
    now = context.clock.now()
    own, present = await context.database.read(
        lambda tx: (tx.absences.still_to_come(colleague.email, now), tx.absences.at(now))
    )
    for_me: Delegation | None = None
    for_others: list[Delegation] = []
    for absence in present:
        part = await owner_part(absence.email, context)
        found = Delegation(
            away=absence.name,
            last_day=await last_day_of(absence, context),
            decides=part.present.name if part.present else REVIEWER,
        )
        if absence.email.casefold() == colleague.email.casefold():
            for_me = found
        elif part.present and part.present.id == colleague.id:
            for_others.append(found)
    return Delegations(own=tuple(own), for_me=for_me, for_others=tuple(for_others))


async def last_day_of(absence: Absence, context: Context) -> str:
    """Spell the last day of an absence where whoever is away lives."""
    working = await working_time_by_email(absence.email, context)
    return weekday_and_date(working.local_day(absence.ends_at - A_MOMENT))
