"""What the rules are told of a proposal that its action does not say: its matter, and the text behind it."""

from __future__ import annotations

from policy.claims import Confidence, Origin
from policy.decision_context import Evidence, Triaged
from policy.decision_facts import DecisionFacts, Purpose
from policy.donor import DonorRecord
from policy.money import Money, total
from policy.organisation import Organisation
from policy.situation import Proposal
from policy.triage import Triage
from policy.value import Value

# Contact that answers or thanks: it asks for nothing, so the rules about asking do not hold it back.
_CARE = frozenset({"replied", "advised_gift", "reply_unanswered", "gone_quiet"})


class AiFindings(Value):
    """What is known about the text behind a proposal."""

    origin: Origin
    confidence: Confidence
    unsupported: int = 0
    contradictions: int = 0
    suspected_injection: bool = False
    external_text: bool = False
    triage: Triage | None = None


class Matter(Value):
    """What the host knows of a proposal that its action does not say; *amount* is what it is about."""

    purpose: Purpose | None = None
    leads_to_contact: bool = False
    amount: Money | None = None
    triaged: Triaged = Triaged()


def matter_of(
    proposal: Proposal, record: DonorRecord, organisation: Organisation, triage: Triage | None = None
) -> Matter:
    """Return what a proposal is about: the sum of the gifts it names, in the currency that weighs most."""
    gifts = (*record.gifts, *record.soft_credited_gifts)
    sums = total(gift.amount for gift in gifts if gift.id in proposal.about)
    return Matter(
        purpose="stewardship" if proposal.rule in _CARE else None,
        leads_to_contact=proposal.leads_to_contact,
        amount=max(sums.values(), key=lambda amount: _weight(amount, organisation), default=None),
        triaged=Triaged(urgency=triage.level, topics=triage.topics) if triage else Triaged(),
    )


def _weight(amount: Money, organisation: Organisation) -> tuple[bool, bool, bool]:
    """Rank a sum by what the rules make of it: major, then nobody knows, then small, at home first."""
    thresholds = {least.currency: least.minor for least in organisation.major_gift_thresholds}
    least = thresholds.get(amount.currency)
    is_major = least is not None and amount.minor >= least
    return is_major, least is None, amount.currency == organisation.home_currency


def matter_again(before: DecisionFacts) -> Matter:
    """Return what was known when an action was decided on, for asking about it or another version again.

    Care stays care. Every other purpose follows from the action itself: contact that does not answer or
    thank somebody counts as fundraising, whatever the action was before somebody changed it.
    """
    about = before.action
    amount = Money(minor=about.amount, currency=about.currency) if about.amount is not None else None
    purpose: Purpose | None = "stewardship" if about.purpose == "stewardship" else None
    return Matter(
        purpose=purpose,
        leads_to_contact=about.leads_to_contact,
        amount=amount,
        triaged=Triaged(urgency=before.triage.urgency, topics=before.triage.topics),
    )


def evidence_of(findings: AiFindings) -> Evidence:
    """Return what the rules are told of the text behind a proposal."""
    return Evidence(
        origin=findings.origin.kind,
        confidence=findings.confidence.score,
        confidence_level=findings.confidence.level,
        unsupported_claims=findings.unsupported,
        contradictions=findings.contradictions,
        suspected_injection=findings.suspected_injection,
        external_text=findings.external_text,
        endpoint_region=findings.origin.endpoint_region,
    )


def evidence_again(before: DecisionFacts) -> Evidence:
    """Return what the rules were told of the text when an action was decided on."""
    ai = before.ai
    return Evidence(
        origin=ai.origin,
        confidence=ai.confidence,
        confidence_level=ai.confidence_level,
        unsupported_claims=ai.unsupported_claims,
        contradictions=ai.contradictions,
        suspected_injection=ai.suspected_injection,
        external_text=ai.external_text,
        endpoint_region=ai.endpoint_region,
    )
