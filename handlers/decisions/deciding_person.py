"""Who clicked, and may they decide: looked up afresh, never believed from the click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.absence.owner_part import OwnerPart, owner_part
from handlers.answers.donor_search import read_donor
from handlers.context import Context
from handlers.decisions.clicked import clicked
from handlers.decisions.standing import NOW_YOURS, standing
from handlers.outcomes import Notice
from handlers.ports import Colleague, DonorUnknown, Unavailable
from handlers.proposals.escalation_view import NO_STAND_INS, Requirement, card_of, requirement_of
from handlers.proposals.routing import REVIEWER
from policy.decision import Role, may_decide
from policy.delegation import StandIns
from policy.escalation import EscalationState
from storage.escalations import Changes, Escalation


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody who may decide an open escalation, and in which role."""

    colleague: Colleague
    role: Role
    escalation: Escalation
    requirement: Requirement
    stand_ins: StandIns = NO_STAND_INS
    holder_name: str = ""

    @property
    def on_behalf_of(self) -> str | None:
        """The e-mail address of the absent person they decide for, None when it is their own decision."""
        holder = self.requirement.holder
        mine = holder is None or holder.casefold() == self.colleague.email.casefold()
        return None if mine or self.role is not Role.OWNER else holder

    @property
    def in_place_of(self) -> str | None:
        """The name of the absent person they decide for, None when it is their own decision."""
        return (self.holder_name or self.on_behalf_of) if self.on_behalf_of else None

    def signed(self, now: datetime) -> Changes:
        """Return who decided it, in whose place, and when, for the decision itself."""
        return Changes(
            decided_by=self.colleague.id,
            decided_by_name=self.colleague.name,
            decided_for=self.in_place_of,
            decided_at=now,
        )

    def named(self) -> dict[str, str]:
        """Return who decided it and, for a stand-in, in whose place, for the audit entry."""
        return {"name": self.colleague.name} | stood_in(self.on_behalf_of, self.in_place_of)


def stood_in(email: str | None, name: str | None) -> dict[str, str]:
    """Return for an audit entry in whose place somebody acted; nothing when it was in their own."""
    return {"on_behalf_of": email, "in_place_of": name or email} if email else {}


async def decider_of(
    escalation_id: str,
    user_id: str,
    context: Context,
    *,
    state: EscalationState = EscalationState.OPEN,
) -> Decider | Notice:
    """Return the decider, or the honest reason why this click decides nothing."""
    found = await clicked(escalation_id, user_id, context)
    if isinstance(found, Notice):
        return found
    escalation, colleague = found
    if escalation.state is not state:
        return standing(escalation)
    requirement = requirement_of(escalation)
    part = await owner_part(requirement.holder, context)
    role = role_in(requirement, colleague, context, part.stand_ins)
    if role is None:
        if await _owns_by_now(escalation, requirement, colleague, context):
            return NOW_YOURS
        return _not_yours(escalation, requirement, colleague, part)
    holder = part.holder.name if part.holder else ""
    return Decider(colleague, role, escalation, requirement, part.stand_ins, holder)


async def _owns_by_now(
    escalation: Escalation, requirement: Requirement, colleague: Colleague, context: Context
) -> bool:
    """Say whether the CRM names whoever is refused as the owner; a CRM that is silent changes nothing."""
    if requirement.passed or colleague.id in requirement.excluded:
        return False
    try:
        record = await read_donor(escalation.donor_id, context)
    except (Unavailable, DonorUnknown):
        return False
    email = colleague.email.casefold()
    if record.donor.owner_id == escalation.owner_id:
        return False  # They owned it when it was put before somebody else, for a reason.
    return record.owner is not None and record.owner.email.casefold() == email


def role_in(
    requirement: Requirement,
    colleague: Colleague,
    context: Context,
    stand_ins: StandIns = NO_STAND_INS,
) -> Role | None:
    """Return the role in which somebody may give an approval that is still missing, or None."""
    return may_decide(
        requirement.decision,
        colleague.id,
        requirement.roles_of(colleague.email, context.organisation.roles_of(colleague.email), stand_ins),
        granted=requirement.granted,
        excluded=requirement.excluded,
    )


def _not_yours(
    escalation: Escalation, requirement: Requirement, colleague: Colleague, part: OwnerPart
) -> Notice:
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
    meanwhile = ""
    if part.why:
        meanwhile = f" {part.why}; {part.present.name if part.present else REVIEWER} decides meanwhile."
    return Notice(
        text=f"This decision is for {card.decider}.{meanwhile}",
        next_step="Nothing was changed. Tell them in the thread of the card what you think.",
    )
