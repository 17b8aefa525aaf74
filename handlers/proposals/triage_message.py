"""Triage a message that a colleague passes on: how pressing, what could go wrong, and whose it is."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_search import NOT_VISIBLE, crm_unavailable, read_donor
from handlers.answers.suggest_next_step import PAUSED, proposing_is_paused
from handlers.commands import MessagePassedOn
from handlers.context import Arrived, Context, Write
from handlers.long_histories import donor_facts
from handlers.outcomes import Notice
from handlers.ports import Colleague, DonorUnknown, Unavailable
from handlers.proposals.recommend_next_step import AskedBy, Weighed, consider, put_forward, weigh
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.decision import Outcome
from policy.organisation import Organisation
from policy.triage import Level, triage
from policy.triaging import passed_on
from storage.transaction import Transaction

WAITS = Notice(
    text="A decision about a message concerning this donor waits already, and now tells of this one too.",
    next_step="/donor queue lists what waits.",
)
PRESSING: dict[Level, str] = {
    "now": "This needs somebody today",
    "soon": "This should not wait long",
    "routine": "Nothing pressing",
}


async def triage_message(command: MessagePassedOn, arrived: Arrived, context: Context) -> Write:
    """Open a decision about the message where the rules want it, or say why there is none."""
    colleague = await admit(command.by.id, command.reply_to, context)
    if isinstance(colleague, Notice):
        return _tell(command, arrived, colleague)
    if await proposing_is_paused(context):
        return _tell(command, arrived, PAUSED)
    try:
        weighed = await _weighed(command, colleague, context)
    except DonorUnknown:
        return _tell(command, arrived, NOT_VISIBLE)
    except Unavailable:
        return _tell(command, arrived, crm_unavailable(arrived.reference))
    return lambda tx: _put_forward(tx, command, arrived, weighed, context.organisation)


def _tell(command: MessagePassedOn, arrived: Arrived, notice: Notice) -> Write:
    return lambda tx: answer(tx, arrived, notice, command.reply_to)


async def _weighed(command: MessagePassedOn, colleague: Colleague, context: Context) -> Weighed:
    record = await read_donor(command.donor_id, context)
    facts = await donor_facts(record, context)
    found = triage(facts, command.text)
    proposal = passed_on(found, record, facts, context.today())
    waiting = await context.database.read(lambda tx: tx.escalations.open_for_donor(record.donor.id))
    asked = AskedBy(colleague.id, colleague.name, command.text)
    considered = await consider(None, record, facts, proposal, context, waiting, asked, found)
    return await weigh(considered, context)


def _put_forward(
    tx: Transaction,
    command: MessagePassedOn,
    arrived: Arrived,
    weighed: Weighed,
    organisation: Organisation,
) -> None:
    considered, decision = weighed.considered, weighed.ruling.decision
    donor, found = considered.record.donor, considered.triage
    write_down(
        tx,
        arrived,
        "message.triaged",
        subject=donor.id,
        actor=slack_actor(command.by.id),
        urgency=found.level if found else None,
        topics=list(found.topics) if found else [],
        route=weighed.destination.why,
    )
    opened = put_forward(tx, arrived, weighed, organisation)
    told = WAITS
    if decision.outcome is Outcome.DENY:
        reasons = " ".join(decision.reasons) or "no rule allows it."
        told = Notice(
            text=f"Policy holds this: {reasons}", next_step="Whoever decides was told, if it is news."
        )
    elif opened is not None:
        where = weighed.destination
        pressing = PRESSING[found.level if found else "routine"]
        told = Notice(
            text=f"{pressing}. It is decided by {where.decider}: the card is in {where.why}.",
            next_step="The card quotes the message, and tells what became of it.",
            reference=arrived.reference,
        )
    answer(tx, arrived, told, command.reply_to, donor_id=donor.id)
