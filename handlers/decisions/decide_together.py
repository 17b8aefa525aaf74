"""Several small decisions with one press: each goes the way of a single approval and is told by itself."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer, fill
from handlers.commands import ApprovalClicked, ChosenItem, DrillPressed, TogetherApproved, TogetherRequested
from handlers.context import Arrived, Context, Write
from handlers.decisions.approve_escalation import Attempt, approval
from handlers.decisions.deciding_together import NOT_TOGETHER, may_be_decided_together
from handlers.decisions.standing import UNKNOWN_CARD
from handlers.outcomes import Notice, TogetherDone, TogetherForm, TogetherItem, TogetherResult, Window
from handlers.practice.answer_drill import answer_open_drill
from handlers.practice.drill_card import scenario_of, small_drill
from handlers.proposals.escalation_view import card_of
from handlers.queue.queue_of import own_queue
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.drills import Drill
from policy.escalation import EscalationState
from policy.practice import Scenario
from storage.escalations import Escalation
from storage.transaction import Transaction

MOST = 10
HERE = frozenset({"home", "queue"})
NOTHING = Notice(
    text="There is nothing here that may be approved several at a time.",
    next_step="Open each decision as a card and decide it there.",
)
A_DRILL = "This was a drill, made up for practice. Nothing was written; another message tells you more."
CHANGED = "It changed while you looked at the list. Open it again to see it as it is now."


async def offer_together(command: TogetherRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window with what may be approved at a time, or say that nothing may."""
    colleague = await admit(command.by.id, command.reply_to, context)
    if isinstance(colleague, Notice):
        return _fill(command, arrived, colleague)
    home = await own_queue(colleague, arrived, context)
    mine = [item.escalation_id for item in home.open]
    found = await context.database.read(lambda tx: [tx.escalations.get(each) for each in mine])
    small = [
        each
        for each in found
        if each
        and may_be_decided_together(each, context.organisation)
        and (command.source in HERE or each.grouping_id == command.source)
    ]
    drills = await context.database.read(lambda tx: tx.drills.open())
    items = [_item(each) for each in small]
    if command.source in HERE:
        items += [
            _drill_item(drill, scenario)
            for drill in drills
            if (scenario := small_drill(drill, colleague, context))
        ]
    items.sort(key=lambda item: item.due_at)
    if not items:
        return _fill(command, arrived, NOTHING)
    form = TogetherForm(
        items=tuple(items[:MOST]),
        more=len(items[MOST:]),
        checked=context.organisation.bulk_checked,
        channel_id=command.reply_to.channel_id,
        thread_ts=command.reply_to.thread_ts,
    )
    return _fill(command, arrived, form)


def _fill(command: TogetherRequested, arrived: Arrived, shown: Window) -> Write:
    return lambda tx: fill(tx, arrived, shown, command.view_id, by=command.by.id)


def _item(escalation: Escalation) -> TogetherItem:
    card = card_of(escalation)
    return TogetherItem(
        escalation_id=escalation.id,
        revision=escalation.revision,
        donor_name=card.donor.name,
        proposal=card.proposal,
        changes=card.changes,
        due_at=escalation.due_at,
    )


def _drill_item(drill: Drill, scenario: Scenario) -> TogetherItem:
    """Return a drill as the real ones stand beside it: whoever approves without looking approves it too."""
    return TogetherItem(
        escalation_id=drill.id,
        revision=1,
        donor_name=scenario.donor,
        proposal=scenario.proposal,
        changes=scenario.changes,
        due_at=drill.due_at,
    )


async def approve_together(command: TogetherApproved, arrived: Arrived, context: Context) -> Write:
    """Approve each that may be approved this way, and tell item by item what became of it.

    Nothing that came with the press is believed: what is listed is looked up, and what is not small is
    refused, whoever put it there.
    """
    chosen = {each.escalation_id: each for each in command.chosen[:MOST]}
    drills = [await _drill(each, command, context) for each in chosen]
    caught = [each for each in drills if each]
    real = [each for each in chosen.values() if each.escalation_id not in {drill.id for drill, _ in caught}]
    attempts = [(each, *await _attempt(each, command, arrived, context)) for each in real]

    def write(tx: Transaction) -> None:
        write_down(
            tx,
            arrived,
            "together.pressed",
            subject=None,
            actor=slack_actor(command.by.id),
            together=arrived.item_id,
            chosen=[each.escalation_id for each in chosen.values()],
        )
        results = tuple(_result(escalation, attempt(tx)) for _, escalation, attempt in attempts)
        results += tuple(_approved_drill(tx, arrived, command, *each) for each in caught)
        answer(tx, arrived, TogetherDone(results=results, reference=arrived.reference), command.reply_to)

    return write


async def _drill(drill_id: str, command: TogetherApproved, context: Context) -> tuple[Drill, Scenario] | None:
    """Return a drill of whoever pressed; None for everything else, which is looked up as a decision."""
    drill = await context.database.read(lambda tx: tx.drills.get(drill_id))
    scenario = scenario_of(drill, context) if drill and drill.person == command.by.id else None
    return (drill, scenario) if drill and scenario else None


def _approved_drill(
    tx: Transaction, arrived: Arrived, command: TogetherApproved, drill: Drill, scenario: Scenario
) -> TogetherResult:
    """Count the approval, tell what it was about in an answer of its own, and write nothing."""
    press = DrillPressed(drill_id=drill.id, choice="approve", by=command.by, reply_to=command.reply_to)
    answer_open_drill(tx, press, arrived, drill, scenario)
    return TogetherResult(donor_name=scenario.donor, proposal=scenario.proposal, problem=A_DRILL)


async def _attempt(
    chosen: ChosenItem, command: TogetherApproved, arrived: Arrived, context: Context
) -> tuple[Escalation | None, Attempt]:
    escalation = await context.database.read(lambda tx: tx.escalations.get(chosen.escalation_id))
    if escalation is None:
        return None, lambda _tx: UNKNOWN_CARD
    press = ApprovalClicked(
        escalation_id=escalation.id,
        together=arrived.item_id,
        by=command.by,
        reply_to=command.reply_to,
    )
    attempt = await approval(press, arrived, context)
    return escalation, lambda tx: _if_unchanged(tx, arrived, chosen, command, attempt, context)


def _if_unchanged(
    tx: Transaction,
    arrived: Arrived,
    chosen: ChosenItem,
    command: TogetherApproved,
    attempt: Attempt,
    context: Context,
) -> Notice | None:
    current = tx.escalations.get(chosen.escalation_id)
    if current is None:
        return UNKNOWN_CARD
    still_open = current.state is EscalationState.OPEN
    if still_open and not may_be_decided_together(current, context.organisation):
        return _refused(tx, arrived, current, command, NOT_TOGETHER)
    if still_open and current.revision != chosen.revision:
        return _refused(tx, arrived, current, command, CHANGED)
    return attempt(tx)


def _refused(
    tx: Transaction, arrived: Arrived, escalation: Escalation, command: TogetherApproved, why: str
) -> Notice:
    write_down(
        tx,
        arrived,
        "click.refused",
        subject=escalation.donor_id,
        actor=slack_actor(command.by.id),
        correlation_id=escalation.correlation_id,
        reason=why,
        together=arrived.item_id,
    )
    return Notice(text=why)


def _result(escalation: Escalation | None, notice: Notice | None) -> TogetherResult:
    problem = notice.text if notice else ""
    if escalation is None:
        return TogetherResult(donor_name="Unknown", proposal="", problem=problem)
    card = card_of(escalation)
    return TogetherResult(donor_name=card.donor.name, proposal=card.proposal, problem=problem)
