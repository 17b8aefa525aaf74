"""Show somebody the next decision to practise on."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import fill
from handlers.commands import ScenarioRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice, ScenarioShown
from handlers.practice.progress import done_of
from policy.practice import next_scenario

NOTHING = Notice(
    text="There is nothing to practise on.",
    next_step="Ask whoever runs Countersign to look at the practice file.",
)


async def show_scenario(command: ScenarioRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window with what is new to them, or with what they got wrong before."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: fill(
            tx, arrived, colleague, command.window, by=command.by.id, pushed=command.pushed
        )
    shown = await _next(colleague.id, context)
    return lambda tx: fill(tx, arrived, shown, command.window, by=command.by.id, pushed=command.pushed)


async def _next(person: str, context: Context) -> ScenarioShown | Notice:
    own = await context.database.read(lambda tx: tx.practice.of(person))
    library = context.practice
    scenario = next_scenario(library, person, own)
    if scenario is None:
        return NOTHING
    number = min(done_of(own, library) + 1, len(library.scenarios))
    shown = scenario.on(context.today())
    return ScenarioShown(
        scenario=shown, version=scenario.version, number=number, scenarios=len(library.scenarios)
    )
