"""Absences in full words: from when, until when, in whose time zone, and who decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.absence.delegations import delegations_of
from handlers.absence.owner_part import weekday_and_date
from handlers.absence.working_hours import working_time_of
from handlers.context import Context
from handlers.outcomes import AbsenceShown, Notice
from handlers.ports import Colleague
from policy.delegation import Absence
from policy.working_time import WorkingTime

EXAMPLES = (
    "Write it like “/donor away until Friday delegate @sam” or “/donor away from Monday until 5 Dec”. "
    "“/donor back” ends it."
)
NO_DELEGATE = "Nobody was named to decide meanwhile: decisions go to the next above you, else to a reviewer."
A_MOMENT = timedelta(seconds=1)


def helpful(problem: str) -> Notice:
    """Say what could not be understood, and how to write it."""
    return Notice(text=problem, next_step=f"Nothing was changed. {EXAMPLES}")


def absence_lines(absence: Absence, working: WorkingTime, now: datetime) -> tuple[str, ...]:
    """Return the absence in whole sentences, its days as whoever is away counts them."""
    last = working.local_day(absence.ends_at - A_MOMENT)
    first = weekday_and_date(working.local_day(absence.starts_at))
    since = "from now on" if absence.starts_at <= now else f"from {first}"
    back = weekday_and_date(working.next_working_day(last))
    days = f"You are away {since} until {weekday_and_date(last)}, that whole day included"
    return (
        f"{days} ({working.time_zone}). Your next working day is {back}.",
        f"{absence.delegate_name} decides for you." if absence.delegate_name else NO_DELEGATE,
    )


async def state_of(colleague: Colleague, context: Context) -> AbsenceShown:
    """Return whether somebody is away and for whom they decide, and how to change it."""
    now, working = context.clock.now(), working_time_of(colleague, context)
    known = await delegations_of(colleague, context)
    own = known.own
    lines = [line for absence in own for line in absence_lines(absence, working, now)]
    lines += [f"You decide for {other.away} until {other.last_day}." for other in known.for_others]
    return AbsenceShown(
        headline=_headline(own, now),
        lines=tuple(lines),
        next_step=EXAMPLES,
        absence_id=own[0].id if own else None,
    )


def _headline(own: tuple[Absence, ...], now: datetime) -> str:
    if not own:
        return "You are not away, and no absence is planned."
    return "You are away." if own[0].starts_at <= now else "You are not away now."
