"""What the rules say about an undo: asked like about any action, where it reaches the donor again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.absence.owner_part import owner_part
from handlers.admission import admit
from handlers.context import Context
from handlers.outcomes import Notice, UndoShown
from handlers.ports import Colleague
from handlers.proposals.deciding import rule_on
from handlers.proposals.escalation_view import Requirement, requirement_of
from handlers.proposals.ruling import Ruling
from policy.actions import UNDO, Action, UndoPromise
from policy.decision import GivenApproval, Outcome, RequiredApproval, Role, open_approvals
from policy.delegation import StandIns
from policy.donor import DonorRecord
from policy.undoing import compensation, opens_again
from storage.escalations import Escalation

NOT_ALLOWED = "Policy does not allow it."
ELSEWHERE = "Policy does not let this be decided in Slack: undo it in {place}."


@dataclass(frozen=True, slots=True)
class OthersToo:
    """The rules want more people to agree: *needs* are the approvals still to be given."""

    needs: tuple[RequiredApproval, ...]


def amounts_to(escalation: Escalation, record: DonorRecord, context: Context) -> Action | None:
    """Return the action that undoing comes to where policy has a say in it; None where it has not."""
    if UNDO[escalation.action.kind] is UndoPromise.COMPENSATION:
        return compensation(escalation.action, record, context.today())
    return opens_again(escalation.action)


async def ruled_out(
    action: Action,
    escalation: Escalation,
    asked: UndoShown,
    record: DonorRecord,
    context: Context,
    heard: Callable[[Ruling], None],
) -> str | OthersToo:
    """Ask the policy in force; empty when nothing stands against it, else why, or who has to agree as well.

    The yes of whoever asked counts in any of their roles, that of each of the others in one, and nobody's
    counts twice. *heard* is told what the policy said.
    """
    colleague = await admit(asked.by_user_id, None, context)
    if isinstance(colleague, Notice):
        return colleague.text
    ruling = await rule_on(action, record, escalation, asked.by_user_id, context)
    heard(ruling)
    if ruling.decision.outcome is Outcome.DENY:
        return denial(ruling, context)
    given = await given_approvals(escalation, colleague, asked, context)
    missing = open_approvals(ruling.decision, given)
    return OthersToo(missing) if missing else ""


def denial(ruling: Ruling, context: Context) -> str:
    """Say why policy denies it, and where it can be decided when that is not in Slack."""
    if ruling.elsewhere:
        return ELSEWHERE.format(place=context.organisation.decided_elsewhere)
    return " ".join(ruling.decision.reasons) or NOT_ALLOWED


async def given_approvals(
    escalation: Escalation, colleague: Colleague, asked: UndoShown, context: Context
) -> list[GivenApproval]:
    """Return whose yes there is: that of *colleague*, who asked for the undo, and those given since."""
    roles = await roles_here(requirement_of(escalation), colleague, context)
    return [*(GivenApproval(person=colleague.id, role=role) for role in sorted(roles)), *asked.granted]


async def roles_here(requirement: Requirement, colleague: Colleague, context: Context) -> frozenset[Role]:
    """Return the roles that somebody has here now, as a stand-in too."""
    part = await owner_part(requirement.holder, context)
    return requirement.roles_of(
        colleague.email, context.organisation.roles_of(colleague.email), part.stand_ins
    )


def acts_for(
    escalation: Escalation, colleague: Colleague, roles: tuple[str, ...], stand_ins: StandIns
) -> bool:
    """Say whether somebody who undoes does so in the place of an absent holder, not in their own right."""
    requirement = requirement_of(escalation)
    if escalation.decided_by == colleague.id:
        return escalation.decided_for is not None
    if requirement.holder is None or requirement.holder.casefold() == colleague.email.casefold():
        return False
    wanted = deciding_roles(requirement)
    in_own_right = requirement.roles_of(colleague.email, roles) & wanted
    return not in_own_right and bool(requirement.roles_of(colleague.email, roles, stand_ins) & wanted)


def deciding_roles(requirement: Requirement) -> frozenset[Role]:
    """Return the roles that decide here; where nobody was asked, the owner's and a manager's."""
    asked = frozenset(need.role for need in requirement.decision.approvals)
    return asked or frozenset({Role.OWNER, Role.MANAGER})


def spelled(needs: tuple[RequiredApproval, ...]) -> str:
    """Spell whose agreement is missing: "compliance and 2 managers" as roles with counts."""
    return " and ".join(
        need.role.value if need.count == 1 else f"{need.count} people as {need.role.value}" for need in needs
    )
