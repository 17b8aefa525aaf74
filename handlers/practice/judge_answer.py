"""Keep somebody's answer to a scenario, and tell them the reasoning."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import fill
from handlers.commands import PracticeAnswered
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice, VerdictShown, Window
from handlers.practice.progress import done_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.practice import Given, Scenario, judged, standing
from storage.transaction import Transaction

CHANGED = Notice(
    text="This scenario was changed or removed while you had it open.",
    next_step="Nothing was counted. Close this window and type /donor practice for another.",
)


async def judge_answer(command: PracticeAnswered, arrived: Arrived, context: Context) -> Write:
    """Judge the answer; nothing of it reaches the CRM, a decision or anybody else."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: _fill(tx, command, arrived, colleague)
    scenario = context.practice.get(command.scenario_id)
    if scenario is None or scenario.version != command.version:
        return lambda tx: _fill(tx, command, arrived, CHANGED)
    given = judged(scenario, colleague.id, command.choice, command.sureness, arrived.now)
    return lambda tx: _keep(tx, command, arrived, scenario, given, context)


def _keep(
    tx: Transaction,
    command: PracticeAnswered,
    arrived: Arrived,
    scenario: Scenario,
    given: Given,
    context: Context,
) -> None:
    tx.practice.add(arrived.ids.new(), given)
    # What somebody chose is theirs: the audit says that they practised, not how well.
    write_down(
        tx,
        arrived,
        "practice.answered",
        subject=None,
        actor=slack_actor(command.by.id),
        scenario_id=scenario.id,
        scenario_version=scenario.version,
    )
    own, library = tx.practice.of(given.person), context.practice
    shown = VerdictShown(
        scenario=scenario.on(context.today()),
        choice=given.choice,
        right=given.right,
        standing=standing(own),
        done=done_of(own, library),
        scenarios=len(library.scenarios),
    )
    _fill(tx, command, arrived, shown)


def _fill(tx: Transaction, command: PracticeAnswered, arrived: Arrived, shown: Window) -> None:
    fill(tx, arrived, shown, command.window, by=command.by.id, pushed=True)
