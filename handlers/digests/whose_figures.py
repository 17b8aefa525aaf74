"""Who may see whose figures: managers their team's, compliance and admins everybody's, nobody else any."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.context import Context
from handlers.outcomes import Notice
from handlers.ports import Colleague
from policy.decision import Role
from policy.digest import DigestKind
from policy.digest_material import FEWEST_PEOPLE
from policy.organisation import Organisation
from storage.team import Team

FOR_MANAGERS = Notice(
    text="These figures are for managers, compliance and admins.",
    next_step="What concerns your own decisions is in the Home tab, and only you see it there.",
)
_EVERYBODYS = frozenset({Role.COMPLIANCE.value, Role.ADMIN.value})


@dataclass(frozen=True, slots=True)
class Whose:
    """The *team* whose figures somebody may see; None for everybody's."""

    team: str | None


def whose_figures(colleague: Colleague, organisation: Organisation) -> Whose | None:
    """Return whose figures somebody may see; None when none."""
    roles = set(organisation.roles_of(colleague.email))
    if roles & _EVERYBODYS:
        return Whose(None)
    if Role.MANAGER.value not in roles:
        return None
    person = organisation.person(colleague.email)
    return Whose(person.team if person else None)


def is_too_small(team: str | None, kind: DigestKind, organisation: Organisation) -> bool:
    """Say whether a team has so few people that figures about them would single somebody out."""
    if team is None or kind is DigestKind.OPERATIONS:
        return False
    return len(organisation.team(team)) < FEWEST_PEOPLE


async def team_of(name: str | None, context: Context) -> Team | None:
    """Return who is in a team, as the figures name people; None for everybody."""
    if name is None:
        return None
    emails = [person.email for person in context.organisation.team(name)]
    found = [await context.chat.colleague_by_email(email) for email in emails]
    return Team(frozenset(c.id for c in found if c), frozenset(emails))
