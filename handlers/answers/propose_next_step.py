"""Put a step that somebody was told of before whoever decides, by the record and the rules of now."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.answers.donor_search import NOT_VISIBLE, crm_unavailable, read_donor
from handlers.answers.suggest_next_step import PAUSED, proposing_is_paused
from handlers.commands import NextStepProposed
from handlers.context import Arrived, Context, Write
from handlers.long_histories import donor_facts
from handlers.outcomes import OUTCOME, NextStepShown, Notice
from handlers.ports import Colleague, DonorUnknown, Unavailable
from handlers.proposals.recommend_next_step import AskedBy, Weighed, consider, put_forward, weigh
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.decision import Outcome
from policy.matters import is_same_step
from policy.organisation import Organisation
from policy.recommender import candidates
from storage.transaction import Transaction

GONE = Notice(
    text="That suggestion is no longer stored.", next_step="Ask for it again with /donor next and the name."
)
NOT_YOURS = Notice(
    text="Only the person who asked can put a suggestion forward.",
    next_step="Ask for your own with /donor next.",
)
OVERTAKEN = Notice(
    text="The record changed since you asked, and this is no longer what I would recommend.",
    next_step="Nothing was put forward. Ask again with /donor next to see what I recommend now.",
)
WAITS = Notice(
    text="A decision about this waits already, so no second one was opened.",
    next_step="/donor queue lists what waits.",
)


async def propose_next_step(command: NextStepProposed, arrived: Arrived, context: Context) -> Write:
    """Open the decision as an event would; whoever asked for it does not decide it."""
    asker = await admit(command.by.id, command.reply_to, context)
    if isinstance(asker, Notice):
        return _tell(command, arrived, asker)
    stored = await context.database.read(lambda tx: tx.answers.get(command.answer_id))
    shown = OUTCOME.validate_json(stored.body) if stored else None
    if stored is None or stored.donor_id is None or not isinstance(shown, NextStepShown) or not shown.step:
        return _tell(command, arrived, GONE)
    if stored.asked_by != command.by.id:
        return _tell(command, arrived, NOT_YOURS)
    if await proposing_is_paused(context):
        return _tell(command, arrived, PAUSED)
    try:
        weighed = await _weighed(shown, stored.donor_id, asker, context)
    except DonorUnknown:
        return _tell(command, arrived, NOT_VISIBLE)
    except Unavailable:
        return _tell(command, arrived, crm_unavailable(arrived.reference))
    if weighed is None:
        return _tell(command, arrived, OVERTAKEN)
    return lambda tx: _put_forward(tx, command, arrived, weighed, context.organisation)


def _tell(command: NextStepProposed, arrived: Arrived, notice: Notice) -> Write:
    return lambda tx: answer(tx, arrived, notice, command.reply_to)


async def _weighed(shown: NextStepShown, donor_id: str, asker: Colleague, context: Context) -> Weighed | None:
    """Weigh the step with the record of now; None when it is no longer among what could be done."""
    record = await read_donor(donor_id, context)
    facts = await donor_facts(record, context)
    waiting = await context.database.read(lambda tx: tx.escalations.open_for_donor(record.donor.id))
    same = (
        each
        for each in candidates(record, facts, context.today())
        if shown.step is not None and each.rule == shown.rule and is_same_step(each.action, shown.step)
    )
    proposal = next(same, None)
    if proposal is None:
        return None
    asked = AskedBy(asker.id, asker.name)
    return await weigh(await consider(None, record, facts, proposal, context, waiting, asked), context)


def _put_forward(
    tx: Transaction,
    command: NextStepProposed,
    arrived: Arrived,
    weighed: Weighed,
    organisation: Organisation,
) -> None:
    donor, decision = weighed.considered.record.donor, weighed.ruling.decision
    if decision.outcome is Outcome.DENY:
        write_down(
            tx,
            arrived,
            "next_step.refused",
            subject=donor.id,
            actor=slack_actor(command.by.id),
            answer_id=command.answer_id,
            gates=list(decision.gate_ids),
            policy_version=decision.policy_version,
        )
        answer(tx, arrived, _refused(decision.reasons), command.reply_to, donor_id=donor.id)
        return
    opened = put_forward(tx, arrived, weighed, organisation)
    told = WAITS
    if opened is not None:
        to = weighed.destination
        told = Notice(
            text=f"Put forward. It is decided by {to.decider}: the card is in {to.why}.",
            next_step="You asked for it, so somebody else decides. The card tells what became of it.",
            reference=arrived.reference,
        )
        if decision.outcome is Outcome.ALLOW:
            told = Notice(
                text="Policy lets this be done without asking anybody, so it is on its way to the CRM.",
                next_step=f"The card in {to.why} shows the result and has Undo.",
                reference=arrived.reference,
            )
    answer(tx, arrived, told, command.reply_to, donor_id=donor.id)


def _refused(reasons: tuple[str, ...]) -> Notice:
    return Notice(
        text=f"Policy does not allow this now: {' '.join(reasons) or 'no rule allows it.'}",
        next_step="Nothing was put forward.",
    )
