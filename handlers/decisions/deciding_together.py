"""Which decisions may be approved several at a time: what is small, ordinary and for one person alone."""

from __future__ import annotations

from handlers.proposals.escalation_view import card_of, requirement_of
from policy.decision import Outcome, Role
from policy.decision_facts import DecisionFacts, facts_decided_on
from policy.escalation import EscalationState
from policy.organisation import Organisation
from storage.escalations import Escalation

NOT_TOGETHER = "This one needs a decision of its own."


def may_be_decided_together(escalation: Escalation, organisation: Organisation) -> bool:
    """Say whether an open escalation may be among those approved with one press."""
    if escalation.state is not EscalationState.OPEN or escalation.action.kind not in organisation.bulk_kinds:
        return False
    facts = facts_decided_on(escalation.decision_facts)
    decision = requirement_of(escalation).decision
    needs = [(need.role, need.count) for need in decision.approvals]
    # Where nobody looks after the donor, a manager decides what is ordinary as an owner would.
    alone = Role.OWNER if facts.owner.active else Role.MANAGER
    if decision.outcome is not Outcome.REQUIRE_APPROVAL or needs != [(alone, 1)]:
        return False
    card = card_of(escalation)
    return not (card.urgent or card.edits or card.donor.warnings or is_delicate(facts))


def is_delicate(facts: DecisionFacts) -> bool:
    """Say whether anything about the donor, the amount or the text calls for a look of its own."""
    donor, household = facts.donor, facts.household
    return any(
        (
            donor.tier in ("major", "principal"),
            donor.deceased or donor.do_not_contact or donor.legal_review,
            donor.sensitive or donor.vulnerable,
            household.any_deceased or household.any_do_not_contact,
            household.any_legal_review or household.any_sensitive,
            facts.action.is_major_gift or facts.action.is_ask or facts.action.is_outreach,
            facts.ai.suspected_injection or facts.ai.contradictions > 0,
            facts.ai.confidence_level == "low",
            not facts.record.is_complete,
        )
    )
