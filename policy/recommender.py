"""The recommender: rules over what happened and the facts; the first that applies proposes one next step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from policy.actions import ScheduleFollowUp
from policy.donor import Channel, DonorRecord
from policy.events import CrmEvent, CrmEventType
from policy.facts_model import DonorFacts
from policy.recommender_care import (
    campaign_on_hold,
    complained,
    donor_died,
    met,
    payment_missing,
    refused_channel,
    replied,
)
from policy.recommender_thanks import (
    advised_gift,
    came_back,
    gift_to_thank_for,
    pledge_renewed,
    refunded_gift,
)
from policy.recommender_together import several_to_thank_for
from policy.situation import Proposal, Situation

__all__ = ["RULES", "Proposal", "recommend"]


def renewal_due(s: Situation) -> Proposal | None:
    """Gave last year but not yet this year, and nobody has asked lately: plan a personal word."""
    if s.event is not None or not s.facts.flag("giving.lybunt"):
        return None
    blocked = ("ask.open", "donor.do_not_contact", "donor.legal_review", "complaint.recent")
    if any(s.facts.flag(fact_id) for fact_id in blocked) or s.facts.count("ask.recent_count"):
        return None
    last_year = s.facts.money("giving.last_year")
    channels = (Channel.PHONE, Channel.EMAIL, Channel.MAIL)
    channel = next((c for c in channels if s.may_reach(c, "fundraising")), None)
    title = f"Talk to {s.name} about renewing"
    if channel is None or s.is_planned(title) or last_year is None or not last_year.minor:
        return None
    sentence = s.writer.write(
        "{name} gave {giving.last_year} in {fiscal_year.last} but {giving.lybunt} in {fiscal_year.current}.",
        name=s.full_name(),
    )
    return Proposal(
        action=ScheduleFollowUp(
            donor_id=s.donor_id, title=title, channel=channel, due_on=s.within(7), assignee_id=s.owner_id
        ),
        headline=f"{s.name} gave last year but not yet this year: plan a personal word",
        signals=(sentence,),
        alternatives=("Leave it to the year-end appeal: less personal.",),
        unknowns=s.unknowns(channel),
        rule="renewal_due",
    )


# In order of urgency: care for people before money, thanks before plans.
RULES: tuple[Callable[[Situation], Proposal | None], ...] = (
    donor_died,
    refused_channel,
    complained,
    refunded_gift,
    came_back,
    several_to_thank_for,
    gift_to_thank_for,
    advised_gift,
    pledge_renewed,
    replied,
    met,
    campaign_on_hold,
    payment_missing,
    renewal_due,
)


def recommend(
    record: DonorRecord,
    facts: DonorFacts,
    event: CrmEvent | None,
    today: date,
    together: frozenset[str] = frozenset(),
) -> Proposal | None:
    """Return the one next step worth a person's attention, or None; for a merged record always None.

    *together* names the CRM records that waiting decisions are for: what belongs with them is proposed as one
    step for all of them.
    """
    if record.donor.merged_into is not None:
        return None
    if event is not None and event.type is CrmEventType.EMAIL_OPENED:
        return None
    situation = Situation(record=record, facts=facts, event=event, today=today, together=together)
    # Nothing but the handling of the estate is ever proposed for somebody who has died.
    for rule in (donor_died,) if record.donor.deceased else RULES:
        proposal = rule(situation)
        if proposal is not None:
            return proposal
    return None
