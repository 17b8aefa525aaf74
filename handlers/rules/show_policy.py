"""`/donor policy`: the rules in force as a table, since when and by whom, and what is paused."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import PolicyRequested
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice, PauseShown, PolicyShown
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.rules.paused import shown as pause_shown
from handlers.rules.shadowing import shadowing
from policy.action_words import CAPABILITY_WORDS
from policy.decide import CompiledPolicy
from policy.matrix import Matrix
from policy.matrix_text import cell_words, matrix_lines, notes
from storage.policies import PolicyProposal
from storage.transaction import Transaction

State = tuple[CompiledPolicy, PolicyProposal | None, tuple[PauseShown, ...], str]


async def show_policy(command: PolicyRequested, arrived: Arrived, context: Context) -> Write:
    """Answer with the table, found by asking the rules in force."""
    colleague = await admit(command.by.id, command.reply_to, context)
    if isinstance(colleague, Notice):
        return lambda tx: answer(tx, arrived, colleague, command.reply_to)
    state = await context.database.read(lambda tx: _state(tx, arrived, context))
    matrix = await context.matrices.of(state[0], context.organisation.rollout_phase)
    shown = _shown(state, matrix, arrived)

    def write(tx: Transaction) -> None:
        write_down(
            tx,
            arrived,
            "policy.shown",
            subject=None,
            actor=slack_actor(command.by.id),
            version=shown.version,
        )
        answer(tx, arrived, shown, command.reply_to)

    return write


def _state(tx: Transaction, arrived: Arrived, context: Context) -> State:
    pauses = tuple(pause_shown(pause) for pause in tx.pauses.in_force(arrived.now))
    shadow = shadowing(tx)
    return (
        context.rules.current(tx),
        tx.policies.in_force(),
        pauses,
        shadow.version[:12] if shadow else "",
    )


def _shown(state: State, matrix: Matrix, arrived: Arrived) -> PolicyShown:
    rules, in_force, pauses, shadow = state
    return PolicyShown(
        title=rules.policy.title,
        version=rules.version,
        since=in_force.decided_at if in_force else None,
        by=(in_force.decided_by_name or in_force.author) if in_force else "",
        phase=matrix.phase,
        capabilities=tuple(CAPABILITY_WORDS.values()),
        table=tuple(
            (line.what, line.where, tuple(map(cell_words, line.cells))) for line in matrix_lines(matrix)
        ),
        notes=notes(matrix),
        shadow=shadow,
        pauses=pauses,
        reference=arrived.reference,
    )
