"""Who clicked, and may they decide: looked up afresh, never believed from the click."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.admission import admit
from handlers.context import Context
from handlers.escalation_view import Requirement, card_of, requirement_of
from handlers.outcomes import Notice
from handlers.ports import Colleague
from handlers.standing import UNKNOWN_CARD, standing
from policy.decision import Role, may_decide
from policy.escalation import EscalationState
from storage.escalations import Escalation


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody who may decide an open escalation, and in which role."""

    colleague: Colleague
    role: Role
    escalation: Escalation
    requirement: Requirement


async def decider_of(escalation_id: str, user_id: str, context: Context) -> Decider | Notice:
    """Return the decider, or the honest reason why this click decides nothing."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(escalation_id))
    if escalation is None:
        return UNKNOWN_CARD
    colleague = await admit(user_id, None, context)
    if isinstance(colleague, Notice):
        return colleague
    if escalation.state is not EscalationState.OPEN:
        return standing(escalation)
    requirement = requirement_of(escalation)
    role = role_in(requirement, colleague, context)
    if role is None:
        return _not_yours(escalation, requirement, colleague)
    return Decider(colleague, role, escalation, requirement)


def role_in(requirement: Requirement, colleague: Colleague, context: Context) -> Role | None:
    """Return the role in which somebody may give an approval that is still missing, or None."""
    return may_decide(
        requirement.decision,
        colleague.id,
        requirement.roles_of(colleague.email, context.organisation.roles_of(colleague.email)),
        granted=requirement.granted,
        excluded=requirement.excluded,
    )


def _not_yours(escalation: Escalation, requirement: Requirement, colleague: Colleague) -> Notice:
    if any(given.person == colleague.id for given in requirement.granted):
        return Notice(
            text="You have already given your approval; it counts once.",
            next_step="Somebody else has to give the other approval.",
        )
    card = card_of(escalation)
    if colleague.id in requirement.excluded:
        return Notice(
            text="You must not decide this yourself: the proposal is your own, or it would benefit you.",
            next_step=f"Nothing was changed. This decision is for {card.decider}.",
        )
    if any(passed.by_user_id == colleague.id for passed in requirement.passed):
        return Notice(
            text=f"You passed this on; {card.decider} decides now.",
            next_step="Nothing was changed. Tell them in the thread of the card what you think.",
        )
    return Notice(
        text=f"This decision is for {card.decider}.",
        next_step="Nothing was changed. Tell them in the thread of the card what you think.",
    )
