"""Thanks for several gifts, one of which was given back or changed: the step as it has to be now."""

from __future__ import annotations

from dataclasses import replace

from handlers.context import Context, staff_names
from handlers.decisions.ask_again import AskedAgain, ask_again
from handlers.long_histories import donor_facts
from handlers.proposals.deciding import rule_again
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.folding import is_edited
from handlers.proposals.obligations import AMOUNT, duties_of, shown_changes
from policy.actions import FieldChange
from policy.changes import describe
from policy.decision import Outcome
from policy.donor import DonorRecord
from policy.matters import THANKS, is_same_step
from policy.seen import cites_of, facts_of, what_changed, what_is_seen
from policy.thanks_left import thanks_left
from storage.escalations import Escalation

PROPOSED = "Proposed step"
THANKING = frozenset({"create_task", "schedule_follow_up", "record_acknowledgement", "draft_message"})


async def revised_thanks(
    escalation: Escalation, record: DonorRecord, objection: str, context: Context
) -> AskedAgain | None:
    """Return the decision as it would be asked for what is left to thank for, with the old step beside it.

    None where it is about nothing of the kind, where somebody wrote the step themselves, or where it is the
    same step still.
    """
    is_about_thanks = (escalation.fold_key or "").endswith(f":{THANKS}")
    if not is_about_thanks or escalation.action.kind not in THANKING or is_edited(escalation):
        return None
    facts = await donor_facts(record, context)
    found = thanks_left(record, facts, context.today(), escalation.about)
    if found is None or is_same_step(escalation.action, found.action):
        return None
    changed = replace(escalation, action=found.action, about=found.about)
    ruling = await rule_again(changed, record, context)
    if ruling.decision.outcome is Outcome.DENY:
        return None
    requirement, names = requirement_of(escalation), staff_names(record)
    duties = duties_of(ruling.decision)
    seen = what_is_seen(
        record,
        found.action,
        ruling.facts,
        names=names,
        read=(*facts_of(requirement.seen), *ruling.read),
        cites=cites_of(requirement.seen),
    )
    step = FieldChange(
        record="proposal",
        field=PROPOSED,
        before=card_of(escalation).proposal,
        after=duties.without_amounts(describe(found.action, names), record),
    )
    since = (step, *what_changed(requirement.seen, seen, hide_amounts=AMOUNT in duties.mask))
    fresh = shown_changes(found.action, record, names, duties)
    return await ask_again(changed, record, ruling, fresh, objection, since, seen, context)
