"""Who has the part of whoever decides, while they are away or no longer in Slack; read afresh each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from handlers.absence.working_hours import working_time_of
from handlers.context import Context
from handlers.ports import Colleague
from policy.changes import spell_date
from policy.delegation import Absence, StandIns, stand_ins

ONE_DAY = timedelta(days=1)
NOBODY_IN_PARTICULAR = StandIns(reviewers=True)


@dataclass(frozen=True, slots=True)
class OwnerPart:
    """Who has the owner's part besides the *holder*: *stand_ins*, of whom *present* is there to be told.

    *why* says in words why somebody stands in; it is empty while the holder is there themselves.
    """

    holder: Colleague | None
    stand_ins: StandIns
    present: Colleague | None
    why: str = ""

    @property
    def is_absent(self) -> bool:
        """Say whether somebody else has to be told."""
        return bool(self.stand_ins.people) or self.stand_ins.reviewers


async def owner_part(holder: str | None, context: Context) -> OwnerPart:
    """Return who has the part of the person with this e-mail address now; of reviewers for None."""
    if holder is None:
        return OwnerPart(None, NOBODY_IN_PARTICULAR, None)
    absences = await context.database.read(lambda tx: tx.absences.at(context.clock.now()))
    above = [person.email for person in context.organisation.chain_above(holder)]
    gone: set[str] = set()
    while True:
        found = stand_ins(holder, absences, above, gone)
        last = found.people[-1] if found.people else holder
        colleague = await context.chat.colleague_by_email(last)
        if found.reviewers or (colleague and colleague.is_full_member) or last.casefold() in gone:
            break
        gone.add(last.casefold())
    at_home = await context.chat.colleague_by_email(holder)
    why = _why(holder, at_home, absences, context) if found.people or found.reviewers else ""
    return OwnerPart(at_home, found, None if found.reviewers else colleague, why)


def _why(holder: str, colleague: Colleague | None, absences: list[Absence], context: Context) -> str:
    absence = next((a for a in absences if a.email.casefold() == holder.casefold()), None)
    if colleague is None or absence is None:
        return f"{colleague.name if colleague else holder} is no longer in this Slack workspace"
    zone = ZoneInfo(working_time_of(colleague, context).time_zone)
    last = absence.ends_at.astimezone(zone).date() - ONE_DAY
    return f"{colleague.name} is away until {weekday_and_date(last)}"


def weekday_and_date(day: date) -> str:
    """Spell a day so that nobody has to look it up: "Fri 27 Nov 2026"."""
    return f"{day:%a} {spell_date(day)}"
