"""`/donor why`: which rule spoke, on which facts, in plain language; for a reference or a donor."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_search import crm_unavailable, find_donor
from handlers.commands import WhyRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import DecisionExplained, Notice, Outcome, RuleSaid, WhyShown
from handlers.ports import Unavailable
from handlers.proposals.escalation_view import card_of
from handlers.record.decision_path import path_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.record.recorded_decisions import SeveralDecisions, decisions_about, find_decision
from policy.explain import ExplainedGate, Explanation, explain
from policy.recorded import WHY_NOT_WORDS, NotReplayable, RecordedDecision
from storage.transaction import Transaction

SHOWN = 3
LONGEST_REFERENCE = 40
EMPTY = Notice(
    text="Why what?",
    next_step="Type /donor why and the reference at the foot of a card, or a donor's name.",
)
NOTHING_DECIDED = Notice(
    text="No decision about this donor is recorded.",
    next_step="Rules are asked when something happens in the CRM that calls for a next step.",
)
SEVERAL = Notice(
    text="That reference stands for several decisions.",
    next_step="Ask by the donor's name instead, or press Why? on the card itself.",
)
OTHER_RULES = "The rules it was decided by are not stored any more; these are the rules in force now."
FACTS_CHANGED = "The recorded facts are not the ones the decision names. Tell compliance."

Found = RecordedDecision | NotReplayable


async def show_why(command: WhyRequested, arrived: Arrived, context: Context) -> Write:
    """Explain to a member of the organisation; asking is itself written down."""
    colleague = await admit(command.by.id, command.reply_to, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    if not command.query:
        return lambda tx: answer(tx, arrived, EMPTY, command.reply_to)
    outcome, donor_id = await _explained(command.query, arrived, context)

    def write(tx: Transaction) -> None:
        write_down(tx, arrived, "why.shown", subject=donor_id, actor=slack_actor(command.by.id))
        answer(tx, arrived, outcome, command.reply_to, donor_id=donor_id)

    return write


async def _explained(query: str, arrived: Arrived, context: Context) -> tuple[Outcome, str | None]:
    if len(query) <= LONGEST_REFERENCE and " " not in query:
        try:
            by_reference = await context.database.read(lambda tx: _one(tx, query, context))
        except SeveralDecisions:
            return SEVERAL, None
        if by_reference:
            return by_reference
    try:
        donor = await find_donor(query, "why", context)
    except Unavailable:
        return crm_unavailable(arrived.reference), None
    if not isinstance(donor, str):
        return donor, None
    return await context.database.read(lambda tx: _latest(tx, donor, context)), donor


def _one(tx: Transaction, query: str, context: Context) -> tuple[Outcome, str | None] | None:
    found = find_decision(tx, query)
    if found is None:
        return None
    donor_id = found.donor_id if isinstance(found, RecordedDecision) else None
    return WhyShown(decisions=(_explain(tx, found, context),)), donor_id


def _latest(tx: Transaction, donor_id: str, context: Context) -> Outcome:
    found = decisions_about(tx, donor_id)
    if not found:
        return NOTHING_DECIDED
    latest, *earlier = (_explain(tx, each, context) for each in found[:SHOWN])
    # The latest fills the screen; each of the others has its whole story behind a button.
    brief = (each.model_copy(update={"path": (), "rules": (), "near": ()}) for each in earlier)
    return WhyShown(decisions=(latest, *brief), more=len(found) - 1 - len(earlier))


def _explain(tx: Transaction, found: Found, context: Context) -> DecisionExplained:
    entry = tx.audit.get(found.entry_id)
    correlation = entry.correlation_id if entry else found.entry_id
    escalation = tx.escalations.by_correlation(correlation)
    title = card_of(escalation).proposal if escalation else "Held back: nobody was asked"
    told = DecisionExplained(
        title=title,
        at=found.at,
        paragraph="",
        path=path_of(tx.audit.by_correlation(correlation)),
        escalation_id=escalation.id if escalation else "",
        reference=correlation[-6:].lower(),
    )
    if isinstance(found, NotReplayable):
        return told.model_copy(update={"paragraph": f"This cannot be explained: {WHY_NOT_WORDS[found.why]}."})
    recorded = context.rules.version(tx, found.decision.policy_version)
    explanation = explain(found.facts, found.decision, recorded or context.rules.current(tx))
    return told.model_copy(
        update={
            "paragraph": explanation.paragraph,
            "rules": tuple(map(_rule, explanation.matched)),
            "near": tuple(text for gate in explanation.near for text in gate.near),
            "caution": _caution(explanation),
        }
    )


def _rule(gate: ExplainedGate) -> RuleSaid:
    return RuleSaid(
        reason=gate.reason,
        asked=gate.condition,
        saw=tuple(f"{seen.words}: {seen.value}" for seen in gate.seen),
    )


def _caution(explanation: Explanation) -> str:
    if not explanation.facts_intact:
        return FACTS_CHANGED
    return "" if explanation.is_recorded_policy else OTHER_RULES
