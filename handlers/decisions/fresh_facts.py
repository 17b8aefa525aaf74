"""A decision that comes back is shown with the facts of now: read again, ruled again, with what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.answers.donor_header import donor_header
from handlers.answers.donor_search import read_donor
from handlers.context import Arrived, Context, staff_names
from handlers.decisions.ask_again import AskedAgain, ask_again
from handlers.execution.still_right import seen_again, shown_otherwise
from handlers.outcomes import EscalationCard, Execution
from handlers.ports import DonorUnknown, Unavailable
from handlers.proposals.card_places import moved_to
from handlers.proposals.deciding import rule_again
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.obligations import AMOUNT, duties_of, shown_changes
from handlers.proposals.ruling import Ruling
from policy.actions import FieldChange
from policy.canonical import canonical_json
from policy.changes import spell_date
from policy.decision import Outcome
from policy.donor import DonorRecord
from policy.seen import what_changed
from storage.escalations import Changes, Escalation
from storage.transaction import Transaction

PATIENCE = 5
"""How often the CRM is asked before the card comes back as it was: a morning without cards helps nobody."""

GONE = "The donor is no longer in the CRM, or is hidden from Countersign."
MERGED = "The donor’s record was merged into another one; nothing can be written to this one."
AS_IT_WAS = (
    "The CRM does not answer: what the card says was read on {day}. "
    "It is read again before anything is written."
)
CHANGED = "The record changed since this was put off."
NOT_ALLOWED = "As things stand now, policy would not let this be written: {reasons}"


@dataclass(frozen=True, slots=True)
class FreshFacts:
    """The card as it reads now, with *why* it is back, a *note* and what changed *since*.

    *again* is set where the rules in force ask anew, *ruling* where they were asked at all.
    """

    card: EscalationCard
    why: str
    note: str = ""
    since: tuple[FieldChange, ...] = ()
    again: AskedAgain | None = None
    ruling: Ruling | None = None

    def changes(self, tx: Transaction, escalation: Escalation, now: datetime) -> Changes:
        """Return what changes of the escalation: the card, and who decides where by the rules in force."""
        card = self.card.model_copy(update={"awaits": "", "came_back": self.why})
        differs = bool(self.note or self.since)
        different = Execution(problem=self.note, at=now, since=self.since)
        changes = Changes(card=canonical_json(card), outcome=canonical_json(different) if differs else None)
        if self.again is None:
            return changes
        changes |= Changes(
            requires=canonical_json(self.again.requirement),
            policy_version=self.again.requirement.decision.policy_version,
        )
        route = self.again.destination.channel
        if route != escalation.route:
            changes |= moved_to(tx, escalation, route)
        return changes


async def fresh_facts(
    escalation: Escalation, why: str, plainly: str, arrived: Arrived, context: Context
) -> FreshFacts:
    """Read the donor again and ask the policy in force; what cannot be read is said, and holds nothing up.

    *why* may hold what policy wants hidden; where that cannot be asked, *plainly* is said instead.
    """
    card = card_of(escalation)
    try:
        record = await read_donor(escalation.donor_id, context)
    except DonorUnknown:
        return FreshFacts(card, plainly, GONE)
    except Unavailable:
        if arrived.attempts < PATIENCE:
            raise
        day = context.conventions().day_of(escalation.created_at)
        return FreshFacts(card, plainly, AS_IT_WAS.format(day=spell_date(day)))
    if record.donor.id != escalation.donor_id:
        return FreshFacts(card, plainly, MERGED)
    return await as_of(record, escalation, why, context)


async def as_of(
    record: DonorRecord, escalation: Escalation, why: str, context: Context, changed: str = CHANGED
) -> FreshFacts:
    """Show the decision as it is by *record* and by the rules in force."""
    card = card_of(escalation)
    requirement = requirement_of(escalation)
    ruling = await rule_again(escalation, record, context, shown_at=escalation.channel_id or escalation.route)
    duties = duties_of(ruling.decision)
    changes = shown_changes(escalation.action, record, staff_names(record), duties)
    why = duties.without_amounts(why, record)
    now = seen_again(requirement, escalation, record, ruling)
    since = what_changed(requirement.seen, now, hide_amounts=AMOUNT in duties.mask)
    since = since or shown_otherwise(card.changes, changes)
    note = changed if since else ""
    if ruling.decision.outcome is Outcome.REQUIRE_APPROVAL:
        again = await ask_again(escalation, record, ruling, changes, note, since, now, context)
        return FreshFacts(again.card, why, note, since, again, ruling)
    if ruling.decision.outcome is Outcome.DENY:
        reasons = " ".join(ruling.decision.reasons) or "no rule allows it."
        note = f"{note} {NOT_ALLOWED.format(reasons=reasons)}".strip()
    update = {"donor": donor_header(record, context.organisation), "changes": changes}
    return FreshFacts(card.model_copy(update=update), why, note, since, ruling=ruling)
