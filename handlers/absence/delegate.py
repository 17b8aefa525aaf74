"""Who is named as a delegate, and whether they can be: each reason against it is said, with what to do."""

from __future__ import annotations

from datetime import datetime

from handlers.absence.absence_words import EXAMPLES, helpful
from handlers.absence.owner_part import weekday_and_date
from handlers.absence.working_hours import working_time_of
from handlers.commands import AwayRequested
from handlers.context import Context
from handlers.outcomes import Notice
from handlers.ports import Colleague
from policy.delegation import Absence, goes_round, stand_ins

Found = tuple[Colleague | None, str]
"""The delegate, if one was named, and a remark about what happens with the decisions."""


async def delegate_for(
    command: AwayRequested, colleague: Colleague, starts_at: datetime, ends_at: datetime, context: Context
) -> Found | Notice:
    """Return the delegate for that time, or why there cannot be one."""
    named = await _named(command, context)
    if isinstance(named, Notice):
        return named
    if named is None:
        return None, _roles_stay(colleague, context)
    if named.id == colleague.id:
        return helpful("You cannot be your own delegate.")
    if not named.is_full_member:
        return helpful(f"{named.name} is a guest or from another organisation and cannot decide here.")
    others = await context.database.read(lambda tx: tx.absences.between(starts_at, ends_at))
    others = [absence for absence in others if absence.email.casefold() != colleague.email.casefold()]
    return _reachable(colleague, named, others, context)


async def _named(command: AwayRequested, context: Context) -> Colleague | Notice | None:
    if len(command.delegates) > 1:
        return helpful("Name one delegate only.")
    if command.delegates:
        found = await context.chat.colleague(command.delegates[0])
        return found or helpful("That account is a bot, or no longer active, and cannot decide here.")
    return await _by_name(command.delegate_name, context) if command.delegate_name else None


async def _by_name(name: str, context: Context) -> Colleague | Notice:
    """Find a delegate among the people of the organisation by name or e-mail address."""
    wanted = name.casefold().removeprefix("@").strip()
    if "@" in wanted:
        found = await context.chat.colleague_by_email(wanted)
        return found or helpful(f"I know nobody in Slack with the address {wanted}.")
    matching: dict[str, Colleague] = {}
    for person in context.organisation.people:
        known = await context.chat.colleague_by_email(person.email)
        if known and wanted in _names(known):
            matching[known.id] = known
    if len(matching) == 1:
        return next(iter(matching.values()))
    if matching:
        names = " or ".join(sorted(each.name for each in matching.values()))
        return helpful(f"“{name}” may be {names}. Write the whole name.")
    return helpful(f"I do not know who “{name}” is. Choose them from the list that Slack offers after @.")


def _names(colleague: Colleague) -> set[str]:
    whole = colleague.name.casefold()
    return {whole, whole.split(" ")[0], whole.replace(" ", "."), colleague.email.casefold().split("@")[0]}


def _reachable(
    colleague: Colleague, delegate: Colleague, others: list[Absence], context: Context
) -> Found | Notice:
    if goes_round(colleague.email, delegate.email, others):
        return helpful(
            f"{delegate.name} is away in that time, too, and what comes to them would come back to you. "
            "Choose somebody else."
        )
    away = next((a for a in others if a.email.casefold() == delegate.email.casefold()), None)
    if away is None:
        return delegate, _roles_stay(colleague, context)
    zone = working_time_of(delegate, context)
    days = f"from {weekday_and_date(zone.local_day(away.starts_at))}"
    further = stand_ins(delegate.email, others, ())
    if further.present is None:
        return helpful(
            f"{delegate.name} is away, too ({days}), and named nobody who is there. Choose somebody else."
        )
    name = _name_of(further.present, others)
    return delegate, f"{delegate.name} is away, too ({days}); then {name} decides. {EXAMPLES}"


def _name_of(email: str, absences: list[Absence]) -> str:
    named = (a.delegate_name for a in absences if (a.delegate_email or "").casefold() == email.casefold())
    return next((name for name in named if name), email)


def _roles_stay(colleague: Colleague, context: Context) -> str:
    """Say that approvals asked of a role are not passed on: only those who have it may give them."""
    roles = [role for role in context.organisation.roles_of(colleague.email) if role != "owner"]
    if not roles:
        return "Approvals that policy asks of a manager or of compliance stay with those who have that role."
    return f"What policy asks of {' and '.join(roles)} stays with the others who have that role."
