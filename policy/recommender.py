"""The recommender: rules over what happened and the facts; the first that applies proposes one next step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from policy.actions import ScheduleFollowUp, UpdateStage
from policy.donor import Channel, DonorRecord
from policy.events import CrmEvent, CrmEventType
from policy.facts import is_unread
from policy.facts_model import DonorFacts, spelled_date
from policy.recommender_care import (
    campaign_on_hold,
    complained,
    donor_died,
    met,
    payment_missing,
    refused_channel,
    replied,
)
from policy.recommender_plans import (
    consent_unknown,
    gone_quiet,
    instalment_due,
    meeting_ahead,
    owner_missing,
    reply_unanswered,
    stage_behind,
)
from policy.recommender_thanks import (
    advised_gift,
    came_back,
    gift_to_thank_for,
    pledge_renewed,
    refunded_gift,
)
from policy.recommender_together import several_to_thank_for
from policy.sentences import in_each_currency
from policy.situation import Proposal, Situation

__all__ = ["RULES", "WHEN_ASKED", "Proposal", "candidates", "recommend"]


def renewal_due(s: Situation) -> Proposal | None:
    """Gave last year but not yet this year, and nobody has asked lately: plan a personal word."""
    if s.event is not None or not s.facts.flag("giving.lybunt"):
        return None
    # Whether the donor may be contacted at all is for the rules to say, and to be read beside the reason.
    # Whoever owes a payment is asked about that first, if at all.
    blocked = ("ask.open", "complaint.recent", "pledge.overdue")
    if any(s.facts.flag(fact_id) for fact_id in blocked) or s.facts.count("ask.recent_count"):
        return None
    last_year = in_each_currency(s.facts, "giving.last_year")
    channels = (Channel.PHONE, Channel.EMAIL, Channel.MAIL)
    channel = next((c for c in channels if s.may_reach(c, "fundraising")), None)
    title = f"Talk to {s.name} about renewing"
    if channel is None or s.is_planned(title) or not s.facts.currencies_of("giving.last_year"):
        return None
    sentence = s.writer.write(
        f"{{name}} gave {last_year} in {{fiscal_year.last}} but {{giving.lybunt}} in "
        "{fiscal_year.current}.",
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

# What somebody may be told who asks what to do next: the same care first, then what lies ahead.
WHEN_ASKED: tuple[Callable[[Situation], Proposal | None], ...] = (
    donor_died,
    complained,
    campaign_on_hold,
    gift_to_thank_for,
    reply_unanswered,
    meeting_ahead,
    payment_missing,
    instalment_due,
    stage_behind,
    owner_missing,
    renewal_due,
    gone_quiet,
    consent_unknown,
)


def candidates(record: DonorRecord, facts: DonorFacts, today: date) -> tuple[Proposal, ...]:
    """Return everything that could be done next, the most important first; for a merged record nothing.

    A stage that the donor is in already is never among them.
    """
    if record.donor.merged_into is not None:
        return ()
    situation = Situation(record=record, facts=facts, event=None, today=today)
    rules = (donor_died,) if record.donor.deceased else WHEN_ASKED
    found = (rule(situation) for rule in rules)
    return tuple(each for each in found if each is not None and not _is_there_already(each, record))


def nothing_to_do(record: DonorRecord, facts: DonorFacts, today: date) -> str:
    """Say why nothing is proposed to whoever asks: what keeps everybody away, or that nothing waits."""
    if record.donor.merged_into is not None:
        return "This record was merged into another one; ask about that one."
    withheld = Situation(record=record, facts=facts, event=None, today=today).withheld
    if withheld is not None:
        return f"Nothing is proposed for {record.donor.name}, who is {withheld}."
    last = facts.day("contact.last_on")
    touched = f"The last contact was on {spelled_date(last)}." if last else "No contact is recorded."
    if is_unread(record, "interactions"):
        touched = "The contacts could not be read from the CRM."
    return f"Nothing is due: no thanks, payment, reply or meeting waits. {touched}"


def _is_there_already(proposal: Proposal, record: DonorRecord) -> bool:
    action = proposal.action
    return isinstance(action, UpdateStage) and action.stage is record.donor.lifecycle_stage


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
    if event is None:
        withheld = Situation(record=record, facts=facts, event=None, today=today).withheld
        found = candidates(record, facts, today)
        return next((p for p in found if not (withheld and isinstance(p.action, ScheduleFollowUp))), None)
    situation = Situation(record=record, facts=facts, event=event, today=today, together=together)
    # Nothing but the handling of the estate is ever proposed for somebody who has died.
    for rule in (donor_died,) if record.donor.deceased else RULES:
        proposal = rule(situation)
        if proposal is not None:
            return proposal
    return None
