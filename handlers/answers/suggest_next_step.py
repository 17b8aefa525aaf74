"""Tell whoever asks the one thing to do next about a donor, why that and not something else."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_header import donor_header
from handlers.answers.donor_search import donor_asked_for
from handlers.answers.next_steps import Chosen, choose
from handlers.answers.sources import sources
from handlers.commands import NextStepRequested
from handlers.context import Arrived, Context, Write, staff_names
from handlers.long_histories import donor_facts
from handlers.outcomes import ConsideredStep, NextStepShown, Notice, Outcome
from handlers.ports import Colleague
from handlers.proposals.deciding import PROPOSING
from handlers.proposals.obligations import AMOUNT, duties_of, shown_changes
from handlers.proposals.recommend_next_step import AskedBy
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.record.model_answers import write_what_was_said
from handlers.rules.paused import pause_of
from policy.canonical import digest
from policy.changes import describe, long_text, undo_text
from policy.decision import Outcome as Ruled
from policy.donor import DonorRecord
from policy.facts import DonorFacts
from policy.matters import is_same_step
from policy.recommender import nothing_to_do
from storage.transaction import Transaction

EMPTY_QUERY = Notice(
    text="About whom would you like to know what to do next?",
    next_step="Type /donor next followed by a name, an e-mail address or a donor id.",
)
PAUSED = Notice(
    text="Proposing next steps is paused at the moment.",
    next_step="/donor pause says by whom and why. A summary and the history are still there to ask for.",
)


async def suggest_next_step(command: NextStepRequested, arrived: Arrived, context: Context) -> Write:
    """Answer with one step, a choice of donors, or near names."""
    asker = await admit(command.by.id, command.reply_to, context)
    if isinstance(asker, Notice):
        return _told(command, arrived, asker)
    if not command.query.strip() and command.donor_id is None:
        return _told(command, arrived, EMPTY_QUERY)
    if await proposing_is_paused(context):
        return _told(command, arrived, PAUSED)
    found = await donor_asked_for(command.query, command.donor_id, "next", arrived, context)
    if not isinstance(found, DonorRecord):
        return _told(command, arrived, found)
    return await _suggest(command, asker, found, arrived, context)


async def proposing_is_paused(context: Context) -> bool:
    """Say whether somebody has paused what puts proposals before people."""
    now = context.clock.now()
    return await context.database.read(lambda tx: pause_of(tx, now, *PROPOSING)) is not None


def _told(command: NextStepRequested, arrived: Arrived, outcome: Outcome) -> Write:
    return lambda tx: answer(tx, arrived, outcome, command.reply_to)


async def _suggest(
    command: NextStepRequested, asker: Colleague, record: DonorRecord, arrived: Arrived, context: Context
) -> Write:
    facts = await donor_facts(record, context)
    waiting = await context.database.read(lambda tx: tuple(tx.escalations.open_for_donor(record.donor.id)))
    chosen = await choose(record, facts, AskedBy(asker.id, asker.name), waiting, context)
    if isinstance(chosen, Chosen):
        step = chosen.weighed.considered.recommendation.action
        waits = any(is_same_step(each.action, step) for each in waiting)
        shown = _step(chosen, record, facts, arrived, context, waits=waits)
        owns = record.owner is not None and record.owner.email.casefold() == asker.email.casefold()
        shown = shown.model_copy(update={"owner_asks": owns})
    else:
        shown = _nothing(chosen, record, facts, arrived, context)
    return lambda tx: _write(tx, command, arrived, shown, chosen, record, facts)


def _step(
    chosen: Chosen, record: DonorRecord, facts: DonorFacts, arrived: Arrived, context: Context, *, waits: bool
) -> NextStepShown:
    considered, ruling = chosen.weighed.considered, chosen.weighed.ruling
    recommendation, names, duties = considered.recommendation, staff_names(record), duties_of(ruling.decision)
    action = recommendation.action
    refused = ruling.decision.outcome is Ruled.DENY
    signals = tuple(filter(duties.may_show, recommendation.signals))
    return NextStepShown(
        answer_id=arrived.ids.new(),
        donor=donor_header(record, context.organisation),
        rule=considered.proposal.rule,
        step=action,
        headline=duties.without_amounts(recommendation.headline, record),
        proposal=duties.without_amounts(describe(action, names), record),
        proposal_details=duties.without_amounts(long_text(action), record),
        changes=shown_changes(action, record, names, duties),
        signals=signals,
        hidden=len(recommendation.signals) - len(signals),
        sources=sources(recommendation.signals, record, facts, context.organisation),
        removed=recommendation.removed,
        gates=() if refused else ruling.decision.reasons,
        considered=_others(chosen.others, record, hide=AMOUNT in duties.mask),
        alternatives=recommendation.alternatives,
        unknowns=recommendation.unknowns,
        confidence=recommendation.confidence,
        origin=recommendation.origin,
        footers=duties.footers,
        undo_text=undo_text(action, context.organisation.undo_days),
        decider=chosen.weighed.destination.decider,
        may_be_proposed=not refused and not waits,
        why_not=ruling.decision.reasons if refused else (),
        waits=waits,
        as_of=context.today(),
        reference=arrived.reference,
    )


def _others(
    others: tuple[ConsideredStep, ...], record: DonorRecord, *, hide: bool
) -> tuple[ConsideredStep, ...]:
    """Leave out of other steps what names an amount, where amounts are not shown."""
    amounts = {str(gift.amount) for gift in record.gifts} if hide else set()
    return tuple(each for each in others if not any(amount in each.step for amount in amounts))


def _nothing(
    others: tuple[ConsideredStep, ...],
    record: DonorRecord,
    facts: DonorFacts,
    arrived: Arrived,
    context: Context,
) -> NextStepShown:
    return NextStepShown(
        answer_id=arrived.ids.new(),
        donor=donor_header(record, context.organisation),
        nothing=nothing_to_do(record, facts, context.today()),
        considered=_others(others, record, hide=record.donor.gives_anonymously),
        as_of=context.today(),
        reference=arrived.reference,
    )


def _write(
    tx: Transaction,
    command: NextStepRequested,
    arrived: Arrived,
    shown: NextStepShown,
    chosen: Chosen | tuple[ConsideredStep, ...],
    record: DonorRecord,
    facts: DonorFacts,
) -> None:
    found = chosen.weighed if isinstance(chosen, Chosen) else None
    heard = found.considered.heard if found else None
    write_what_was_said(tx, arrived, heard, subject=record.donor.id, use="recommendation")
    write_down(
        tx,
        arrived,
        "next_step.shown",
        subject=record.donor.id,
        actor=slack_actor(command.by.id),
        answer_id=shown.answer_id,
        record_digest=digest(record),
        donor_facts=facts.model_dump(mode="json"),
        recommendation=found.considered.recommendation.model_dump(mode="json") if found else None,
        gates=list(found.ruling.decision.gate_ids) if found else [],
        policy_version=found.ruling.decision.policy_version if found else None,
        considered=[each.model_dump(mode="json") for each in shown.considered],
    )
    answer(tx, arrived, shown, command.reply_to, donor_id=record.donor.id, answer_id=shown.answer_id)
